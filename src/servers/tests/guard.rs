//! No server is started that nothing would keep from the host.

use chrono::Duration;

use crate::config::NetworkGuard;
use crate::drivers::engine::fake::{Call, FakeEngine};
use crate::drivers::engine::{EngineError, EngineEvent, EventKind, Health, Subject};

use super::super::model::Command;
use super::scene::Scene;

fn no_rules() -> EngineError {
    EngineError::Unguarded("Operation not permitted".to_owned())
}

async fn guarded(engine: &FakeEngine) {
    let guarded = async {
        while !engine.is_guarded() {
            tokio::task::yield_now().await;
        }
    };
    let guarded = tokio::time::timeout(std::time::Duration::from_mins(1), guarded);
    guarded.await.expect("the guard comes");
}

fn event(about: Subject, kind: EventKind) -> EngineEvent {
    EngineEvent {
        about,
        at: None,
        kind,
    }
}

#[tokio::test]
async fn a_server_waits_for_the_guard_and_says_so() {
    let scene = Scene::new().await;
    scene.test.engine.fail(Call::EnsureGuard, 1, no_rules);
    let asked = scene.create("web").await.unwrap();
    scene.work().await;
    assert_eq!(
        scene.told(&asked.server).await,
        "Failing: Wanted running, is made: the network guard is not ready: its rules do not hold on the host, \
         next try 12:00 UTC."
    );
    assert_eq!(scene.test.engine.calls(Call::Start), 0);
    let asked_before = scene.test.engine.calls(Call::EnsureGuard);
    scene.create("another").await.unwrap();
    scene.work().await;
    assert_eq!(
        scene.test.engine.calls(Call::EnsureGuard),
        asked_before,
        "it is left in peace for a moment"
    );
    scene.later(Duration::minutes(5)).await;
    assert_eq!(scene.find(&asked.server).await.observed.seen.word(), "running");
}

#[tokio::test]
async fn the_engine_is_asked_once_for_many_servers_and_again_after_bad_news() {
    let scene = Scene::new().await;
    let engine = &scene.test.engine;
    scene.running("one").await;
    scene.running("two").await;
    assert_eq!(engine.calls(Call::EnsureGuard), 1);
    let server = Subject::Server("srv_1".parse().unwrap());
    scene
        .servers
        .heard_from_engine(&event(server, EventKind::Died { exit_code: 1 }));
    scene
        .servers
        .heard_from_engine(&event(Subject::Guard, EventKind::Started));
    scene.running("three").await;
    assert_eq!(engine.calls(Call::EnsureGuard), 1, "no reason to doubt");
    let bad = [
        EventKind::Died { exit_code: 0 },
        EventKind::Destroyed,
        EventKind::Health(Health::Unhealthy),
    ];
    for (number, kind) in bad.into_iter().enumerate() {
        scene.servers.heard_from_engine(&event(Subject::Guard, kind));
        scene.running(&format!("after-{number}")).await;
    }
    assert_eq!(engine.calls(Call::EnsureGuard), 4);
    scene.servers.engine_is_back().await;
    scene.running("four").await;
    assert_eq!(engine.calls(Call::EnsureGuard), 5);
}

#[tokio::test]
async fn one_that_could_not_start_again_is_not_stopped_for_a_restart() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    scene.servers.engine_is_back().await;
    scene.test.engine.fail(Call::EnsureGuard, 1, no_rules);
    scene.command(&server, Command::Restart).await;
    scene.work().await;
    assert_eq!(scene.test.engine.calls(Call::Stop), 0);
    assert_eq!(scene.find(&server).await.observed.seen.word(), "running");
}

#[tokio::test]
async fn what_should_stop_stops_without_a_guard() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    scene.servers.engine_is_back().await;
    scene.test.engine.fail(Call::EnsureGuard, 1, no_rules);
    scene.command(&server, Command::Stop).await;
    scene.work().await;
    assert_eq!(scene.find(&server).await.observed.seen.word(), "exited");
}

#[tokio::test]
async fn where_it_is_off_nobody_asks() {
    let scene = Scene::with(|config| config.network_guard = NetworkGuard::Off).await;
    scene.running("web").await;
    assert_eq!(scene.test.engine.calls(Call::EnsureGuard), 0);
}

#[tokio::test]
async fn a_guard_that_is_lost_comes_back_by_itself() {
    let scene = Scene::new().await;
    crate::servers::begin(&scene.test.app).await.unwrap();
    let engine = &scene.test.engine;
    guarded(engine).await;
    engine.lose_guard();
    assert!(!engine.is_guarded());
    guarded(engine).await;
    scene
        .test
        .app
        .tasks
        .finish(std::time::Duration::from_secs(10))
        .await;
}
