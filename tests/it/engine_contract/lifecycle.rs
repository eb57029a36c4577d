//! Laws about a server's container: being made, starting, ending, and being gone.

use std::time::Duration;

use berth::drivers::engine::{EngineError, Health, LogQuery, ObservedState, Outcome, fake::Program};
use futures_util::{StreamExt, future::join_all};

use super::{
    docker_world::quick_check,
    world::{World, made, mount, network, running, server, spec, until, volume},
};

const GRACE: Duration = Duration::from_secs(5);

pub(super) async fn gone_is_a_value(world: &dyn World) {
    let (engine, server) = (world.engine(), server("none"));
    assert_eq!(engine.observe(&server).await.unwrap().state, ObservedState::Gone);
    assert_eq!(engine.observe_all().await.unwrap(), []);
    assert_eq!(engine.start(&server).await.unwrap(), Outcome::Gone);
    assert_eq!(engine.stop(&server, GRACE).await.unwrap(), Outcome::Gone);
    assert_eq!(engine.kill(&server).await.unwrap(), Outcome::Gone);
    assert_eq!(engine.remove(&server).await.unwrap(), Outcome::Gone);
    assert_eq!(
        engine.remove_network(&network("none").key).await.unwrap(),
        Outcome::Gone
    );
    assert_eq!(
        engine.remove_volume(&volume("none").key).await.unwrap(),
        Outcome::Gone
    );
    assert_eq!(
        engine.remove_image("berth-test/none:1").await.unwrap(),
        Outcome::Gone
    );
    assert_eq!(engine.stats(&server).await.unwrap(), None);
    let follow = LogQuery {
        follow: true,
        ..LogQuery::default()
    };
    assert_eq!(engine.logs(&server, follow).await.unwrap().count().await, 0);
    let run = engine.exec(&server, vec!["true".to_owned()], GRACE).await;
    assert!(matches!(run, Err(EngineError::NotRunning(_))), "{run:?}");
    let read = engine.archive_get(&server, "/etc").await.err();
    assert!(matches!(read, Some(EngineError::NotFound(_))), "{read:?}");
}

pub(super) async fn a_server_lives_and_ends(world: &dyn World) {
    let (engine, spec) = (world.engine(), spec(world, "a"));
    let created = made(world, &spec).await;
    assert_eq!(created.state, ObservedState::Created);
    assert_eq!(created.spec_hash, Some(spec.hash().unwrap()));
    assert_eq!(created.image.as_deref(), Some(world.image().as_str()));
    assert_eq!(engine.observe(&spec.server).await.unwrap(), created);
    assert_eq!(engine.stop(&spec.server, GRACE).await.unwrap(), Outcome::Already);

    assert_eq!(engine.start(&spec.server).await.unwrap(), Outcome::Done);
    assert_eq!(engine.start(&spec.server).await.unwrap(), Outcome::Already);
    let runs = engine.observe(&spec.server).await.unwrap();
    assert_eq!(
        (&runs.state, runs.ip_addresses.len(), runs.restart_count),
        (&ObservedState::Running, 1, 0)
    );
    assert!(
        runs.started_at.is_some() && runs.finished_at.is_none(),
        "{runs:?}"
    );
    assert_eq!(runs.container_id, created.container_id);

    assert_eq!(engine.stop(&spec.server, GRACE).await.unwrap(), Outcome::Done);
    assert_eq!(engine.stop(&spec.server, GRACE).await.unwrap(), Outcome::Already);
    let ended = engine.observe(&spec.server).await.unwrap();
    assert_eq!(
        ended.state,
        ObservedState::Exited {
            exit_code: 143,
            oom_killed: false
        }
    );
    assert!(
        ended.finished_at > ended.started_at && ended.ip_addresses.is_empty(),
        "{ended:?}"
    );

    assert_eq!(engine.start(&spec.server).await.unwrap(), Outcome::Done);
    assert_eq!(engine.remove(&spec.server).await.unwrap(), Outcome::Done);
    assert_eq!(engine.remove(&spec.server).await.unwrap(), Outcome::Gone);
    assert_eq!(
        engine.observe(&spec.server).await.unwrap().state,
        ObservedState::Gone
    );
}

pub(super) async fn a_killed_server_stays_down(world: &dyn World) {
    let (engine, spec) = (world.engine(), spec(world, "a"));
    running(world, &spec).await;
    assert_eq!(engine.kill(&spec.server).await.unwrap(), Outcome::Done);
    assert_eq!(engine.kill(&spec.server).await.unwrap(), Outcome::Already);
    let ended = engine.observe(&spec.server).await.unwrap();
    assert_eq!(
        ended.state,
        ObservedState::Exited {
            exit_code: 137,
            oom_killed: false
        }
    );
    assert_eq!(engine.start(&spec.server).await.unwrap(), Outcome::Done);
    assert_eq!(engine.observe(&spec.server).await.unwrap().restart_count, 0);
}

pub(super) async fn ensuring_again_changes_nothing(world: &dyn World) {
    let (engine, mut spec) = (world.engine(), spec(world, "a"));
    let runs = running(world, &spec).await;
    spec.display_name.push_str(", renamed");
    assert_eq!(engine.ensure(&spec).await.unwrap(), runs);
    engine.stop(&spec.server, GRACE).await.unwrap();
    let ended = engine.observe(&spec.server).await.unwrap();
    assert_eq!(engine.ensure(&spec).await.unwrap(), ended);
}

pub(super) async fn another_specification_makes_another_container(world: &dyn World) {
    let (engine, mut spec) = (world.engine(), spec(world, "a"));
    let before = running(world, &spec).await;
    spec.memory_bytes *= 2;
    let after = engine.ensure(&spec).await.unwrap();
    assert_eq!(
        (&after.state, after.spec_hash.clone()),
        (&ObservedState::Created, Some(spec.hash().unwrap()))
    );
    assert_ne!(after.container_id, before.container_id);
    assert_eq!(engine.observe_all().await.unwrap(), [after]);
}

pub(super) async fn what_is_missing_is_named_and_nothing_is_lost(world: &dyn World) {
    let (engine, mut spec) = (world.engine(), spec(world, "a"));
    let no_network = engine.ensure(&spec).await.unwrap_err();
    assert!(
        matches!(no_network, EngineError::NetworkMissing { .. }),
        "{no_network:?}"
    );
    let before = running(world, &spec).await;

    let image = std::mem::replace(&mut spec.image, "berth-test/none:1".to_owned());
    let no_image = engine.ensure(&spec).await.unwrap_err();
    assert!(
        matches!(&no_image, EngineError::ImageMissing { image } if *image == spec.image),
        "{no_image:?}"
    );
    spec.image = image;
    spec.volumes.push(mount(&volume("a"), "/srv/data"));
    let no_volume = engine.ensure(&spec).await.unwrap_err();
    assert!(
        matches!(no_volume, EngineError::VolumeMissing { .. }),
        "{no_volume:?}"
    );
    assert_eq!(
        engine.observe(&spec.server).await.unwrap(),
        before,
        "the old container goes only for a new one"
    );
    assert_eq!(
        engine.list_volumes().await.unwrap(),
        [],
        "the engine made a volume by itself"
    );

    let mut fresh = super::world::spec(world, "b");
    fresh.image.push_str("-none");
    let no_image = engine.ensure(&fresh).await.unwrap_err();
    assert!(
        matches!(no_image, EngineError::ImageMissing { .. }),
        "{no_image:?}"
    );
}

pub(super) async fn many_at_once_make_one_container(world: &dyn World) {
    let (engine, spec) = (world.engine(), spec(world, "a"));
    engine.ensure_network(&network("a")).await.unwrap();
    let panels = [world.engine(), world.other_panel()];
    let calls = (0..8).map(|number| panels[number % 2].ensure(&spec));
    let ids: Vec<_> = join_all(calls)
        .await
        .into_iter()
        .map(|seen| seen.unwrap().container_id)
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(engine.observe_all().await.unwrap().len(), 1);
}

pub(super) async fn a_crash_loop_shows_and_can_be_stopped(world: &dyn World) {
    let (engine, mut spec) = (world.engine(), spec(world, "a"));
    world.program(
        &mut spec,
        Program {
            output: Vec::new(),
            exit_code: Some(3),
            ..Program::default()
        },
    );
    running(world, &spec).await;
    until(world, &spec.server, |seen| {
        seen.restart_count >= 1
            && seen.state == ObservedState::Restarting
            && seen.last_end == Some((3, false))
    })
    .await;
    assert_eq!(engine.stop(&spec.server, GRACE).await.unwrap(), Outcome::Done);
    let ended = engine.observe(&spec.server).await.unwrap();
    assert!(matches!(ended.state, ObservedState::Exited { .. }), "{ended:?}");
    engine.start(&spec.server).await.unwrap();
    until(world, &spec.server, |seen| {
        seen.state == ObservedState::Restarting
    })
    .await;
    engine.kill(&spec.server).await.unwrap();
    let ended = engine.observe(&spec.server).await.unwrap();
    assert!(matches!(ended.state, ObservedState::Exited { .. }), "{ended:?}");
}

pub(super) async fn a_wrong_specification_is_refused(world: &dyn World) {
    let (engine, mut spec) = (world.engine(), spec(world, "a"));
    spec.memory_bytes = 1;
    assert!(matches!(engine.ensure(&spec).await, Err(EngineError::Invalid(_))));
    assert!(matches!(
        engine.image_exists("a b").await,
        Err(EngineError::Invalid(_))
    ));
    let mut nowhere = network("a");
    nowhere.subnet = Some("10.213.0.0".to_owned());
    let refused = engine.ensure_network(&nowhere).await;
    assert!(matches!(refused, Err(EngineError::Invalid(_))), "{refused:?}");
    let run = engine.exec(&spec.server, Vec::new(), GRACE).await;
    assert!(matches!(run, Err(EngineError::Invalid(_))), "{run:?}");
}

pub(super) async fn health_is_seen(world: &dyn World) {
    let (engine, mut spec) = (world.engine(), spec(world, "a"));
    spec.health = Some(quick_check());
    running(world, &spec).await;
    world.heal(&spec.server).await;
    until(world, &spec.server, |seen| seen.health == Health::Healthy).await;
    engine.stop(&spec.server, GRACE).await.unwrap();
    assert_eq!(engine.observe(&spec.server).await.unwrap().health, Health::None);
}

pub(super) async fn an_engine_that_is_away_comes_back(world: &dyn World) {
    let (engine, spec) = (world.engine(), spec(world, "a"));
    world.go_away().await;
    assert!(matches!(engine.ping().await, Err(EngineError::Unavailable(_))));
    world.come_back().await;
    running(world, &spec).await;
    world.go_away().await;
    assert!(matches!(engine.ping().await, Err(EngineError::Unavailable(_))));
    assert!(matches!(
        engine.observe_all().await,
        Err(EngineError::Unavailable(_))
    ));
    assert!(matches!(
        engine.ensure(&spec).await,
        Err(EngineError::Unavailable(_))
    ));
    assert!(matches!(
        engine.stop(&spec.server, GRACE).await,
        Err(EngineError::Unavailable(_))
    ));
    assert!(matches!(
        engine.events().await.err(),
        Some(EngineError::Unavailable(_))
    ));
    world.come_back().await;
    assert_eq!(
        engine.observe(&spec.server).await.unwrap().state,
        ObservedState::Running
    );
}
