//! What staff do with tenants.

use serde_json::json;

use crate::platform::access::{Permission, StaffRole};
use crate::testing::TestApp;

use super::{admin, admin_program, id, names, plan, tenant};

#[tokio::test]
async fn staff_create_a_tenant_and_invite_its_first_owner() {
    let app = TestApp::start().await;
    let browser = admin(&app).await;
    let empty = browser.get("/staff/tenants").await.expect(200);
    assert!(empty.body.contains("Create the first tenant"));
    assert!(
        browser
            .get("/staff/tenants/new")
            .await
            .expect(200)
            .body
            .contains("A plan is needed first")
    );
    let plan = app.plan("Starter", 3).await.to_string();
    let created = browser
        .post(
            "/staff/tenants",
            &[("name", "Müller & Söhne"), ("slug", ""), ("plan_id", &plan)],
        )
        .await
        .expect(303);
    let members = created.location().to_owned();
    assert!(members.ends_with("/members"), "{members}");
    let page = browser.get(&members).await.expect(200);
    assert!(page.body.contains("Müller &#38; Söhne was created.") && page.body.contains("No members yet"));
    let invited = browser
        .post(
            &format!("{members}/invitations"),
            &[("email", "Ada@Example.com"), ("role", "owner")],
        )
        .await
        .expect(200);
    assert!(
        invited.body.contains("http://127.0.0.1:8080/invite/"),
        "the link is shown"
    );
    let again = browser.get(&members).await.expect(200);
    assert!(
        again.body.contains("ada@example.com") && !again.body.contains("/invite/"),
        "and only once"
    );
    let list = browser.get("/staff/tenants?q=mueller").await.expect(200);
    assert!(list.body.contains("mueller-soehne") && list.body.contains("0 of 3"));
}

#[tokio::test]
async fn a_wrong_form_keeps_what_was_written() {
    let app = TestApp::start().await;
    let browser = admin(&app).await;
    let plan = app.plan("Starter", 3).await.to_string();
    let fields = [
        ("name", "Acme"),
        ("slug", "Not a slug"),
        ("plan_id", plan.as_str()),
    ];
    let answer = browser.post("/staff/tenants", &fields).await.expect(422);
    assert!(
        answer.body.contains("value=\"Not a slug\"")
            && answer.body.contains("Use 2 to 40 lower-case letters")
    );
    app.tenant("acme").await;
    let fields = [("name", "Acme"), ("slug", "acme"), ("plan_id", plan.as_str())];
    let answer = browser.post("/staff/tenants", &fields).await.expect(422);
    assert!(answer.body.contains("Another tenant has this address"));
}

#[tokio::test]
async fn a_free_slug_is_found() {
    let app = TestApp::start().await;
    let program = admin_program(&app).await;
    let plan = plan(&program, "Starter", 3).await;
    for slug in ["acme", "acme-2", "acme-3"] {
        let answer = tenant(&program, "Acme", &plan).await;
        assert_eq!(answer.json()["slug"], slug);
        assert!(answer.location().ends_with(&id(&answer)));
    }
    let body = json!({"name": "東京", "plan_id": plan});
    let answer = program
        .json("POST", "/api/v1/staff/tenants", &body)
        .await
        .expect(422);
    assert_eq!(answer.json()["errors"][0]["field"], "slug");
}

#[tokio::test]
async fn lists_are_searched_filtered_sorted_and_paged() {
    let app = TestApp::start().await;
    let program = admin_program(&app).await;
    let (small, large) = (plan(&program, "Small", 1).await, plan(&program, "Large", 9).await);
    for (name, plan) in [
        ("delta", &small),
        ("Alpha", &large),
        ("charlie", &small),
        ("Bravo", &small),
    ] {
        app.clock.advance(chrono::Duration::seconds(1));
        tenant(&program, name, plan).await;
    }
    let list = "/api/v1/staff/tenants";
    assert_eq!(
        names(&program.get(list).await),
        ["Bravo", "charlie", "Alpha", "delta"]
    );
    for (sort, expected) in [
        ("name", ["Alpha", "Bravo", "charlie", "delta"]),
        ("-name", ["delta", "charlie", "Bravo", "Alpha"]),
        ("created", ["delta", "Alpha", "charlie", "Bravo"]),
        ("-created", ["Bravo", "charlie", "Alpha", "delta"]),
    ] {
        let (mut seen, mut path) = (Vec::new(), format!("{list}?sort={sort}&limit=1"));
        loop {
            let page = program.get(&path).await.expect(200);
            seen.extend(names(&page));
            let Some(next) = page.json()["next"].as_str().map(str::to_owned) else {
                break;
            };
            assert!(page.header("link").contains("rel=\"next\""));
            path = format!("{list}?sort={sort}&limit=1&after={next}");
        }
        assert_eq!(seen, expected, "{sort}");
    }
    assert_eq!(names(&program.get(&format!("{list}?q=AL")).await), ["Alpha"]);
    assert_eq!(
        names(&program.get(&format!("{list}?plan={large}")).await),
        ["Alpha"]
    );
    assert_eq!(
        names(&program.get(&format!("{list}?status=closed")).await).len(),
        0
    );
    program.get(&format!("{list}?sort=size")).await.expect(422);
    program.get(&format!("{list}?after=rubbish")).await.expect(400);
    let by_name = program.get(&format!("{list}?sort=name&limit=1")).await.json()["next"]
        .as_str()
        .unwrap()
        .to_owned();
    program.get(&format!("{list}?after={by_name}")).await.expect(400);
}

#[tokio::test]
async fn an_update_needs_the_version_that_was_read() {
    let app = TestApp::start().await;
    let program = admin_program(&app).await;
    let plan = plan(&program, "Starter", 3).await;
    let path = tenant(&program, "Acme", &plan).await.location().to_owned();
    let read = program.get(&path).await.expect(200);
    let tag = read.header("etag").to_owned();
    let body = json!({"name": "Acme Ltd"});
    let changed = program
        .json_with("PATCH", &path, &body, &[("if-match", &tag)])
        .await
        .expect(200);
    assert_eq!(changed.json()["name"], "Acme Ltd");
    program
        .json_with("PATCH", &path, &json!({"name": "Other"}), &[("if-match", &tag)])
        .await
        .expect(412);
    let browser = admin(&app).await;
    let form = format!("/staff/tenants/{}/settings", id(&read));
    let late = browser
        .post(&form, &[("name", "Late"), ("version", "1")])
        .await
        .expect(412);
    assert!(late.body.contains("Somebody changed this"));
    browser
        .post(&form, &[("name", "In time"), ("version", "2")])
        .await
        .expect(303);
    assert_eq!(program.get(&path).await.json()["name"], "In time");
}

#[tokio::test]
async fn a_smaller_plan_is_shown_before_and_takes_nothing_away() {
    let app = TestApp::start().await;
    let browser = admin(&app).await;
    let program = admin_program(&app).await;
    let acme = app.tenant("acme").await;
    for name in ["one", "two", "three"] {
        app.server(acme, name).await;
    }
    let tiny = plan(&program, "Tiny", 1).await;
    let preview = browser
        .get(&format!("/staff/tenants/{acme}/plan?plan_id={tiny}"))
        .await
        .expect(200);
    assert!(preview.body.contains("Over limit by 2") && preview.body.contains("Change to Tiny"));
    let fields = [("plan_id", tiny.as_str()), ("version", "1")];
    browser
        .post(&format!("/staff/tenants/{acme}/plan"), &fields)
        .await
        .expect(303);
    let out = program.get(&format!("/api/v1/staff/tenants/{acme}")).await.json();
    assert_eq!(out["over_limit"], json!(["servers"]));
    assert_eq!(out["usage"]["servers"], 3);
    assert_eq!(out["usage"]["cpu_millis"], 750);
    assert!(
        browser
            .get(&format!("/staff/tenants/{acme}"))
            .await
            .body
            .contains("Over limit by 2")
    );
}

#[tokio::test]
async fn support_looks_and_changes_nothing() {
    let app = TestApp::start().await;
    let acme = app.tenant("acme").await;
    let user = app.staff("support", StaffRole::Support).await;
    let browser = app.browser(user).await;
    let page = browser.get(&format!("/staff/tenants/{acme}")).await.expect(200);
    assert!(!page.body.contains("Suspend") && !page.body.contains("Settings"));
    browser
        .post(&format!("/staff/tenants/{acme}/suspend"), &[("reason", "x")])
        .await
        .expect(403);
    let members = browser
        .get(&format!("/staff/tenants/{acme}/members"))
        .await
        .expect(200);
    assert!(!members.body.contains("Invite somebody"));
    let program = app.program(user, None, &[Permission::StaffTenantRead]).await;
    program
        .json(
            "POST",
            &format!("/api/v1/staff/tenants/{acme}/resume"),
            &json!({}),
        )
        .await
        .expect(403);
}
