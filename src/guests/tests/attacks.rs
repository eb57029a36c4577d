//! Those who try for more than was given.

use std::time::Duration;

use super::*;

/// However slow the machine is, nothing here takes so long.
const PATIENCE: Duration = Duration::from_secs(30);

fn all_that_guests_get() -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|one| crate::platform::access::guest_may(*one))
        .collect()
}

#[tokio::test]
async fn the_other_server_s_id_opens_nothing() {
    let scene = Scene::sharing(&all_that_guests_get()).await;
    let browser = scene.app.browser(scene.grace).await;
    let place = (scene.tenant, scene.web);
    let program = scene.app.guest_program(scene.grace, place, &of_tenant()).await;
    let operation = scene.app.operation(scene.tenant, scene.shop).await;
    let ours = scene.app.operation(scene.tenant, scene.web).await;
    let shop = format!("/t/acme/servers/{}", scene.shop);
    for below in [
        "",
        "/logs",
        "/files",
        "/settings",
        "/console",
        "/usage",
        "/events",
        "/live",
    ] {
        browser.get(&format!("{shop}{below}")).await.expect(404);
    }
    browser
        .post(&format!("{shop}/actions/start"), &[])
        .await
        .expect(404);
    let shop = format!("/api/v1/servers/{}", scene.shop);
    for below in ["", "/logs", "/files", "/usage", "/events"] {
        program.get(&format!("{shop}{below}")).await.expect(404);
    }
    let start = format!("{shop}/actions/start");
    program.json("POST", &start, &json!({})).await.expect(404);
    // The work of the other server, which the address does not name: only row-level security knows whose it is.
    program
        .get(&format!("/api/v1/operations/{operation}"))
        .await
        .expect(404);
    program
        .get(&format!("/api/v1/operations/{ours}"))
        .await
        .expect(200);
}

#[tokio::test]
async fn everything_else_of_the_tenant_is_not_there() {
    let scene = Scene::sharing(&all_that_guests_get()).await;
    let browser = scene.app.browser(scene.grace).await;
    let place = (scene.tenant, scene.web);
    let program = scene.app.guest_program(scene.grace, place, &of_tenant()).await;
    for path in [
        "/t/acme",
        "/t/acme/servers",
        "/t/acme/servers/live",
        "/t/acme/servers/new",
        "/t/acme/members",
        "/t/acme/audit",
        "/t/acme/settings",
        "/t/acme/search?q=web",
    ] {
        browser.get(path).await.expect(404);
    }
    browser.get(&scene.page("/guests")).await.expect(404);
    browser.post(&scene.page("/delete"), &[]).await.expect(404);
    browser.post("/t/acme/leave", &[]).await.expect(404);
    for path in [
        "/api/v1/servers",
        "/api/v1/members",
        "/api/v1/invitations",
        "/api/v1/audit-events",
        "/api/v1/overview",
        "/api/v1/tenant",
        "/api/v1/operations",
        "/api/v1/sizes",
        "/api/v1/templates",
    ] {
        program.get(path).await.expect(404);
    }
    program.get(&scene.api("/guests")).await.expect(404);
    let body = json!({ "email": "friend@example.com", "permissions": ["servers:console"] });
    let invite = scene.api("/guests/invitations");
    program.json("POST", &invite, &body).await.expect(404);
    program
        .json("DELETE", &scene.api(""), &json!({}))
        .await
        .expect(404);
}

#[tokio::test]
async fn what_the_row_says_beyond_a_guest_s_rights_gives_nothing() {
    let scene = Scene::sharing(Permission::ALL).await;
    let browser = scene.app.browser(scene.grace).await;
    browser.get(&scene.page("/guests")).await.expect(404);
    browser.post(&scene.page("/delete"), &[]).await.expect(404);
    browser.get("/t/acme/audit").await.expect(404);
    browser.get("/staff").await.expect(404);
}

#[tokio::test]
async fn a_link_works_once() {
    let scene = Scene::bare().await;
    let link = scene.offer("grace@example.com", &[]).await;
    let grace = scene.app.browser(scene.grace).await;
    grace.post(&link, &[]).await.expect(303);
    let one = scene.api(&format!("/guests/{}", scene.grace));
    scene.program.json("DELETE", &one, &json!({})).await.expect(204);
    // Replayed after access was taken back.
    grace.get(&link).await.expect(404);
    grace.post(&link, &[]).await.expect(404);
    grace.get(&scene.page("")).await.expect(404);
}

#[tokio::test]
async fn a_revoked_guest_s_session_and_token_are_worth_nothing_and_stay_so() {
    let scene = Scene::sharing(&[P::ServerRead, P::ServerLogs]).await;
    let browser = scene.app.browser(scene.grace).await;
    let place = (scene.tenant, scene.web);
    let program = scene
        .app
        .guest_program(scene.grace, place, &[P::ServerRead])
        .await;
    browser.get(&scene.page("")).await.expect(200);
    program.get(&scene.api("")).await.expect(200);
    let one = scene.api(&format!("/guests/{}", scene.grace));
    scene.program.json("DELETE", &one, &json!({})).await.expect(204);
    browser.get(&scene.page("")).await.expect(404);
    program.get(&scene.api("")).await.expect(401);
    // Being invited again does not bring the old token back.
    scene
        .app
        .guest(scene.tenant, scene.web, scene.grace, &[P::ServerRead])
        .await;
    browser.get(&scene.page("")).await.expect(200);
    program.get(&scene.api("")).await.expect(401);
}

#[tokio::test]
async fn an_open_stream_ends_when_access_is_taken_back() {
    // Nothing else ends it: neither its age nor the clock.
    let scene =
        Scene::of(TestApp::with(|config| config.stream_lifetime = Duration::from_hours(24)).await).await;
    scene
        .app
        .guest(scene.tenant, scene.web, scene.grace, &[P::ServerRead])
        .await;
    let hub = scene.app.app.hub.clone();
    let browser = scene.app.browser(scene.grace).await;
    let path = scene.page("/live");
    let mut reading = Box::pin(browser.get(&path));
    // It is let in and listens.
    while hub.listeners() < 2 {
        tokio::select! {
            answer = &mut reading => panic!("it ended by itself: {answer:?}"),
            () = tokio::task::yield_now() => {}
        }
    }
    let one = scene.api(&format!("/guests/{}", scene.grace));
    scene.program.json("DELETE", &one, &json!({})).await.expect(204);
    // What the database tells every process.
    hub.hand_out(crate::platform::events::Event {
        id: 1,
        tenant_id: Some(scene.tenant.0),
        topic: crate::platform::events::GUEST_TOPIC.to_owned(),
        target_id: Some(scene.web.0),
    });
    let ended = tokio::time::timeout(PATIENCE, reading).await;
    ended.expect("it ends").expect(200);
    browser.get(&path).await.expect(404);
}

#[tokio::test]
async fn a_token_gets_no_more_than_the_guest_has() {
    let scene = Scene::sharing(&[P::ServerRead, P::ServerLogs]).await;
    let browser = scene.app.browser(scene.grace).await;
    let form = browser
        .get(&format!("/account/tokens/new?area={}", scene.web))
        .await
        .expect(200);
    assert!(form.body.contains("servers:logs") && !form.body.contains("servers:power"));
    let area = scene.web.to_string();
    let wish = |scope: &'static str| {
        [
            ("name", "ci"),
            ("area", area.as_str()),
            ("scopes", scope),
            ("days", "7"),
        ]
        .to_vec()
    };
    browser
        .post("/account/tokens/new", &wish("servers:power"))
        .await
        .expect(422);
    let made = browser
        .post("/account/tokens/new", &wish("servers:read"))
        .await
        .expect(200);
    let text = made.body.split("brt_").nth(1).unwrap();
    let text: String = text
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    let program = scene.app.anonymous().with_token(&format!("brt_{text}"));
    let me = program.get("/api/v1/me").await.expect(200).json();
    assert_eq!(me["shared_server"]["server_id"], json!(scene.web));
    assert_eq!(me["tenant"], Value::Null);
    let shared = program.get("/api/v1/shared-servers").await.expect(200).json();
    assert_eq!(shared["items"][0]["name"], "web-1");
    program.get(&scene.api("")).await.expect(200);
    // The guest may, the token may not.
    program.get(&scene.api("/logs")).await.expect(403);
    // The token may, the guest may not any more.
    let wide = scene
        .app
        .guest_program(scene.grace, (scene.tenant, scene.web), &of_tenant())
        .await;
    let start = scene.api("/actions/start");
    wide.json("POST", &start, &json!({})).await.expect(403);
    // A token that says the tenant and no server stands on no membership.
    let loose = scene
        .app
        .program(scene.grace, Some(scene.tenant), &of_tenant())
        .await;
    loose.get(&scene.api("")).await.expect(401);
    let list = browser.get("/account/tokens").await.expect(200);
    assert!(list.body.contains("web-1 of Acme"));
}

#[tokio::test]
async fn a_guest_who_may_works_and_the_owner_reads_who_it_was() {
    let scene = Scene::sharing(&[P::ServerRead, P::ServerPower, P::ServerConfigure]).await;
    let place = (scene.tenant, scene.web);
    let program = scene.app.guest_program(scene.grace, place, &of_tenant()).await;
    let start = scene.api("/actions/start");
    let asked = program.json("POST", &start, &json!({})).await.expect(202);
    let work = asked.header("location").to_owned();
    program.get(&work).await.expect(200);
    scene.tick();
    let rename = json!({ "name": "web-2" });
    program.json("PATCH", &scene.api(""), &rename).await.expect(200);
    // The size is the organisation's.
    let grow = json!({ "size": "mainframe" });
    let refused = program.json("PATCH", &scene.api(""), &grow).await.expect(422);
    assert!(refused.body.contains("organisation pays"), "{}", refused.body);
    let log = scene.program.get("/api/v1/audit-events?limit=50").await.json();
    let by_guest = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["actor"]["label"] == "grace@example.com")
        .map(|event| event["action"].as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    assert_eq!(by_guest, ["server.configure", "server.start"]);
}

#[tokio::test]
async fn suspended_reads_only_and_closed_or_erased_is_gone() {
    let scene = Scene::sharing(&[P::ServerRead, P::ServerPower]).await;
    let browser = scene.app.browser(scene.grace).await;
    let place = (scene.tenant, scene.web);
    let program = scene.app.guest_program(scene.grace, place, &of_tenant()).await;
    scene.app.suspend(scene.tenant).await;
    let page = browser.get(&scene.page("")).await.expect(200);
    assert!(page.body.contains("suspended"));
    let start = scene.api("/actions/start");
    let refused = program.json("POST", &start, &json!({})).await.expect(403);
    assert_eq!(refused.json()["code"], "tenant-suspended");
    scene
        .app
        .administer("update tenant set status = 'closed', purge_after = now()")
        .await;
    browser.get(&scene.page("")).await.expect(404);
    program.get(&scene.api("")).await.expect(401);
    assert!(!browser.get("/shared").await.expect(200).body.contains("web-1"));
    scene
        .app
        .administer("update tenant set status = 'active', purge_after = null, status_reason = null")
        .await;
    browser.get(&scene.page("")).await.expect(200);
    scene
        .app
        .administer("delete from server where name = 'web-1'")
        .await;
    browser.get(&scene.page("")).await.expect(404);
    program.get(&scene.api("")).await.expect(401);
}

#[tokio::test]
async fn other_tenants_see_and_end_nothing_of_it() {
    let scene = Scene::sharing(&[P::ServerRead]).await;
    let (other, eve) = (scene.app.tenant("other").await, scene.app.person("eve").await);
    scene.app.member(other, eve, TenantRole::Owner).await;
    let program = scene.app.program(eve, Some(other), &of_tenant()).await;
    let one = scene.api(&format!("/guests/{}", scene.grace));
    program.get(&scene.api("/guests")).await.expect(404);
    program.json("DELETE", &one, &json!({})).await.expect(404);
    let body = json!({ "email": "eve@example.com", "permissions": ["servers:console"] });
    let invite = scene.api("/guests/invitations");
    program.json("POST", &invite, &body).await.expect(404);
    // By the id of a server of their own, with a guest of another's.
    let own = scene.app.server(other, "own-1").await;
    let mixed = format!("/api/v1/servers/{own}/guests/{}", scene.grace);
    program.json("DELETE", &mixed, &json!({})).await.expect(404);
    assert_eq!(scene.guests().await.len(), 1);
}

#[tokio::test]
async fn a_guest_gives_up_their_own_access_and_nobody_else_s() {
    let scene = Scene::sharing(&[P::ServerRead]).await;
    let eve = scene.app.person("eve").await;
    let place = (scene.tenant, scene.web);
    scene
        .app
        .guest(scene.tenant, scene.web, eve, &[P::ServerRead])
        .await;
    let grace = scene.app.browser(scene.grace).await;
    let token = scene
        .app
        .guest_program(scene.grace, place, &[P::ServerRead])
        .await;
    let leave = |server: ServerId| format!("/shared/{server}/leave");
    let by_api = |server: ServerId| format!("/api/v1/shared-servers/{server}/leave");
    // Of what is not shared with them there is nothing to give up, and a token says that it may.
    grace.post(&leave(scene.shop), &[]).await.expect(404);
    token
        .json("POST", &by_api(scene.web), &json!({}))
        .await
        .expect(403);
    let willing = scene
        .app
        .guest_program(scene.grace, place, &[P::ServerRead, P::SharedLeave])
        .await;
    willing
        .json("POST", &by_api(scene.shop), &json!({}))
        .await
        .expect(404);
    // A member is nobody's guest.
    scene.owner.post(&leave(scene.web), &[]).await.expect(404);
    scene
        .program
        .json("POST", &by_api(scene.web), &json!({}))
        .await
        .expect(403);
    assert_eq!(scene.guests().await.len(), 2);

    let shared = grace.get("/shared").await.expect(200);
    assert!(shared.body.contains(&leave(scene.web)));
    grace.post(&leave(scene.web), &[]).await.expect(303);
    grace.get(&scene.page("")).await.expect(404);
    grace.post(&leave(scene.web), &[]).await.expect(404);
    token.get(&scene.api("")).await.expect(401);
    let left = scene.guests().await;
    assert_eq!((left.len(), &left[0]["email"]), (1, &json!("eve@example.com")));
    let told = scene.audited().await;
    let expected = ("grace@example.com", "guest.leave", "grace@example.com");
    let last = told
        .last()
        .map(|(who, what, whom)| (who.as_str(), what.as_str(), whom.as_str()));
    assert_eq!(last, Some(expected));

    // The same by a program, while the tenant is suspended: whoever may only look may go.
    scene.app.suspend(scene.tenant).await;
    let eve = scene.app.guest_program(eve, place, &[P::SharedLeave]).await;
    eve.json("POST", &by_api(scene.web), &json!({})).await.expect(204);
    eve.json("POST", &by_api(scene.web), &json!({})).await.expect(401);
    assert!(scene.guests().await.is_empty());
}

#[tokio::test]
async fn those_whose_time_was_over_long_ago_are_forgotten() {
    let scene = Scene::sharing(&[P::ServerRead]).await;
    let eve = scene.app.person("eve").await;
    scene
        .app
        .guest(scene.tenant, scene.web, eve, &[P::ServerRead])
        .await;
    let place = (scene.tenant, scene.web);
    let token = scene
        .app
        .guest_program(scene.grace, place, &[P::ServerRead])
        .await;
    let tidy = async || {
        let system = scene.app.system();
        crate::guests::clean_up(&scene.app.app, &system).await.unwrap()
    };
    let over = "update server_guest g set expires_at = g.created_at - interval '30 days' from user_account u
                where u.id = g.user_id and u.email = 'grace@example.com'";
    scene.app.administer(over).await;
    assert_eq!(tidy().await, 0, "its owner still sees who was there");
    assert_eq!(scene.guests().await.len(), 2);
    scene
        .app
        .administer("update server_guest set expires_at = expires_at - interval '1 second' where expires_at is not null")
        .await;
    assert_eq!((tidy().await, tidy().await), (1, 0));
    token.get(&scene.api("")).await.expect(401);
    assert_eq!(scene.guests().await[0]["email"], "eve@example.com");
}
