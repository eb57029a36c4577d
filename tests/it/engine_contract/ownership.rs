//! Laws about what is not ours.

use std::time::Duration;

use berth::drivers::engine::{
    BuildRequest, EngineError, EngineResult, InstanceKey, LogQuery, Outcome, TenantKey,
};

use super::world::{World, made, mount, network, running, server, spec, tar, tenant, volume};

fn is_foreign<T>(answer: EngineResult<T>) -> bool {
    matches!(answer.err(), Some(EngineError::Foreign { .. }))
}

fn name(world: &dyn World, key: &str) -> String {
    InstanceKey::new(world.instance()).unwrap().name(key)
}

pub(super) async fn a_foreign_container_is_not_touched(world: &dyn World) {
    let (engine, spec) = (world.engine(), spec(world, "a"));
    let name = name(world, spec.server.as_str());
    world.add_foreign(&name).await;
    engine.ensure_network(&network("a")).await.unwrap();
    let key = &spec.server;
    let argv = vec!["true".to_owned()];
    assert!(is_foreign(engine.observe(key).await));
    assert!(is_foreign(engine.ensure(&spec).await));
    assert!(is_foreign(engine.start(key).await));
    assert!(is_foreign(engine.stop(key, Duration::ZERO).await));
    assert!(is_foreign(engine.kill(key).await));
    assert!(is_foreign(engine.remove(key).await));
    assert!(is_foreign(engine.logs(key, LogQuery::default()).await));
    assert!(is_foreign(engine.stats(key).await));
    assert!(is_foreign(engine.exec(key, argv, Duration::from_secs(5)).await));
    assert!(is_foreign(engine.archive_get(key, "/etc").await));
    assert!(is_foreign(
        engine.archive_put(key, "/etc", tar(&[("a", b"b")])).await
    ));
    assert_eq!(engine.observe_all().await.unwrap(), []);
    assert!(world.foreign_is_untouched(&name).await);
}

pub(super) async fn foreign_networks_volumes_and_images_are_not_touched(world: &dyn World) {
    let engine = world.engine();
    let mut net = network("a");
    let mut vol = volume("a");
    net.key = "shared".parse().unwrap();
    vol.key = "shared".parse().unwrap();
    let name = name(world, "shared");
    world.add_foreign(&name).await;
    assert!(is_foreign(engine.ensure_network(&net).await));
    assert!(is_foreign(engine.remove_network(&net.key).await));
    assert!(is_foreign(engine.ensure_volume(&vol).await));
    assert!(is_foreign(engine.remove_volume(&vol.key).await));

    let mut in_network = spec(world, "b");
    in_network.network = net.key.clone();
    assert!(is_foreign(engine.ensure(&in_network).await));
    let mut with_volume = spec(world, "c");
    with_volume.volumes.push(mount(&vol, "/srv/data"));
    engine.ensure_network(&network("a")).await.unwrap();
    assert!(is_foreign(engine.ensure(&with_volume).await));

    assert!(is_foreign(engine.remove_image(&world.image()).await));
    let request = BuildRequest {
        tag: world.image(),
        context_tar: tar(&[("Dockerfile", b"FROM scratch\n")]),
        build_args: std::collections::BTreeMap::default(),
        labels: std::collections::BTreeMap::default(),
        fresh: false,
    };
    assert!(is_foreign(engine.build_image(request).await));
    assert!(engine.image_exists(&world.image()).await.unwrap());
    assert!(world.foreign_is_untouched(&name).await);
}

pub(super) async fn another_tenants_parts_are_not_used(world: &dyn World) {
    let engine = world.engine();
    engine.ensure_network(&network("a")).await.unwrap();
    engine.ensure_network(&network("b")).await.unwrap();
    let mut theirs = volume("b");
    theirs.tenant = tenant("b");
    engine.ensure_volume(&theirs).await.unwrap();
    let mut intruder = spec(world, "a");
    intruder.network = network("b").key;
    assert!(is_foreign(engine.ensure(&intruder).await));
    let mut thief = spec(world, "a");
    thief.volumes.push(mount(&theirs, "/srv/data"));
    assert!(is_foreign(engine.ensure(&thief).await));
    thief.tenant = TenantKey::new(tenant("b").as_str()).unwrap();
    thief.network = network("b").key;
    assert!(engine.ensure(&thief).await.is_ok());
}

pub(super) async fn all_of_ours_are_seen_and_nothing_else(world: &dyn World) {
    let engine = world.engine();
    world.add_foreign(&format!("foreign-{}", world.instance())).await;
    running(world, &spec(world, "a")).await;
    made(world, &spec(world, "b")).await;
    let mut all = engine.observe_all().await.unwrap();
    all.sort_by(|one, other| one.server.cmp(&other.server));
    let each = [
        engine.observe(&server("a")).await.unwrap(),
        engine.observe(&server("b")).await.unwrap(),
    ];
    assert_eq!(all, each);
    assert_eq!(engine.remove(&server("b")).await.unwrap(), Outcome::Done);
    assert_eq!(engine.observe_all().await.unwrap(), each[..1]);
}
