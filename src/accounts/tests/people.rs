//! What staff do with people.

use serde_json::json;

use crate::platform::access::{Permission, StaffRole, TenantRole};

use super::*;

#[tokio::test]
async fn lists_searches_and_pages() {
    let app = TestApp::start().await;
    let owner = app.browser(app.staff("boss", StaffRole::Owner).await).await;
    for at in 0..60 {
        app.person(&format!("customer{at:02}")).await;
    }
    let page = owner.get("/staff/people").await.expect(200);
    assert!(page.body.contains("boss@example.com") && !page.body.contains("customer00"));
    let page = owner.get("/staff/people?show=customers").await.expect(200);
    assert!(page.body.contains("customer49@") && !page.body.contains("customer50@"));
    let html = scraper::Html::parse_document(&page.body);
    let next = scraper::Selector::parse("a[rel=next]").unwrap();
    let next = html
        .select(&next)
        .next()
        .unwrap()
        .attr("href")
        .unwrap()
        .to_owned();
    drop(html);
    let page = owner.get(&format!("/staff/people{next}")).await.expect(200);
    assert!(page.body.contains("customer50@") && !page.body.contains("customer49@"));
    let page = owner.get("/staff/people?show=all&q=OMER07").await.expect(200);
    assert!(page.body.contains("customer07@") && !page.body.contains("customer08@"));
    owner.get("/staff/people?after=nonsense").await.expect(400);
    owner.get("/staff/people?show=nonsense").await.expect(400);
}

#[tokio::test]
async fn disabling_acts_at_once() {
    let app = TestApp::start().await;
    let owner = app.browser(app.staff("boss", StaffRole::Owner).await).await;
    let (tenant, ada) = (app.tenant("acme").await, person(&app, "ada").await);
    app.member(tenant, ada, TenantRole::Owner).await;
    let (browser, program) = (
        app.browser(ada).await,
        app.program(ada, Some(tenant), &[Permission::ServerRead]).await,
    );
    let path = format!("/staff/people/{ada}");
    owner.post(&format!("{path}/disable"), &[]).await.expect(303);
    assert!(!is_in(&browser).await);
    program.get("/api/v1/me").await.expect(401);
    sign_in(&app.anonymous(), "ada", GOOD).await.expect(422);
    owner
        .post(&format!("{path}/password-link"), &[])
        .await
        .expect(409);
    owner.post(&format!("{path}/enable"), &[]).await.expect(303);
    assert!(!is_in(&browser).await, "sessions stay ended");
    program.get("/api/v1/me").await.expect(200);
    sign_in(&app.anonymous(), "ada", GOOD).await.expect(303);
}

#[tokio::test]
async fn there_is_always_an_owner() {
    let app = TestApp::start().await;
    let boss = app.staff("boss", StaffRole::Owner).await;
    let owner = app.browser(boss).await;
    let path = format!("/staff/people/{boss}");
    owner
        .post(&format!("{path}/role"), &[("role", "admin")])
        .await
        .expect(409);
    owner
        .post(&format!("{path}/role"), &[("role", "none")])
        .await
        .expect(409);
    owner.post(&format!("{path}/disable"), &[]).await.expect(409);
    let second = app.staff("second", StaffRole::Owner).await;
    owner.post(&format!("{path}/disable"), &[]).await.expect(409);
    // Two owners take each other's role at once: one must stay.
    let other = app.browser(second).await;
    let (theirs, mine) = (format!("/staff/people/{second}/role"), format!("{path}/role"));
    let (first, second) = tokio::join!(
        owner.post(&theirs, &[("role", "none")]),
        other.post(&mine, &[("role", "none")])
    );
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert!(
        statuses == [303, 403] || statuses == [303, 404] || statuses == [303, 409],
        "{statuses:?}"
    );
    let mut tx = app.system().begin().await.unwrap();
    let owners =
        sqlx::query_scalar!(r#"select count(*) as "n!" from user_account where staff_role = 'owner'"#);
    assert_eq!(
        owners
            .fetch_one(crate::platform::db::Scoped::conn(&mut tx))
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn admins_touch_no_owner() {
    let app = TestApp::start().await;
    let boss = app.staff("boss", StaffRole::Owner).await;
    app.staff("boss2", StaffRole::Owner).await;
    let admin = app.browser(app.staff("ada", StaffRole::Admin).await).await;
    let path = format!("/staff/people/{boss}");
    for (verb, fields) in [
        ("role", &[("role", "admin")][..]),
        ("disable", &[]),
        ("password-link", &[]),
    ] {
        admin.post(&format!("{path}/{verb}"), fields).await.expect(403);
    }
    let colleague = app.staff("grace", StaffRole::Support).await;
    let path = format!("/staff/people/{colleague}");
    admin
        .post(&format!("{path}/role"), &[("role", "owner")])
        .await
        .expect(403);
    admin
        .post(&format!("{path}/role"), &[("role", "king")])
        .await
        .expect(422);
    admin
        .post(&format!("{path}/role"), &[("role", "engineer")])
        .await
        .expect(303);
    let page = admin
        .post(&format!("{path}/password-link"), &[])
        .await
        .expect(200);
    let link = format!("/password/{}", token_of(&text_of(&page, "link")));
    app.anonymous()
        .post(&link, &[("password", GOOD)])
        .await
        .expect(303);
    sign_in(&app.anonymous(), "grace", GOOD).await.expect(303);
}

#[tokio::test]
async fn the_api_does_the_same() {
    let app = TestApp::start().await;
    let boss = app.staff("boss", StaffRole::Owner).await;
    let grace = app.staff("grace", StaffRole::Support).await;
    let scopes = [Permission::StaffPeopleRead, Permission::StaffPeopleManage];
    let program = app.program(boss, None, &scopes).await;
    let list = program.get("/api/v1/staff/people?limit=1").await.expect(200);
    assert!(list.header("link").contains("rel=\"next\""));
    assert_eq!(list.json()["items"][0]["email"], "boss@example.com");
    let path = format!("/api/v1/staff/people/{grace}");
    let seen = program.get(&path).await.expect(200);
    let tag = seen.header("etag").to_owned();
    app.clock.advance(chrono::TimeDelta::seconds(1));
    let change = json!({ "staff_role": "engineer" });
    let changed = program
        .json_with("PATCH", &path, &change, &[("if-match", &tag)])
        .await
        .expect(200);
    assert_eq!(changed.json()["staff_role"], "engineer");
    program
        .json_with("PATCH", &path, &change, &[("if-match", &tag)])
        .await
        .expect(412);
    for bad in [
        json!({}),
        json!({ "staff_role": "king" }),
        json!({ "staff_role": null, "name": "x" }),
    ] {
        program.json("PATCH", &path, &bad).await.expect(422);
    }
    program
        .json("POST", &format!("{path}/disable"), &json!({}))
        .await
        .expect(200);
    program
        .json("POST", &format!("{path}/enable"), &json!({}))
        .await
        .expect(200);
    let link = program
        .json("POST", &format!("{path}/password-link"), &json!({}))
        .await
        .expect(201)
        .json();
    assert!(link["url"].as_str().unwrap().contains("/password/"));
    let removed = program
        .json("PATCH", &path, &json!({ "staff_role": null }))
        .await
        .expect(200);
    assert_eq!(removed.json()["staff_role"], serde_json::Value::Null);
    program
        .json("PATCH", &path, &json!({ "staff_role": "admin" }))
        .await
        .expect(409);
}

#[tokio::test]
async fn the_api_invites_colleagues() {
    let app = TestApp::start().await;
    let boss = app.staff("boss", StaffRole::Owner).await;
    let scopes = [Permission::StaffPeopleRead, Permission::StaffPeopleManage];
    let program = app.program(boss, None, &scopes).await;
    let new = json!({ "email": "new@example.com", "role": "auditor" });
    let made = program
        .json("POST", "/api/v1/staff/invitations", &new)
        .await
        .expect(201)
        .json();
    let open = program.get("/api/v1/staff/invitations").await.expect(200).json();
    assert_eq!(open["items"][0]["id"], made["id"]);
    let path = format!("/api/v1/staff/invitations/{}", made["id"].as_str().unwrap());
    program.json("DELETE", &path, &json!({})).await.expect(204);
    program.json("DELETE", &path, &json!({})).await.expect(404);
}
