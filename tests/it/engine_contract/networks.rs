//! Servers in several networks: laws that every engine keeps, and whom servers really reach on a real one.

use berth::drivers::engine::{ContainerSpec, EngineError, NetworkKey, NetworkSpec, ObservedState, Outcome};
use futures_util::future::join_all;

use super::docker_world::DockerWorld;
use super::guard::{guard, hears, listen_on_the_host, web};
use super::outside::{ALLOWED, LISTED, METADATA, Outside};
use super::world::{World, made, network, running, server, spec, tenant, until};

/// A network of tenant `of` besides its usual one.
fn private(name: &str, of: &str) -> NetworkSpec {
    NetworkSpec {
        tenant: tenant(of),
        ..network(name)
    }
}

async fn within(world: &dyn World, spec: &ContainerSpec) -> Vec<NetworkKey> {
    let seen = world.engine().observe(&spec.server).await.unwrap();
    seen.networks.into_iter().collect()
}

pub(super) async fn a_server_joins_and_leaves_networks_while_it_runs(world: &dyn World) {
    let (engine, spec, other) = (world.engine(), spec(world, "a"), private("x", "a"));
    running(world, &spec).await;
    assert_eq!(within(world, &spec).await, std::slice::from_ref(&spec.network));
    let missing = engine.join_network(&spec.server, &other.key, &spec.aliases).await;
    assert!(
        matches!(missing, Err(EngineError::NetworkMissing { .. })),
        "{missing:?}"
    );

    engine.ensure_network(&other).await.unwrap();
    let gone = engine
        .join_network(&server("none"), &other.key, &spec.aliases)
        .await;
    assert_eq!(gone.unwrap(), Outcome::Gone);
    for outcome in [Outcome::Done, Outcome::Already] {
        let joined = engine.join_network(&spec.server, &other.key, &spec.aliases).await;
        assert_eq!(joined.unwrap(), outcome);
        assert_eq!(
            within(world, &spec).await,
            [spec.network.clone(), other.key.clone()]
        );
    }
    let all = engine.observe_all().await.unwrap();
    assert_eq!(all[0].networks.len(), 2, "the list tells as much");
    for outcome in [Outcome::Done, Outcome::Gone] {
        assert_eq!(
            engine.leave_network(&spec.server, &other.key).await.unwrap(),
            outcome
        );
        assert_eq!(within(world, &spec).await, std::slice::from_ref(&spec.network));
    }
    let gone = engine.leave_network(&server("none"), &other.key).await;
    assert_eq!(gone.unwrap(), Outcome::Gone);
    let seen = engine.observe(&spec.server).await.unwrap();
    assert_eq!((seen.state, seen.restart_count), (ObservedState::Running, 0));
}

pub(super) async fn a_server_that_does_not_run_starts_where_it_was_put(world: &dyn World) {
    let (engine, spec, other) = (world.engine(), spec(world, "a"), private("x", "a"));
    made(world, &spec).await;
    engine.ensure_network(&other).await.unwrap();
    let joined = engine.join_network(&spec.server, &other.key, &spec.aliases).await;
    assert_eq!(joined.unwrap(), Outcome::Done);
    let left = engine.leave_network(&spec.server, &spec.network).await;
    assert_eq!(left.unwrap(), Outcome::Done);
    for _ in 0..2 {
        engine.start(&spec.server).await.unwrap();
        let seen = until(world, &spec.server, |seen| seen.state == ObservedState::Running).await;
        assert_eq!(
            seen.networks.into_iter().collect::<Vec<_>>(),
            std::slice::from_ref(&other.key)
        );
        engine.kill(&spec.server).await.unwrap();
    }
}

pub(super) async fn networks_of_others_are_not_joined(world: &dyn World) {
    let (engine, spec) = (world.engine(), spec(world, "a"));
    running(world, &spec).await;
    engine.ensure_network(&network("b")).await.unwrap();
    let name = format!("{}-net_taken", world.instance());
    world.add_foreign(&name).await;
    let taken = NetworkKey::new("net_taken").unwrap();
    for key in [network("b").key, taken] {
        let refused = engine.join_network(&spec.server, &key, &spec.aliases).await;
        assert!(matches!(refused, Err(EngineError::Foreign { .. })), "{refused:?}");
    }
    assert_eq!(within(world, &spec).await, std::slice::from_ref(&spec.network));
    assert!(world.foreign_is_untouched(&name).await);
}

pub(super) async fn a_network_in_use_stays_and_one_that_is_gone_is_left(world: &dyn World) {
    let (engine, spec, other) = (world.engine(), spec(world, "a"), private("x", "a"));
    running(world, &spec).await;
    engine.ensure_network(&other).await.unwrap();
    engine
        .join_network(&spec.server, &other.key, &spec.aliases)
        .await
        .unwrap();
    let refused = engine.remove_network(&other.key).await;
    assert!(matches!(refused, Err(EngineError::InUse { .. })), "{refused:?}");
    engine.kill(&spec.server).await.unwrap();
    until(world, &spec.server, |seen| {
        matches!(seen.state, ObservedState::Exited { .. })
    })
    .await;
    assert_eq!(engine.remove_network(&other.key).await.unwrap(), Outcome::Done);
    assert_eq!(
        engine.leave_network(&spec.server, &other.key).await.unwrap(),
        Outcome::Done
    );
    assert_eq!(within(world, &spec).await, std::slice::from_ref(&spec.network));
    engine.start(&spec.server).await.unwrap();
    until(world, &spec.server, |seen| seen.state == ObservedState::Running).await;
}

async fn join(world: &DockerWorld, spec: &ContainerSpec, network: &NetworkSpec) {
    let engine = world.engine();
    engine.ensure_network(network).await.unwrap();
    engine
        .join_network(&spec.server, &network.key, &spec.aliases)
        .await
        .unwrap();
}

#[tokio::test]
async fn only_those_who_share_a_network_reach_each_other() {
    let world = DockerWorld::new().await;
    let (engine, back) = (world.engine(), private("x", "a"));
    let (one, _) = web(&world, "one", "a").await;
    let (two, _) = web(&world, "two", "a").await;
    let (three, _) = web(&world, "three", "a").await;
    assert_eq!(hears(&world, &three, "one", 8080).await, "one");
    for spec in [&one, &two] {
        join(&world, spec, &back).await;
        engine.leave_network(&spec.server, &spec.network).await.unwrap();
    }
    let address = engine.observe(&one.server).await.unwrap().ip_addresses[0].to_string();
    assert_eq!(
        hears(&world, &two, "one", 8080).await,
        "one",
        "by name in the private network"
    );
    assert_eq!(hears(&world, &two, &address, 8080).await, "one");
    assert_eq!(hears(&world, &three, "one", 8080).await, "");
    assert_eq!(hears(&world, &three, &address, 8080).await, "");
    assert_eq!(hears(&world, &one, "three", 8080).await, "");

    join(&world, &three, &private("y", "a")).await;
    assert_eq!(
        hears(&world, &three, &address, 8080).await,
        "",
        "another private network"
    );
    join(&world, &three, &back).await;
    assert_eq!(hears(&world, &three, "one", 8080).await, "one", "while it runs");
}

#[tokio::test]
async fn through_another_network_a_server_reaches_nothing_more_of_the_host_or_of_strangers() {
    let world = DockerWorld::new().await;
    let engine = world.engine();
    let outside = Outside::new(&world).await;
    let (back, theirs) = (private("x", "a"), private("y", "b"));
    let (ours, _) = web(&world, "one", "a").await;
    let (two, _) = web(&world, "two", "a").await;
    let (stranger, _) = web(&world, "three", "b").await;
    for (spec, network) in [(&ours, &back), (&two, &back), (&stranger, &theirs)] {
        join(&world, spec, network).await;
        engine.leave_network(&spec.server, &spec.network).await.unwrap();
    }
    engine.ensure_guard(&guard(&world)).await.unwrap();
    let made = engine.ensure_network(&back).await.unwrap();
    let gateway = first_address(&made.subnets[0]);
    // What the panel and PostgreSQL are for it: something that listens on the host.
    let (panel, postgres) = (listen_on_the_host(), listen_on_the_host());
    let foe = engine.observe(&stranger.server).await.unwrap();
    let (address, published) = (foe.ip_addresses[0].to_string(), foe.ports[0].host_port);
    let asked = [
        ("two", 8080),
        (ALLOWED, 8080),
        (&*gateway, panel),
        (&*gateway, postgres),
        (&outside.host, panel),
        (&outside.host, postgres),
        (METADATA, 8080),
        (LISTED, 8080),
        (&*address, 8080),
        ("three", 8080),
        (&*gateway, published),
    ];
    let heard = join_all(asked.map(|(host, port)| hears(&world, &ours, host, port))).await;
    let mut wanted = vec!["two", "outside"];
    wanted.resize(asked.len(), "");
    assert_eq!(heard, wanted);
}

/// The address of the host in a network: the first.
pub(super) fn first_address(subnet: &str) -> String {
    let network: ipnet::Ipv4Net = subnet.parse().unwrap();
    network.hosts().next().unwrap().to_string()
}
