//! Two panels that have one instance's name and a database each, on a real engine; and what is there from before
//! installations had ids.

use std::time::Duration;

use berth::drivers::engine::{
    ContainerSpec, Engine, EngineError, EngineResult, LogQuery, ObservedState, Outcome, Owner, Subject,
};
use bollard::query_parameters::CreateContainerOptionsBuilder;
use futures_util::StreamExt as _;

use super::docker_world::{DockerWorld, installation_key};
use super::world::{PATIENCE, World, made, mount, network, running, server, spec, volume};

const LABEL: &str = "berth.installation";

fn is_theirs<T>(answer: EngineResult<T>) -> bool {
    matches!(answer.err(), Some(EngineError::OtherInstallation { .. }))
}

/// A server with a volume, and all that it needs.
async fn with_volume(world: &DockerWorld) -> ContainerSpec {
    let mut spec = spec(world, "a");
    spec.volumes.push(mount(&volume("a"), "/srv/data"));
    world.engine().ensure_volume(&volume("a")).await.unwrap();
    spec
}

#[tokio::test]
async fn what_another_installation_made_is_not_touched() {
    let world = DockerWorld::new().await;
    let (ours, theirs) = (world.engine(), world.other_installation());
    let spec = with_volume(&world).await;
    let before = running(&world, &spec).await;
    let (key, grace) = (&spec.server, Duration::ZERO);
    assert!(is_theirs(theirs.observe(key).await));
    assert!(is_theirs(theirs.ensure(&spec).await));
    assert!(is_theirs(theirs.start(key).await));
    assert!(is_theirs(theirs.stop(key, grace).await));
    assert!(is_theirs(theirs.kill(key).await));
    assert!(is_theirs(theirs.remove(key).await));
    assert!(is_theirs(theirs.logs(key, LogQuery::default()).await));
    assert!(is_theirs(theirs.archive_get(key, "/etc").await));
    assert!(is_theirs(theirs.ensure_network(&network("a")).await));
    assert!(is_theirs(theirs.remove_network(&network("a").key).await));
    assert!(is_theirs(theirs.ensure_volume(&volume("a")).await));
    assert!(is_theirs(theirs.remove_volume(&volume("a").key).await));
    assert_eq!(theirs.observe_all().await.unwrap(), []);
    assert_eq!(theirs.list_networks().await.unwrap(), []);
    assert_eq!(theirs.list_volumes().await.unwrap(), []);
    assert_eq!(ours.observe(key).await.unwrap(), before);
    assert_eq!(ours.list_volumes().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_another_installation_does_is_not_heard() {
    let world = DockerWorld::new().await;
    let (ours, theirs) = (world.engine(), world.other_installation());
    let mut heard = theirs.events().await.unwrap();
    made(&world, &spec(&world, "a")).await;
    assert_eq!(ours.remove(&server("a")).await.unwrap(), Outcome::Done);
    let mut own = spec(&world, "b");
    own.network = network("b").key;
    own.tenant = network("b").tenant;
    theirs.ensure_network(&network("b")).await.unwrap();
    theirs.ensure(&own).await.unwrap();
    let first = tokio::time::timeout(PATIENCE, heard.next()).await.unwrap();
    assert_eq!(first.unwrap().unwrap().about, Subject::Server(own.server.clone()));
}

/// Makes a server's parts as Berth made them before installations had ids, and starts it.
async fn made_long_ago(world: &DockerWorld, spec: &ContainerSpec) {
    let owner = Owner {
        instance: world.instance.clone(),
        installation: installation_key(),
    };
    let mut old_network = network("a").to_network(&owner);
    old_network.labels.as_mut().unwrap().remove(LABEL).unwrap();
    world.docker.create_network(old_network).await.unwrap();
    let mut old_volume = volume("a").to_volume(&owner);
    old_volume.labels.as_mut().unwrap().remove(LABEL).unwrap();
    world.docker.create_volume(old_volume).await.unwrap();
    let mut container = spec.to_container(&owner).unwrap();
    container.labels.as_mut().unwrap().remove(LABEL).unwrap();
    let name = owner.name(spec.server.as_str());
    let options = CreateContainerOptionsBuilder::default().name(&name).build();
    world
        .docker
        .create_container(Some(options), container)
        .await
        .unwrap();
    world.docker.start_container(&name, None).await.unwrap();
}

#[tokio::test]
async fn what_is_from_before_installations_had_ids_stays_ours_and_is_not_restarted() {
    let world = DockerWorld::new().await;
    let engine = world.engine();
    let mut spec = spec(&world, "a");
    spec.volumes.push(mount(&volume("a"), "/srv/data"));
    made_long_ago(&world, &spec).await;
    let before = engine.observe(&spec.server).await.unwrap();
    assert_eq!(
        (&before.state, before.is_marked),
        (&ObservedState::Running, false)
    );
    assert!(!engine.ensure_network(&network("a")).await.unwrap().is_marked);
    assert!(!engine.ensure_volume(&volume("a")).await.unwrap().is_marked);
    assert_eq!(engine.ensure(&spec).await.unwrap(), before, "nobody is restarted");
    assert_eq!(engine.observe_all().await.unwrap(), [before]);

    spec.env = [("NEW", "wish")].into_iter().collect();
    assert!(engine.ensure(&spec).await.unwrap().is_marked);
    assert!(engine.observe(&spec.server).await.unwrap().is_marked);
    assert_eq!(engine.remove(&spec.server).await.unwrap(), Outcome::Done);
    assert_eq!(
        engine.remove_volume(&volume("a").key).await.unwrap(),
        Outcome::Done
    );
    assert_eq!(
        engine.remove_network(&network("a").key).await.unwrap(),
        Outcome::Done
    );
}
