//! What ends, what is kept, and what is too much.

use std::time::Duration;

use berth::drivers::engine::{Engine as _, EngineError, LogStream, ServerKey, fake::Call};
use serde_json::json;

use super::scene::Scene;
use crate::panel::until;

#[tokio::test]
async fn an_idle_console_says_so_and_closes() {
    let scene = Scene::set(|config| config.console_idle = Duration::from_secs(4)).await;
    let id = scene.server("web", "static-site").await;
    let mut console = scene.console(&scene.program, &id).await.unwrap();
    let warning = console.event("a warning", |event| event["type"] == "idle").await;
    assert_eq!(warning["seconds"], 1);
    console.keys("echo hello\r").await;
    console
        .event("it goes on", |event| event["type"] == "awake")
        .await;
    console.shows_times("hello", 2).await;
    console
        .event("another warning", |event| event["type"] == "idle")
        .await;
    assert_eq!(console.ends().await, "idle");
    until("its shell is ended", async || scene.shells(&id) == 0).await;
}

#[tokio::test]
async fn whoever_comes_back_in_time_sees_the_screen_and_nobody_else_does() {
    let scene = Scene::set(|config| config.console_grace = Duration::from_millis(500)).await;
    let id = scene.server("web", "static-site").await;
    let mut console = scene.console(&scene.program, &id).await.unwrap();
    console.keys("echo hello\r").await;
    console.shows_times("hello", 2).await;
    console.leave().await;
    let mut again = scene.console(&scene.program, &id).await.unwrap();
    again.shows_times("hello", 2).await;
    assert_eq!(scene.shells(&id), 1, "it is the same shell");
    again.leave().await;
    until("nobody came back", async || scene.shells(&id) == 0).await;
    let mut fresh = scene.console(&scene.program, &id).await.unwrap();
    fresh.keys("echo other\r").await;
    fresh.shows_times("other", 2).await;
    assert!(!fresh.screen.contains("hello"));
}

#[tokio::test]
async fn a_server_that_stops_and_runs_again_can_be_gone_on_with() {
    let scene = Scene::set(|_| {}).await;
    let id = scene.server("web", "static-site").await;
    let mut console = scene.console(&scene.program, &id).await.unwrap();
    console.state("open").await;
    scene.act(&id, "stop").await;
    console.state("stopped").await;
    scene.act(&id, "start").await;
    console.state("ready").await;
    console.order(&json!({ "type": "open" })).await;
    console.state("open").await;
    console.keys("echo hello\r").await;
    console.shows_times("hello", 2).await;
    console.keys("exit\r").await;
    console.state("ended").await;
    console.order(&json!({ "type": "open" })).await;
    console.state("open").await;
}

#[tokio::test]
async fn a_game_is_typed_to_itself() {
    let scene = Scene::set(|_| {}).await;
    let id = scene.server("trains", "openttd").await;
    let key = ServerKey::new(id.as_str()).unwrap();
    scene.app.engine.log(&key, LogStream::Stdout, "berth: a new game");
    let mut console = scene.console(&scene.program, &id).await.unwrap();
    let hello = console.event("hello", |event| event["type"] == "hello").await;
    assert_eq!(hello["way"], "attach");
    console.shows("berth: a new game\n").await;
    let mut other = scene.console(&scene.program, &id).await.unwrap();
    other.state("open").await;
    console.keys("say hello\n").await;
    console.shows("got say hello\n").await;
    // What is typed to a process that shows nothing by itself is shown to all.
    other.shows("> say hello").await;
    scene.act(&id, "stop").await;
    console.state("stopped").await;
    scene.act(&id, "start").await;
    console.state("ready").await;
    console.order(&json!({ "type": "open" })).await;
    console.state("open").await;
    console.keys("again\n").await;
    console.shows("got again\n").await;
}

#[tokio::test]
async fn nonsense_ends_the_connection_and_nothing_else() {
    let scene = Scene::set(|_| {}).await;
    let id = scene.server("web", "static-site").await;
    let mut typist = scene.console(&scene.program, &id).await.unwrap();
    for nonsense in ["", "{}", "resize", r#"{"type":"resize","columns":-1,"rows":2}"#] {
        let mut console = scene.console(&scene.program, &id).await.unwrap();
        console.text(nonsense).await;
        assert_eq!(console.ends().await, "protocol", "{nonsense}");
    }
    let mut console = scene.console(&scene.program, &id).await.unwrap();
    console.keys(&"x".repeat(64 * 1024 + 1)).await;
    assert_eq!(
        console.ends().await,
        "left",
        "a message that is too long is not read"
    );
    typist.keys("echo hello\r").await;
    typist.shows_times("hello", 2).await;
}

#[tokio::test]
async fn there_are_so_many_places_and_no_more() {
    let scene = Scene::set(|_| {}).await;
    let id = scene.server("web", "static-site").await;
    let mut all = Vec::new();
    for _ in 0..16 {
        all.push(scene.console(&scene.program, &id).await.unwrap());
    }
    let last = all.last_mut().unwrap();
    last.event("all of them", |event| {
        event["viewers"].as_array().is_some_and(|all| all.len() == 16)
    })
    .await;
    let mut one_more = scene.console(&scene.program, &id).await.unwrap();
    assert_eq!(one_more.ends().await, "limit");
    all.pop().unwrap().leave().await;
    until("the place is free", async || {
        let mut next = scene.console(&scene.program, &id).await.unwrap();
        let first = next.event("anything", |_| true).await;
        first["type"] == "hello"
    })
    .await;
}

#[tokio::test]
async fn a_stopping_panel_says_good_bye_and_leaves_no_shell() {
    let scene = Scene::set(|_| {}).await;
    let id = scene.server("web", "static-site").await;
    let mut console = scene.console(&scene.program, &id).await.unwrap();
    console.state("open").await;
    let tasks = scene.app.app.tasks.clone();
    let (reason, in_time) = tokio::join!(console.ends(), tasks.finish(Duration::from_secs(30)));
    assert_eq!((reason.as_str(), in_time), ("shutdown", true));
    assert_eq!(console.code, Some(1001));
    assert_eq!(scene.shells(&id), 0);
    assert_eq!(scene.visits().await.len(), 2);
    let key = ServerKey::new(id.as_str()).unwrap();
    assert!(scene.app.engine.observe(&key).await.is_ok());
}

#[tokio::test]
async fn what_a_dead_process_left_is_ended_by_another() {
    let scene = Scene::set(|_| {}).await;
    let id = scene.server("web", "static-site").await;
    let mut console = scene.console(&scene.program, &id).await.unwrap();
    console.state("open").await;
    let ended = async || {
        let system = scene.app.system();
        berth::servers::end_lost_consoles(&scene.app.app, &system)
            .await
            .unwrap()
    };
    assert_eq!(ended().await, 0, "it is spoken for");
    scene.app.clock.advance(chrono::Duration::minutes(6));
    assert_eq!(ended().await, 1);
    assert_eq!(scene.shells(&id), 0);
    assert_eq!(ended().await, 0);
    let (action, after) = scene.visits().await.pop().unwrap();
    assert_eq!(
        (action.as_str(), after["ended"].as_str()),
        ("console.close", Some("lost"))
    );
    // Its own process finds that this was written already.
    console.leave().await;
    assert_eq!(scene.visits().await.len(), 2);
}

#[tokio::test]
async fn a_shell_that_the_engine_does_not_end_now_is_ended_later() {
    let scene = Scene::set(|config| config.console_grace = Duration::from_millis(100)).await;
    let id = scene.server("web", "static-site").await;
    let mut console = scene.console(&scene.program, &id).await.unwrap();
    console.state("open").await;
    let engine = &scene.app.engine;
    engine.fail(Call::EndShell, 4, || EngineError::Timeout(Duration::ZERO));
    console.leave().await;
    until("the session has given up", async || {
        engine.calls(Call::EndShell) == 3
    })
    .await;
    assert_eq!(scene.shells(&id), 1);
    scene.app.clock.advance(chrono::Duration::minutes(6));
    let system = scene.app.system();
    let run = async || {
        berth::servers::end_lost_consoles(&scene.app.app, &system)
            .await
            .unwrap()
    };
    assert_eq!(
        (run().await, scene.shells(&id)),
        (0, 1),
        "the engine still does not"
    );
    assert_eq!((run().await, scene.shells(&id)), (1, 0));
    assert_eq!(run().await, 0);
    assert_eq!(scene.visits().await.len(), 2, "its end was told when it was");
}
