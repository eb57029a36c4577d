//! What only a real engine does.

use std::time::Duration;

use berth::drivers::engine::{
    BuildRequest, EngineError, EngineResult, LogQuery, MAX_EXEC_OUTPUT, ObservedState, Outcome,
};
use bollard::{models::NetworkCreateRequest, query_parameters::RenameContainerOptionsBuilder};
use futures_util::TryStreamExt;

use super::{
    docker_world::{DockerWorld, IMAGE},
    world::{PATIENCE, World, made, network, running, server, spec, tar},
};

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

async fn build(world: &DockerWorld, dockerfile: &str) -> EngineResult<String> {
    let request = BuildRequest {
        tag: format!("berth-test/{}:1", world.instance),
        context_tar: tar(&[("Dockerfile", format!("FROM {IMAGE}\n{dockerfile}\n").as_bytes())]),
        build_args: std::collections::BTreeMap::default(),
        labels: std::collections::BTreeMap::default(),
        fresh: false,
    };
    let tag = request.tag.clone();
    world
        .engine()
        .build_image(request)
        .await?
        .try_collect::<Vec<_>>()
        .await
        .map(|_| tag)
}

#[tokio::test]
async fn a_grace_is_given_and_ends() {
    let world = DockerWorld::new().await;
    let (engine, mut polite, mut deaf) = (world.engine(), spec(&world, "a"), spec(&world, "b"));
    let ready = "touch /tmp/ready; while :; do usleep 20000; done";
    polite.command = Some(words(&["sh", "-c", &format!("trap 'exit 7' TERM; {ready}")]));
    deaf.command = Some(words(&["sh", "-c", &format!("trap '' TERM; {ready}")]));
    for (spec, grace, exit_code) in [(&polite, PATIENCE, 7), (&deaf, Duration::from_millis(500), 137)] {
        running(&world, spec).await;
        let wait = words(&["sh", "-c", "until [ -e /tmp/ready ]; do usleep 20000; done"]);
        engine.exec(&spec.server, wait, PATIENCE).await.unwrap();
        assert_eq!(engine.stop(&spec.server, grace).await.unwrap(), Outcome::Done);
        let state = engine.observe(&spec.server).await.unwrap().state;
        assert_eq!(
            state,
            ObservedState::Exited {
                exit_code,
                oom_killed: false
            }
        );
    }
}

#[tokio::test]
async fn a_paused_server_is_seen_and_started() {
    let world = DockerWorld::new().await;
    let (engine, spec) = (world.engine(), spec(&world, "a"));
    running(&world, &spec).await;
    world
        .docker
        .pause_container(&world.instance.name(spec.server.as_str()))
        .await
        .unwrap();
    assert_eq!(
        engine.observe(&spec.server).await.unwrap().state,
        ObservedState::Paused
    );
    assert_eq!(engine.start(&spec.server).await.unwrap(), Outcome::Done);
    assert_eq!(
        engine.observe(&spec.server).await.unwrap().state,
        ObservedState::Running
    );
}

#[tokio::test]
async fn a_renamed_container_is_no_longer_ours() {
    let world = DockerWorld::new().await;
    let (engine, spec) = (world.engine(), spec(&world, "a"));
    running(&world, &spec).await;
    let other = format!("{}-renamed", world.instance);
    let options = RenameContainerOptionsBuilder::default().name(&other).build();
    world
        .docker
        .rename_container(&world.instance.name(spec.server.as_str()), options)
        .await
        .unwrap();
    assert_eq!(
        engine.observe(&spec.server).await.unwrap().state,
        ObservedState::Gone
    );
    assert_eq!(engine.observe_all().await.unwrap(), []);
}

#[tokio::test]
async fn labels_inherited_from_our_image_make_nothing_ours() {
    let world = DockerWorld::new().await;
    let (engine, tag) = (world.engine(), build(&world, "").await.unwrap());
    let key = server("a");
    world
        .run_foreign(&world.instance.name(key.as_str()), &tag, &[])
        .await;
    let removed = engine.remove(&key).await;
    assert!(matches!(removed, Err(EngineError::Foreign { .. })), "{removed:?}");
    assert_eq!(engine.observe_all().await.unwrap(), []);
}

#[tokio::test]
async fn volumes_that_an_image_declares_go_with_the_container() {
    let world = DockerWorld::new().await;
    let (engine, mut spec) = (world.engine(), spec(&world, "a"));
    spec.image = build(&world, "VOLUME /data").await.unwrap();
    running(&world, &spec).await;
    let name = world.instance.name(spec.server.as_str());
    let mounts = world
        .docker
        .inspect_container(&name, None)
        .await
        .unwrap()
        .mounts
        .unwrap();
    let volume = mounts[0].name.clone().unwrap();
    assert!(world.docker.inspect_volume(&volume).await.is_ok());
    engine.remove(&spec.server).await.unwrap();
    assert!(world.docker.inspect_volume(&volume).await.is_err());
}

#[tokio::test]
async fn a_failing_step_of_a_build_says_why() {
    let world = DockerWorld::new().await;
    let failed = build(&world, "RUN echo trouble && exit 3").await.unwrap_err();
    assert!(
        matches!(&failed, EngineError::BuildFailed(why) if why.contains('3')),
        "{failed:?}"
    );
}

#[tokio::test]
async fn what_is_not_utf8_is_repaired() {
    let world = DockerWorld::new().await;
    let mut spec = spec(&world, "a");
    spec.command = Some(words(&["sh", "-c", "printf 'a\\377b\\n'; exec sleep 1000"]));
    running(&world, &spec).await;
    let follow = LogQuery {
        follow: true,
        ..LogQuery::default()
    };
    let mut lines = world.engine().logs(&spec.server, follow).await.unwrap();
    assert_eq!(lines.try_next().await.unwrap().unwrap().text, "a\u{fffd}b");
}

#[tokio::test]
async fn endless_output_of_a_command_is_cut() {
    let world = DockerWorld::new().await;
    let (engine, spec) = (world.engine(), spec(&world, "a"));
    running(&world, &spec).await;
    let much = words(&["head", "-c", "3000000", "/dev/zero"]);
    let output = engine.exec(&spec.server, much, PATIENCE).await.unwrap();
    assert_eq!(
        (output.exit_code, output.stdout.len(), output.cut),
        (0, MAX_EXEC_OUTPUT, true)
    );
}

#[tokio::test]
async fn a_network_has_the_addresses_that_were_asked_for_or_is_refused() {
    let world = DockerWorld::new().await;
    let (engine, mut wanted) = (world.engine(), network("a"));
    let third = std::process::id() % 250;
    wanted.subnet = Some(format!("10.213.{third}.0/28"));
    wanted.internal = true;
    let made = engine.ensure_network(&wanted).await.unwrap();
    assert_eq!(
        (made.subnets, made.internal),
        (vec![wanted.subnet.clone().unwrap()], true)
    );
    let mut other = network("b");
    other.subnet.clone_from(&wanted.subnet);
    let refused = engine.ensure_network(&other).await.unwrap_err();
    assert!(matches!(refused, EngineError::Invalid(_)), "{refused:?}");
}

#[tokio::test]
async fn of_two_networks_with_one_name_the_oldest_counts() {
    let world = DockerWorld::new().await;
    let (engine, wanted) = (world.engine(), network("a"));
    let first = engine.ensure_network(&wanted).await.unwrap();
    let labels = [("berth.instance".to_owned(), world.instance.to_string())].into();
    let twin = NetworkCreateRequest {
        name: first.name.clone(),
        labels: Some(labels),
        ..Default::default()
    };
    // Engines from API 1.44 on refuse it, which is as good.
    drop(world.docker.create_network(twin).await);
    assert_eq!(engine.ensure_network(&wanted).await.unwrap(), first);
}

#[tokio::test]
async fn a_removed_servers_log_is_over() {
    let world = DockerWorld::new().await;
    let (engine, spec) = (world.engine(), spec(&world, "a"));
    made(&world, &spec).await;
    let lines = engine.logs(&spec.server, LogQuery::default()).await.unwrap();
    engine.remove(&spec.server).await.unwrap();
    assert_eq!(lines.try_collect::<Vec<_>>().await.unwrap(), []);
}
