//! Servers that end by themselves: they come back, until it is too often.

use chrono::Duration;

use crate::drivers::engine::fake::Program;
use crate::drivers::engine::{EngineEvent, EventKind, ObservedState, Subject};
use crate::platform::operations::State;

use super::super::model::{Command, Power, Server};
use super::super::reconcile::Servers;
use super::scene::{Scene, key};

/// The server's process ends, the engine starts it again and tells of it.
async fn crash(scene: &Scene, server: &Server, exit_code: i64, out_of_memory: bool) {
    scene.tick();
    scene.test.engine.crash(&key(server), exit_code, out_of_memory);
    let event = |kind| EngineEvent {
        about: Subject::Server(key(server)),
        at: Some(scene.test.app.now()),
        kind,
    };
    let oom = out_of_memory.then(|| event(EventKind::Oom));
    let heard = oom.into_iter().chain([event(EventKind::Died { exit_code })]);
    scene.servers.hear_events(heard.collect()).await;
    scene.work().await;
}

async fn is_running(scene: &Scene, server: &Server) -> bool {
    scene.seen(server).await.state == ObservedState::Running
}

#[tokio::test]
async fn after_five_crashes_it_is_stopped_and_says_why() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    for _ in 0..4 {
        crash(&scene, &server, 1, false).await;
        assert!(is_running(&scene, &server).await);
    }
    crash(&scene, &server, 137, true).await;
    assert!(!is_running(&scene, &server).await);
    let reason = "Stopped after 5 crashes in 10 minutes. The last one: exit code 137 (signal 9), out of memory (limit 256 \
                  MiB). Choose a larger size in its settings, or let it need less; then start it.";
    assert_eq!(scene.told(&server).await, format!("Crashed: {reason}"));
    assert_eq!(scene.find(&server).await.power, Power::Stopped);
    let history = scene.history(&server).await;
    assert!(
        history.contains(&"It crashed, 4 of 5 in 10 minutes: exit code 1.".to_owned()),
        "{history:?}"
    );
    assert!(history.contains(&reason.to_owned()), "{history:?}");
    assert_eq!(scene.later(Duration::hours(1)).await, 0, "it stays so");
}

#[tokio::test]
async fn a_start_begins_to_count_anew() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    for _ in 0..5 {
        crash(&scene, &server, 1, false).await;
    }
    let start = scene.command(&server, Command::Start).await;
    scene.work().await;
    assert_eq!(scene.operation(&start).await.state, State::Succeeded);
    assert_eq!(scene.find(&server).await.stop_reason, None);
    for _ in 0..4 {
        crash(&scene, &server, 1, false).await;
        assert!(is_running(&scene, &server).await);
    }
    crash(&scene, &server, 1, false).await;
    assert!(!is_running(&scene, &server).await);
}

#[tokio::test]
async fn another_panel_goes_on_counting() {
    let mut scene = Scene::new().await;
    let server = scene.running("web").await;
    for _ in 0..4 {
        crash(&scene, &server, 1, false).await;
    }
    let location = scene.find(&server).await.location;
    scene.servers = std::sync::Arc::new(Servers::new(&scene.test.app, location));
    crash(&scene, &server, 1, false).await;
    assert!(!is_running(&scene, &server).await);
}

#[tokio::test]
async fn crashes_that_are_long_ago_do_not_count() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    for _ in 0..12 {
        crash(&scene, &server, 1, false).await;
        scene.later(Duration::minutes(3)).await;
        assert!(is_running(&scene, &server).await);
    }
}

#[tokio::test]
async fn the_limits_are_settings() {
    let scene = Scene::with(|config| (config.crash_limit, config.crash_window_minutes) = (2, 1)).await;
    let server = scene.running("web").await;
    crash(&scene, &server, 3, false).await;
    scene.later(Duration::minutes(1)).await;
    crash(&scene, &server, 3, false).await;
    assert!(is_running(&scene, &server).await);
    crash(&scene, &server, 3, false).await;
    assert_eq!(
        scene.find(&server).await.stop_reason.as_deref(),
        Some(
            "Stopped after 2 crashes in 1 minute. The last one: exit code 3. Its log tells what it said before. Put that \
             right, then start it."
        )
    );
}

#[tokio::test]
async fn one_that_never_came_up_fails_its_creation() {
    let scene = Scene::with(|config| config.crash_limit = 1).await;
    let asked = scene.create("web").await.unwrap();
    let program = Program {
        exit_code: Some(2),
        ..Program::default()
    };
    scene.test.engine.set_program(&key(&asked.server), program);
    scene.work().await;
    assert!(!is_running(&scene, &asked.server).await);
    let operation = scene.operation(&asked).await;
    assert_eq!(operation.state, State::Failed);
    assert!(
        operation
            .error
            .unwrap()
            .starts_with("Stopped after 1 crash in 10 minutes.")
    );
}

#[tokio::test]
async fn what_somebody_asked_for_is_no_crash() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    for _ in 0..4 {
        scene.command(&server, Command::Restart).await;
        scene.work().await;
        scene.command(&server, Command::Kill).await;
        scene.work().await;
        scene.command(&server, Command::Start).await;
        scene.work().await;
    }
    assert!(is_running(&scene, &server).await);
    let history = scene.history(&server).await;
    assert!(!history.iter().any(|text| text.contains("crash")), "{history:?}");
}
