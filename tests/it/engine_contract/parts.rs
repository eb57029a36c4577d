//! Laws about networks, volumes, images and the host.

use std::{collections::BTreeMap, time::Duration};

use berth::drivers::engine::{BuildEvent, BuildRequest, EngineError, EngineResult, Outcome};
use futures_util::{StreamExt, TryStreamExt, future::join_all};

use super::world::{World, made, mount, network, running, spec, tar, tenant, volume};

pub(super) async fn a_network_is_made_once(world: &dyn World) {
    let (engine, wanted) = (world.engine(), network("a"));
    let panels = [world.engine(), world.other_panel()];
    let calls = (0..6).map(|number| panels[number % 2].ensure_network(&wanted));
    let made: Vec<_> = join_all(calls)
        .await
        .into_iter()
        .map(EngineResult::unwrap)
        .collect();
    assert!(made.iter().all(|network| *network == made[0]), "{made:?}");
    assert_eq!(
        (&made[0].key, &made[0].tenant, made[0].subnets.len()),
        (&wanted.key, &wanted.tenant, 1)
    );
    assert_eq!(engine.list_networks().await.unwrap(), [made[0].clone()]);
    assert_eq!(engine.remove_network(&wanted.key).await.unwrap(), Outcome::Done);
    assert_eq!(engine.remove_network(&wanted.key).await.unwrap(), Outcome::Gone);
    assert_eq!(engine.list_networks().await.unwrap(), []);
}

pub(super) async fn a_network_in_use_stays(world: &dyn World) {
    let (engine, spec) = (world.engine(), spec(world, "a"));
    running(world, &spec).await;
    let refused = engine.remove_network(&spec.network).await.unwrap_err();
    assert!(matches!(refused, EngineError::InUse { .. }), "{refused:?}");
    engine.remove(&spec.server).await.unwrap();
    assert_eq!(engine.remove_network(&spec.network).await.unwrap(), Outcome::Done);
}

pub(super) async fn a_volume_is_made_once_and_keeps_its_data(world: &dyn World) {
    let (engine, wanted, mut spec) = (world.engine(), volume("a"), spec(world, "a"));
    let first = engine.ensure_volume(&wanted).await.unwrap();
    assert_eq!(
        (&first.key, &first.tenant, &first.server),
        (&wanted.key, &tenant("a"), &wanted.server)
    );
    assert_eq!(engine.ensure_volume(&wanted).await.unwrap(), first);
    assert_eq!(engine.list_volumes().await.unwrap(), [first]);

    spec.volumes.push(mount(&wanted, "/srv/data"));
    made(world, &spec).await;
    engine
        .archive_put(&spec.server, "/srv/data", tar(&[("kept", b"precious")]))
        .await
        .unwrap();
    spec.cpu_millis += 1;
    engine.ensure(&spec).await.unwrap();
    engine.remove(&spec.server).await.unwrap();
    engine.ensure(&spec).await.unwrap();
    let pieces: Vec<_> = engine
        .archive_get(&spec.server, "/srv/data/kept")
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    let all = pieces.concat();
    assert!(all.windows(8).any(|window| window == b"precious"));
}

pub(super) async fn a_volume_in_use_stays(world: &dyn World) {
    let (engine, wanted, mut spec) = (world.engine(), volume("a"), spec(world, "a"));
    engine.ensure_volume(&wanted).await.unwrap();
    spec.volumes.push(mount(&wanted, "/srv/data"));
    made(world, &spec).await;
    let refused = engine.remove_volume(&wanted.key).await.unwrap_err();
    assert!(matches!(refused, EngineError::InUse { .. }), "{refused:?}");
    engine.remove(&spec.server).await.unwrap();
    assert_eq!(engine.remove_volume(&wanted.key).await.unwrap(), Outcome::Done);
    assert_eq!(engine.remove_volume(&wanted.key).await.unwrap(), Outcome::Gone);
}

fn build(tag: &str, dockerfile: &str) -> BuildRequest {
    BuildRequest {
        tag: tag.to_owned(),
        context_tar: tar(&[("Dockerfile", dockerfile.as_bytes()), ("file", b"content")]),
        build_args: BTreeMap::from([("WORD".to_owned(), "hello".to_owned())]),
        labels: BTreeMap::from([("template".to_owned(), "site".to_owned())]),
        fresh: false,
    }
}

async fn run(world: &dyn World, request: BuildRequest) -> EngineResult<Vec<BuildEvent>> {
    world.engine().build_image(request).await?.try_collect().await
}

pub(super) async fn an_image_is_built_listed_and_removed(world: &dyn World) {
    let engine = world.engine();
    let tag = format!("berth-test/{}:1", world.instance());
    assert!(!engine.image_exists(&tag).await.unwrap());
    let dockerfile = format!("FROM {}\nARG WORD\nCOPY file /srv/$WORD\n", world.image());
    for _ in 0..2 {
        let events = run(world, build(&tag, &dockerfile)).await.unwrap();
        assert!(
            events.len() > 1 && matches!(events.last(), Some(BuildEvent::Done { .. })),
            "{events:?}"
        );
    }
    assert!(engine.image_exists(&tag).await.unwrap());
    let images = engine.list_images().await.unwrap();
    assert_eq!(images.len(), 1, "{images:?}");
    assert_eq!(images[0].tags, std::slice::from_ref(&tag));
    assert_eq!(images[0].labels.get("template").map(String::as_str), Some("site"));

    let mut server = spec(world, "a");
    server.image.clone_from(&tag);
    made(world, &server).await;
    let refused = engine.remove_image(&tag).await.unwrap_err();
    assert!(matches!(refused, EngineError::InUse { .. }), "{refused:?}");
    engine.remove(&server.server).await.unwrap();
    assert_eq!(engine.remove_image(&tag).await.unwrap(), Outcome::Done);
    assert_eq!(engine.remove_image(&tag).await.unwrap(), Outcome::Gone);
    assert_eq!(engine.list_images().await.unwrap(), []);
}

pub(super) async fn a_build_that_cannot_work_fails(world: &dyn World) {
    let engine = world.engine();
    let tag = format!("berth-test/{}:1", world.instance());
    let mut empty = build(&tag, "");
    empty.context_tar = tar(&[("file", b"content")]);
    for request in [build(&tag, "FROM berth-test/none:1\n"), empty] {
        let failed = run(world, request).await.unwrap_err();
        assert!(matches!(failed, EngineError::BuildFailed(_)), "{failed:?}");
    }
    let mut labelled = build(&tag, "FROM scratch\n");
    labelled
        .labels
        .insert("berth.server".to_owned(), "srv_x".to_owned());
    assert!(matches!(run(world, labelled).await, Err(EngineError::Invalid(_))));
    assert!(!engine.image_exists(&tag).await.unwrap());
}

pub(super) async fn the_host_is_described(world: &dyn World) {
    let engine = world.engine();
    engine.ping().await.unwrap();
    let info = engine.info().await.unwrap();
    assert!(info.cpus > 0 && info.memory_bytes > 1 << 28, "{info:?}");
    assert!(
        info.version.contains('.') && info.api_version.starts_with("1."),
        "{info:?}"
    );
    assert!(
        ["1", "2"].contains(&info.cgroup_version.as_str()) && !info.storage_driver.is_empty(),
        "{info:?}"
    );
    let mut events = engine.events().await.unwrap();
    let silence = tokio::time::timeout(Duration::from_millis(50), events.next()).await;
    assert!(silence.is_err(), "an event of nothing: {silence:?}");
}
