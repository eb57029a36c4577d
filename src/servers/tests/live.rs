//! Live pages ask for access again and again: a stream ends, and the next one has to be let in.

use std::time::Duration;

use crate::platform::access::TenantRole;
use crate::platform::web::LIFETIME;
use crate::testing::{Answer, Client, TestApp};

use super::super::actions;
use super::super::model::Server;
use super::scene::Scene;

/// However slow the machine is, nothing here takes so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A panel whose streams are as old as they get when they begin.
async fn panel() -> TestApp {
    TestApp::with(|config| {
        assert_eq!(config.stream_lifetime, LIFETIME);
        assert!(LIFETIME <= Duration::from_mins(1));
        config.stream_lifetime = Duration::ZERO;
    })
    .await
}

/// The whole of a stream.
async fn read(browser: &Client, path: &str) -> Answer {
    let whole = tokio::time::timeout(PATIENCE, browser.get(path)).await;
    whole.unwrap_or_else(|_| panic!("{path} does not end"))
}

#[tokio::test]
async fn a_stream_ends_and_who_has_lost_access_is_not_let_in_again() {
    let scene = Scene::on(panel().await, 10).await;
    let server = scene.create("web").await.unwrap().server.id;
    let tenant = scene.scope.tenant();
    let vera = scene.test.person("vera").await;
    scene.test.member(tenant, vera, TenantRole::Manager).await;
    let browser = scene.test.browser(vera).await;
    let paths = [
        "/t/acme/servers/live".to_owned(),
        format!("/t/acme/servers/{server}/live"),
        format!("/t/acme/servers/{server}/logs/live"),
    ];
    for path in &paths {
        let stream = read(&browser, path).await.expect(200);
        assert_eq!(stream.header("content-type"), "text/event-stream", "{path}");
    }
    let owner = scene.test.browser(scene.scope.actor.user).await;
    owner
        .post(&format!("/t/acme/members/{vera}/remove"), &[])
        .await
        .expect(303);
    for path in &paths {
        read(&browser, path).await.expect(404);
    }
}

#[tokio::test]
async fn a_server_that_is_deleted_while_one_looks_at_the_deleted_ones_comes_to_the_top() {
    let scene = Scene::on(panel().await, 10).await;
    let (old, new) = (scene.running("old").await, scene.running("new").await);
    scene.delete(&old).await;
    scene.work().await;
    let owner = scene.test.browser(scene.scope.actor.user).await;
    let page = owner.get("/t/acme/deleted-servers").await.expect(200);
    let live = page
        .body
        .split('"')
        .find(|part| part.starts_with("/t/acme/deleted-servers/live?"));
    let live = live.unwrap().replace("&amp;", "&").replace("&#38;", "&");
    let narrowed = live.replace("is_whole=true", "is_whole=false");
    assert_ne!(narrowed, live);

    scene.delete(&new).await;
    let added = |body: &str| body.contains("afterbegin") && body.contains("server-rows");
    let news = read(&owner, &live).await.expect(200).body;
    assert!(added(&news) && news.contains(&new.id.to_string()), "{news}");
    let news = read(&owner, &narrowed).await.expect(200).body;
    assert!(
        !added(&news),
        "what a search found gets no row that it did not: {news}"
    );
    assert!(news.contains(&new.id.to_string()), "{news}");

    // One that is not the newest keeps its place, and one that is restored leaves.
    scene.work().await;
    let page = owner.get("/t/acme/deleted-servers").await.expect(200);
    let live = page
        .body
        .split('"')
        .find(|part| part.starts_with("/t/acme/deleted-servers/live?"));
    let live = live.unwrap().replace("&amp;", "&").replace("&#38;", "&");
    scene.wake(&old).await;
    actions::erase(&scene.test.app, &scene.scope, old.id, None)
        .await
        .unwrap();
    let swap = |server: &Server, how: &str| format!("hx-target=\"#{}\" hx-swap=\"{how}\"", server.id);
    let news = read(&owner, &live).await.expect(200).body;
    assert!(news.contains(&swap(&old, "outerMorph")), "{news}");
    scene.restore(&new).await;
    let news = read(&owner, &live).await.expect(200).body;
    assert!(news.contains(&swap(&new, "delete")), "{news}");
    let row = format!("id=\"{}\"", new.id);
    assert!(!news.contains(&row), "it is among the others again: {news}");
}
