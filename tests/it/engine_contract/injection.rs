//! What the fake can be told to do, so that other tests may rely on it.

use std::time::Duration;

use berth::drivers::engine::{
    ContainerSpec, Engine, EngineError, EventKind, InstanceKey, LogQuery, LogStream, ObservedState, Outcome,
    fake::{Call, FakeEngine},
};
use futures_util::{StreamExt, TryStreamExt};

use super::world::{network, plain_spec};

async fn running() -> (FakeEngine, ContainerSpec) {
    let engine = FakeEngine::new(InstanceKey::new("test").unwrap());
    let spec = plain_spec("a", "image:1");
    engine.add_image("image:1");
    engine.ensure_network(&network("a")).await.unwrap();
    engine.ensure(&spec).await.unwrap();
    engine.start(&spec.server).await.unwrap();
    (engine, spec)
}

#[tokio::test]
async fn a_planned_failure_happens_as_often_as_planned_and_does_nothing() {
    let (engine, spec) = running().await;
    engine.fail(Call::Stop, 2, || EngineError::NoAddresses);
    for _ in 0..2 {
        let failed = engine.stop(&spec.server, Duration::ZERO).await;
        assert!(matches!(failed, Err(EngineError::NoAddresses)), "{failed:?}");
    }
    assert_eq!(
        engine.observe(&spec.server).await.unwrap().state,
        ObservedState::Running
    );
    assert_eq!(
        engine.stop(&spec.server, Duration::ZERO).await.unwrap(),
        Outcome::Done
    );
    assert_eq!(
        (
            engine.calls(Call::Stop),
            engine.calls(Call::Kill),
            engine.total_calls()
        ),
        (3, 0, 7)
    );
}

#[tokio::test]
async fn a_lost_answer_is_lost_after_the_deed() {
    let (engine, spec) = running().await;
    engine.lose_answer(Call::Stop, 1);
    let lost = engine.stop(&spec.server, Duration::ZERO).await;
    assert!(matches!(lost, Err(EngineError::Timeout(_))), "{lost:?}");
    assert_eq!(
        engine.stop(&spec.server, Duration::ZERO).await.unwrap(),
        Outcome::Already
    );
}

#[tokio::test]
async fn a_crashed_server_is_restarted_and_a_vanished_one_is_gone() {
    let (engine, spec) = running().await;
    let mut events = engine.events().await.unwrap();
    engine.crash(&spec.server, 137, true);
    let seen = engine.observe(&spec.server).await.unwrap();
    assert_eq!((seen.state, seen.restart_count), (ObservedState::Running, 1));
    engine.vanish(&spec.server);
    assert_eq!(
        engine.observe(&spec.server).await.unwrap().state,
        ObservedState::Gone
    );
    let kinds: Vec<_> = events
        .by_ref()
        .take(3)
        .map_ok(|event| event.kind)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(
        kinds,
        [
            EventKind::Oom,
            EventKind::Died { exit_code: 137 },
            EventKind::Started
        ]
    );
}

#[tokio::test]
async fn streams_end_when_the_engine_goes_away() {
    let (engine, spec) = running().await;
    let follow = LogQuery {
        follow: true,
        ..LogQuery::default()
    };
    let mut lines = engine.logs(&spec.server, follow).await.unwrap();
    let mut events = engine.events().await.unwrap();
    engine.log(&spec.server, LogStream::Stderr, "bye");
    engine.set_down(true);
    assert_eq!(lines.next().await.unwrap().unwrap().text, "bye");
    assert!(matches!(
        lines.next().await,
        Some(Err(EngineError::Unavailable(_)))
    ));
    assert!(lines.next().await.is_none());
    assert!(matches!(
        events.next().await,
        Some(Err(EngineError::Unavailable(_)))
    ));
}
