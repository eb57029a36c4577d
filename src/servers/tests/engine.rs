//! When the engine is away, fails, or lets a server die.

use chrono::Duration;

use crate::drivers::engine::fake::Call;
use crate::drivers::engine::{EngineError, ObservedState};
use crate::platform::operations::State;
use crate::platform::reconcile::Reconciler as _;

use super::super::model::Command;
use super::scene::{Scene, key};

fn no_build() -> EngineError {
    EngineError::BuildFailed("apt-get says no".to_owned())
}

#[tokio::test]
async fn changes_wait_for_an_engine_that_is_away() {
    let scene = Scene::new().await;
    let running = scene.running("running").await;
    scene.test.engine.set_down(true);
    let asked = scene.create("waiting").await.unwrap();
    for claimed in scene.claim().await {
        assert!(!scene.servers.reconcile(claimed).await.unwrap());
    }
    scene.test.clock.advance(Duration::seconds(1));
    assert!(
        scene.claim().await.is_empty(),
        "nothing is tried while it is away"
    );
    let waiting = scene.find(&asked.server).await;
    assert_eq!((waiting.notes.failures, waiting.notes.error), (0, None));

    scene.test.engine.set_down(false);
    scene.servers.engine_is_back().await;
    scene.work().await;
    assert_eq!(scene.operation(&asked).await.state, State::Succeeded);
    assert_eq!(scene.seen(&running).await.restart_count, 0);
}

#[tokio::test]
async fn failures_wait_longer_each_time_and_their_operation_gives_up_while_tries_go_on() {
    let scene = Scene::new().await;
    scene.test.engine.fail(Call::BuildImage, 9, no_build);
    let asked = scene.create("web").await.unwrap();
    scene.work().await;
    assert_eq!(
        scene.told(&asked.server).await,
        "Failing: Wanted running, is not made yet: its image could not be built, next try 12:00 UTC."
    );
    assert_eq!(scene.operation(&asked).await.state, State::Running);
    let half = Duration::milliseconds(500);
    assert_eq!(scene.later(half).await, 0, "not before its time");
    for _ in 0..7 {
        scene.later(Duration::minutes(5)).await;
    }
    let operation = scene.operation(&asked).await;
    assert_eq!(operation.state, State::Failed);
    assert_eq!(operation.error.as_deref(), Some("its image could not be built"));
    for _ in 0..2 {
        scene.later(Duration::minutes(7)).await;
    }
    assert_eq!(scene.seen(&asked.server).await.state, ObservedState::Running);
    let history = scene.history(&asked.server).await;
    let failures = history
        .iter()
        .filter(|text| text.starts_with("It could not go on"));
    assert_eq!(failures.count(), 1, "the same failure is told once");
}

#[tokio::test]
async fn a_new_wish_does_not_wait_for_the_next_try() {
    let scene = Scene::new().await;
    scene.test.engine.fail(Call::BuildImage, 3, no_build);
    let asked = scene.create("web").await.unwrap();
    scene.work().await;
    scene.later(Duration::seconds(2)).await;
    scene.later(Duration::seconds(4)).await;
    assert_eq!(scene.find(&asked.server).await.notes.failures, 3);
    let again = scene.command(&asked.server, Command::Start).await;
    scene.work().await;
    assert_eq!(scene.operation(&again).await.state, State::Succeeded);
}

#[tokio::test]
async fn a_server_that_the_engine_brings_back_is_told_of() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    scene.tick();
    scene.test.engine.crash(&key(&server), 137, true);
    scene.wake(&server).await;
    scene.work().await;
    assert_eq!(scene.seen(&server).await.state, ObservedState::Running);
    assert_eq!(
        scene.history(&server).await.last().unwrap(),
        "It crashed, 1 of 5 in 10 minutes: unknown exit code."
    );
}

#[tokio::test]
async fn a_server_whose_container_vanished_comes_back_later_each_time() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    for wait in [1, 2, 4] {
        scene.test.engine.vanish(&key(&server));
        scene.wake(&server).await;
        scene.work().await;
        let told = scene.told(&server).await;
        assert!(
            told.contains("its container was removed by somebody else"),
            "{told}"
        );
        scene.wake(&server).await;
        scene.work().await;
        let seen = scene.seen(&server).await;
        assert_eq!(
            seen.state,
            ObservedState::Gone,
            "a wake does not shorten the wait"
        );
        scene.later(Duration::milliseconds(wait * 1250)).await;
        assert_eq!(scene.seen(&server).await.state, ObservedState::Running);
    }
    assert_eq!(scene.find(&server).await.notes.failures, 3);
    scene.later(Duration::minutes(1)).await;
    assert_eq!(scene.find(&server).await.notes.failures, 0, "it has settled");
}

#[tokio::test]
async fn a_new_server_gets_another_port_if_its_own_is_taken_on_the_host() {
    let scene = Scene::new().await;
    let taken = || EngineError::PortInUse { port: 20_000 };
    scene.test.engine.fail(Call::Start, 1, taken);
    let asked = scene.create("web").await.unwrap();
    scene.work().await;
    assert_eq!(scene.seen(&asked.server).await.ports[0].host_port, 20_001);
    assert_eq!(scene.operation(&asked).await.state, State::Succeeded);
    let next = scene.running("next").await;
    assert_eq!(
        scene.seen(&next).await.ports[0].host_port,
        20_002,
        "nobody tries the taken one again"
    );
}

#[tokio::test]
async fn a_subnet_that_the_host_has_is_not_asked_for_again() {
    let scene = Scene::new().await;
    let overlap = || EngineError::Invalid("10.208.0.0/24 overlaps with another network".to_owned());
    scene.test.engine.fail(Call::EnsureNetwork, 3, overlap);
    scene.running("web").await;
    assert_eq!(scene.test.engine.calls(Call::EnsureNetwork), 4);
}
