//! Inviting, accepting, changing, ending.

use chrono::TimeDelta;

use super::*;

#[tokio::test]
async fn a_new_person_is_a_guest_of_one_server() {
    let scene = Scene::bare().await;
    let link = scene.offer("New@Example.com", &["servers:console"]).await;
    let browser = scene.app.anonymous();
    let page = browser.get(&link).await.expect(200);
    for words in ["web-1", "Acme", "new@example.com", "guest", "type into it"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    scene.tick();
    let answer = browser.post(&link, &NEW).await.expect(303);
    assert_eq!(answer.location(), scene.page(""));
    let page = browser.get(&scene.page("")).await.expect(200);
    assert!(page.body.contains("Shared with me") && page.body.contains("/console"));
    // No tab of what was not given, no way to the organisation's own pages, no button for power.
    for absent in [
        "/logs\"",
        "/files\"",
        "/settings\"",
        "/guests\"",
        "/actions/",
        "/t/acme/audit",
    ] {
        assert!(!page.body.contains(absent), "{absent}");
    }
    assert_eq!(browser.get("/").await.expect(303).location(), "/shared");
    let shared = browser.get("/shared").await.expect(200);
    assert!(shared.body.contains("web-1") && !shared.body.contains("shop-1"));
    let guests = scene.guests().await;
    assert_eq!(guests[0]["email"], "new@example.com");
    assert_eq!(
        guests[0]["permissions"],
        json!(["servers:read", "servers:console-watch", "servers:console"])
    );
    let told = scene.audited().await;
    let told: Vec<_> = told
        .iter()
        .map(|(who, what, whom)| (who.as_str(), what.as_str(), whom.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("ada@example.com", "guest.invite", "new@example.com"),
            ("new@example.com", "guest.accept", "new@example.com")
        ]
    );
}

#[tokio::test]
async fn an_account_that_is_there_signs_in_and_only_the_invited_one_gets_in() {
    let scene = Scene::bare().await;
    let link = scene.offer("grace@example.com", &[]).await;
    let anybody = scene.app.anonymous();
    assert!(anybody.get(&link).await.expect(200).body.contains("Sign in"));
    let eve = scene.app.person("eve").await;
    scene.app.browser(eve).await.post(&link, &[]).await.expect(403);
    let browser = scene.app.browser(scene.grace).await;
    browser.get(&scene.page("")).await.expect(404);
    browser.post(&link, &[]).await.expect(303);
    browser.get(&scene.page("")).await.expect(200);
}

/// The link that a page shows.
fn shown(page: &str) -> String {
    let rest = page.split("/invite/").nth(1).unwrap();
    format!("/invite/{}", rest.split('<').next().unwrap())
}

impl Scene {
    async fn newest_invitation(&self) -> String {
        let list = self.program.get(&self.api("/guests/invitations")).await;
        list.json()["items"][0]["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn the_page_invites_renews_and_takes_back() {
    let scene = Scene::bare().await;
    let guests = scene.page("/guests");
    let invite = format!("{guests}/invitations");
    let page = scene.owner.get(&guests).await.expect(200);
    assert!(page.body.contains("Shared with nobody"));
    let bad = [
        ("email", "nobody"),
        ("permissions", "servers:delete"),
        ("until", "2020-01-01"),
    ];
    let page = scene.owner.post(&invite, &bad).await.expect(422);
    for words in ["f-email-error", "f-permissions-error", "f-until-error", "nobody"] {
        assert!(page.body.contains(words), "{words}");
    }
    let good = [("email", "grace@example.com"), ("permissions", "servers:logs")];
    let page = scene.owner.post(&invite, &good).await.expect(200);
    assert!(page.body.contains("Read the logs"));
    let (first, id) = (shown(&page.body), scene.newest_invitation().await);
    scene.tick();
    let page = scene.owner.post(&format!("{invite}/{id}/renew"), &[]).await;
    let second = shown(&page.expect(200).body);
    let grace = scene.app.browser(scene.grace).await;
    grace.get(&first).await.expect(404);
    grace.get(&second).await.expect(200);
    let revoke = format!("{invite}/{}/revoke", scene.newest_invitation().await);
    scene.tick();
    scene.owner.post(&revoke, &[]).await.expect(303);
    scene.owner.post(&revoke, &[]).await.expect(404);
    grace.post(&second, &[]).await.expect(404);
    assert_eq!(
        scene.deeds().await,
        ["guest.invite", "guest.renew", "guest.revoke_invitation"]
    );
}

#[tokio::test]
async fn the_page_changes_and_ends() {
    let scene = Scene::bare().await;
    let link = scene.offer("grace@example.com", &["servers:logs"]).await;
    let grace = scene.app.browser(scene.grace).await;
    scene.tick();
    grace.post(&link, &[]).await.expect(303);
    let one = scene.page(&format!("/guests/{}", scene.grace));
    let limit = [
        ("permissions", "servers:logs"),
        ("version", "1"),
        ("until", "2026-03-31"),
    ];
    scene.tick();
    scene.owner.post(&one, &limit).await.expect(303);
    let page = scene.owner.get(&one).await.expect(200);
    assert!(page.body.contains("value=\"2026-03-31\""));
    let change = [("permissions", "servers:power"), ("version", "2"), ("until", "")];
    scene.tick();
    scene.owner.post(&one, &change).await.expect(303);
    grace.get(&scene.page("/logs")).await.expect(403);
    // Somebody else changed it since.
    scene.owner.post(&one, &change).await.expect(412);
    let now = &scene.guests().await[0];
    assert_eq!(now["permissions"], json!(["servers:read", "servers:power"]));
    assert_eq!(now["until"], Value::Null);
    scene.tick();
    scene.owner.post(&format!("{one}/revoke"), &[]).await.expect(303);
    grace.get(&scene.page("")).await.expect(404);
    assert!(scene.guests().await.is_empty());
    assert_eq!(
        scene.deeds().await,
        [
            "guest.invite",
            "guest.accept",
            "guest.change",
            "guest.change",
            "guest.revoke"
        ]
    );
}

#[tokio::test]
async fn the_api_changes_what_is_said_and_keeps_the_rest() {
    let scene = Scene::sharing(&[P::ServerRead, P::ServerLogs]).await;
    let one = scene.api(&format!("/guests/{}", scene.grace));
    let until = json!({ "until": "2026-12-31T00:00:00Z" });
    let changed = scene.program.json("PATCH", &one, &until).await.expect(200).json();
    assert_eq!(changed["until"], "2026-12-31T00:00:00Z");
    assert_eq!(changed["permissions"], json!(["servers:read", "servers:logs"]));
    let files = json!({ "permissions": ["files:write"] });
    let stale = [("if-match", "\"1\"")];
    scene
        .program
        .json_with("PATCH", &one, &files, &stale)
        .await
        .expect(412);
    let changed = scene.program.json("PATCH", &one, &files).await.expect(200).json();
    assert_eq!(changed["until"], "2026-12-31T00:00:00Z");
    assert_eq!(
        changed["permissions"],
        json!(["servers:read", "files:read", "files:write"])
    );
    let for_ever = json!({ "until": null });
    let changed = scene
        .program
        .json("PATCH", &one, &for_ever)
        .await
        .expect(200)
        .json();
    assert_eq!(changed["until"], Value::Null);
    let too_much = json!({ "permissions": ["servers:delete"] });
    scene.program.json("PATCH", &one, &too_much).await.expect(422);
}

#[tokio::test]
async fn a_server_has_room_for_twenty() {
    let scene = Scene::bare().await;
    for n in 0..20 {
        scene.offer(&format!("g{n}@example.com"), &[]).await;
    }
    // The same address once more takes no other place.
    let again = scene.offer("g3@example.com", &[]).await;
    let body = json!({ "email": "one-more@example.com", "permissions": [] });
    let path = scene.api("/guests/invitations");
    let full = scene.program.json("POST", &path, &body).await.expect(409);
    assert_eq!(full.json()["code"], "too-many-guests");
    scene.app.anonymous().post(&again, &NEW).await.expect(303);
    scene.program.json("POST", &path, &body).await.expect(409);
    // Another server has its own room.
    let other = format!("/api/v1/servers/{}/guests/invitations", scene.shop);
    scene.program.json("POST", &other, &body).await.expect(201);
}

#[tokio::test]
async fn of_two_who_take_the_last_place_one_gets_it() {
    let scene = Scene::bare().await;
    for n in 0..19 {
        let user = scene.app.person(&format!("g{n}")).await;
        scene
            .app
            .guest(scene.tenant, scene.web, user, &[P::ServerRead])
            .await;
    }
    let path = scene.api("/guests/invitations");
    let ask = async |email: &str| {
        let body = json!({ "email": email, "permissions": [] });
        scene.program.json("POST", &path, &body).await.status
    };
    let (one, other) = tokio::join!(ask("a@example.com"), ask("b@example.com"));
    let mut statuses = [one, other];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn members_and_guests_are_not_invited_again() {
    let scene = Scene::sharing(&[P::ServerRead]).await;
    let path = scene.api("/guests/invitations");
    for known in ["ada@example.com", "grace@example.com"] {
        let body = json!({ "email": known, "permissions": [] });
        scene.program.json("POST", &path, &body).await.expect(422);
    }
}

#[tokio::test]
async fn time_ends_access_and_more_time_brings_it_back() {
    let scene = Scene::sharing(&[P::ServerRead]).await;
    let one = scene.api(&format!("/guests/{}", scene.grace));
    let body = json!({ "until": scene.app.app.now() + TimeDelta::minutes(5) });
    scene.program.json("PATCH", &one, &body).await.expect(200);
    let browser = scene.app.browser(scene.grace).await;
    let place = (scene.tenant, scene.web);
    let program = scene
        .app
        .guest_program(scene.grace, place, &[P::ServerRead])
        .await;
    browser.get(&scene.page("")).await.expect(200);
    program.get(&scene.api("")).await.expect(200);
    scene.app.clock.advance(TimeDelta::minutes(5));
    browser.get(&scene.page("")).await.expect(404);
    program.get(&scene.api("")).await.expect(401);
    assert!(!browser.get("/shared").await.expect(200).body.contains("web-1"));
    let page = scene.owner.get(&scene.page("/guests")).await.expect(200);
    assert!(page.body.contains("Ended"));
    let body = json!({ "until": scene.app.app.now() + TimeDelta::minutes(5) });
    scene.program.json("PATCH", &one, &body).await.expect(200);
    browser.get(&scene.page("")).await.expect(200);
}

#[tokio::test]
async fn who_becomes_a_member_is_a_guest_no_more_nor_again() {
    let scene = Scene::sharing(&[P::ServerRead]).await;
    let place = (scene.tenant, scene.web);
    let program = scene.app.guest_program(scene.grace, place, &of_tenant()).await;
    program.get(&scene.api("")).await.expect(200);
    scene
        .app
        .member(scene.tenant, scene.grace, TenantRole::Owner)
        .await;
    assert!(scene.guests().await.is_empty());
    // A token for one server does not become one for all.
    program.get(&scene.api("")).await.expect(401);
    program.get("/api/v1/servers").await.expect(401);
    let remove = format!("/api/v1/members/{}", scene.grace);
    scene
        .program
        .json("DELETE", &remove, &json!({}))
        .await
        .expect(204);
    let browser = scene.app.browser(scene.grace).await;
    browser.get(&scene.page("")).await.expect(404);
    program.get(&scene.api("")).await.expect(401);
}

#[tokio::test]
async fn roles_see_and_manage_as_the_policy_says() {
    let scene = Scene::sharing(&[P::ServerRead]).await;
    for (role, sees, manages) in [
        (TenantRole::Manager, 200, 201),
        (TenantRole::Operator, 200, 403),
        (TenantRole::Viewer, 200, 403),
    ] {
        let user = scene.app.person(role.name()).await;
        scene.app.member(scene.tenant, user, role).await;
        let program = scene.app.program(user, Some(scene.tenant), &of_tenant()).await;
        program.get(&scene.api("/guests")).await.expect(sees);
        let body = json!({ "email": format!("of-{}@example.com", role.name()), "permissions": [] });
        let path = scene.api("/guests/invitations");
        program.json("POST", &path, &body).await.expect(manages);
    }
}
