//! Who gets in, who may type, and who is put out again.

use std::time::Duration;

use berth::platform::access::{Permission, Side, StaffRole, TenantRole};
use serde_json::json;

use super::client::{cookie, open, token};
use super::scene::{SLUG, Scene, all};
use crate::panel::until;

#[tokio::test]
async fn whoever_has_no_business_there_is_refused_before_anything_opens() {
    let scene = Scene::set(|_| {}).await;
    let id = scene.server("web", "static-site").await;
    let path = format!("/api/v1/servers/{id}/console");
    let page = format!("/t/{SLUG}/servers/{id}/console/socket");
    let status =
        async |path: &str, headers: &[(&'static str, String)]| open(scene.address, path, headers).await.err();

    assert_eq!(status(&path, &[]).await, Some(401));
    let theirs = scene.app.tenant("theirs").await;
    let eve = scene.app.person("eve").await;
    scene.app.member(theirs, eve, TenantRole::Owner).await;
    let foreign = scene.app.program(eve, Some(theirs), &all(Side::Tenant)).await;
    assert_eq!(status(&path, &token(&foreign)).await, Some(404));
    let (browser, stranger) = (scene.app.browser(scene.owner).await, scene.app.browser(eve).await);
    assert_eq!(status(&page, &cookie(&stranger, scene.address)).await, Some(404));
    let logs = scene
        .app
        .program(scene.owner, Some(scene.tenant), &[Permission::ServerLogs])
        .await;
    assert_eq!(status(&path, &token(&logs)).await, Some(403));

    // Another site's page carries the cookie along; its origin gives it away.
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        let headers = [("cookie", browser.cookies()), ("origin", origin.to_owned())];
        assert_eq!(status(&page, &headers).await, Some(403), "{origin}");
    }
    let silent = [("cookie", browser.cookies())];
    assert_eq!(
        status(&page, &silent).await,
        Some(403),
        "a browser says where it is from"
    );
    let mut foreign_page = token(&scene.program);
    foreign_page.push(("origin", "https://evil.example".to_owned()));
    assert_eq!(status(&path, &foreign_page).await, Some(403));
    let plain = scene.program.get(&path).await.expect(400);
    assert_eq!(plain.json()["title"], "Open this address as a WebSocket.");
    assert_eq!(scene.shells(&id), 0);
    assert_eq!(scene.visits().await, []);

    let mut console = scene.page(&browser, &id).await.unwrap();
    console.state("open").await;
    assert_eq!(scene.shells(&id), 1);
}

#[tokio::test]
async fn whoever_may_only_look_sees_and_does_not_type() {
    let scene = Scene::set(|_| {}).await;
    let id = scene.server("web", "static-site").await;
    let (_, viewer) = scene.member("vera", TenantRole::Viewer).await;
    let mut watcher = scene.console(&viewer, &id).await.unwrap();
    let hello = watcher.event("hello", |event| event["type"] == "hello").await;
    assert_eq!(hello["may_type"], false);
    watcher.state("waiting").await;
    assert_eq!(scene.shells(&id), 0, "looking starts nothing");
    watcher.order(&json!({ "type": "open" })).await;

    let mut typist = scene.console(&scene.program, &id).await.unwrap();
    typist.state("open").await;
    let seen = watcher.event("both", |event| {
        event["viewers"].as_array().is_some_and(|all| all.len() == 2)
    });
    let names = seen.await["viewers"].clone();
    assert_eq!(names[0], json!({ "name": "vera@example.com", "may_type": false }));
    watcher.state("open").await;
    typist.keys("echo hello\r").await;
    watcher.shows_times("hello", 2).await;
    watcher.keys("echo intruder\r").await;
    watcher
        .event("a word about it", |event| event["type"] == "notice")
        .await;
    typist.keys("echo last\r").await;
    typist.shows_times("last", 2).await;
    assert!(!typist.screen.contains("intruder"));

    // Their screen does not count either: who types sees all of the terminal.
    watcher.resize(30, 10).await;
    typist.keys("stty size\r").await;
    typist.shows("24 80").await;
}

#[tokio::test]
async fn whoever_loses_the_right_is_out_at_the_next_question() {
    let scene = Scene::set(|config| config.stream_lifetime = Duration::from_millis(200)).await;
    let id = scene.server("web", "static-site").await;
    let (bob, program) = scene.member("bob", TenantRole::Operator).await;
    let mut console = scene.console(&program, &id).await.unwrap();
    console.state("open").await;
    let path = format!("/api/v1/members/{bob}");
    scene.program.json("DELETE", &path, &json!({})).await.expect(204);
    assert_eq!(console.ends().await, "access");
    assert_eq!(console.code, Some(4001));
    until("the shell of whoever had to go is ended", async || {
        scene.shells(&id) == 0
    })
    .await;

    let browser = scene.app.browser(scene.owner).await;
    let mut console = scene.page(&browser, &id).await.unwrap();
    console.state("open").await;
    scene.app.suspend(scene.tenant).await;
    assert_eq!(console.ends().await, "access");
    let closes = scene.visits().await;
    let ends: Vec<_> = closes
        .iter()
        .filter(|(action, _)| action == "console.close")
        .collect();
    assert_eq!(ends.len(), 2, "{closes:?}");
    assert!(
        ends.iter().all(|(_, after)| after["ended"] == "access"),
        "{closes:?}"
    );
}

#[tokio::test]
async fn a_guest_is_out_as_soon_as_access_is_taken_back_or_narrowed() {
    // Nobody asks again by the clock here: what ends the consoles is the change itself.
    let scene = Scene::set(|config| config.stream_lifetime = Duration::from_hours(24)).await;
    let id = scene.server("web", "static-site").await;
    let server = id.parse().unwrap();
    let grace = scene.app.person("grace").await;
    let given = [
        Permission::ServerRead,
        Permission::ServerConsoleWatch,
        Permission::ServerConsole,
    ];
    scene.app.guest(scene.tenant, server, grace, &given).await;
    let place = (scene.tenant, server);
    let program = scene.app.guest_program(grace, place, &all(Side::Tenant)).await;
    let mut console = scene.console(&program, &id).await.unwrap();
    console.state("open").await;
    console.keys("echo mine\r").await;
    console.shows_times("mine", 2).await;

    // Looking only, from now on: the one that may type is closed, the next one opens without typing.
    let one = format!("/api/v1/servers/{id}/guests/{grace}");
    let less = json!({ "permissions": ["servers:console-watch"] });
    scene.program.json("PATCH", &one, &less).await.expect(200);
    assert_eq!(console.ends().await, "access");
    let browser = scene.app.browser(grace).await;
    let mut console = scene.page(&browser, &id).await.unwrap();
    let hello = console.event("hello", |event| event["type"] == "hello").await;
    assert_eq!(hello["may_type"], false);

    scene.program.json("DELETE", &one, &json!({})).await.expect(204);
    assert_eq!(console.ends().await, "access");
    assert_eq!(scene.console(&program, &id).await.err(), Some(401));
    assert_eq!(scene.page(&browser, &id).await.err(), Some(404));
    // Their ends are written although a guest's own transactions see nothing any more.
    until("both ends are told", async || {
        let closes = scene.visits().await;
        let ends = closes.iter().filter(|(action, _)| action == "console.close");
        ends.filter(|(_, after)| after["ended"] == "access").count() == 2
    })
    .await;
}

#[tokio::test]
async fn each_visit_is_told_and_what_was_typed_is_not() {
    let scene = Scene::set(|_| {}).await;
    let id = scene.server("web", "static-site").await;
    let mut console = scene.console(&scene.program, &id).await.unwrap();
    console.keys("echo se-cret\r").await;
    console.shows_times("se-cret", 2).await;
    assert_eq!(
        scene.visits().await,
        [(
            "console.open".to_owned(),
            json!({ "way": "shell", "typing": true })
        )]
    );
    scene.app.clock.advance(chrono::Duration::seconds(75));
    console.leave().await;
    until("the end is told", async || scene.visits().await.len() == 2).await;
    let (action, after) = scene.visits().await.pop().unwrap();
    assert_eq!(action, "console.close");
    assert_eq!(
        after,
        json!({ "way": "shell", "typing": true, "seconds": 75, "ended": "left" })
    );
    let log = scene
        .program
        .get("/api/v1/audit-events?limit=200")
        .await
        .expect(200);
    assert!(!log.body.contains("se-cret"));
    let event = &log.json()["items"][0];
    assert_eq!(
        (
            event["actor"]["label"].as_str(),
            event["target"]["label"].as_str()
        ),
        (Some("ada@example.com"), Some("web"))
    );
    assert_eq!(event["address"], "127.0.0.1");
}

#[tokio::test]
async fn the_staff_may_come_by_a_grant_and_the_tenant_sees_it() {
    // Nobody asks again by the clock here: what ends the console is the end of the grant.
    let scene = Scene::set(|config| config.stream_lifetime = Duration::from_hours(24)).await;
    let id = scene.server("web", "static-site").await;
    let ticket = scene.app.ticket(scene.tenant).await;
    let path = format!("/api/v1/staff/servers/{id}/console");
    for (role, expected) in [
        (StaffRole::Engineer, 409),
        (StaffRole::Support, 403),
        (StaffRole::Auditor, 403),
    ] {
        let user = scene.app.staff(role.name(), role).await;
        let program = scene.app.program(user, None, &all(Side::Staff)).await;
        let refused = open(scene.address, &path, &token(&program)).await.err();
        assert_eq!(refused, Some(expected), "{role:?}");
        if role != StaffRole::Engineer {
            continue;
        }
        let why = json!({ "ticket": ticket, "parts": ["console"], "reason": "It hangs at its start.", "minutes": 60 });
        let home = "/api/v1/staff/break-glass";
        let grant = program.json("POST", home, &why).await.expect(201).json();
        let mut console = open(scene.address, &path, &token(&program)).await.unwrap();
        console.state("open").await;
        let end = format!("{home}/{}/end", grant["id"].as_str().unwrap());
        program.json("POST", &end, &json!({})).await.expect(200);
        assert_eq!(console.ends().await, "access");
        assert_eq!(
            open(scene.address, &path, &token(&program)).await.err(),
            Some(409)
        );
    }
    until("the tenant's log tells of it", async || {
        scene.visits().await.len() == 2
    })
    .await;
    let log = scene
        .program
        .get("/api/v1/audit-events?limit=200")
        .await
        .expect(200)
        .json();
    let events = log["items"].as_array().unwrap();
    let visit = events
        .iter()
        .find(|event| event["action"] == "console.open")
        .unwrap();
    assert_eq!(visit["actor"]["label"], "engineer@example.com");
    let seen = scene.program.get("/api/v1/break-glass").await.expect(200).json();
    assert_eq!(seen["items"][0]["looks"][0]["what"], "web");
}
