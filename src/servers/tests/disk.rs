//! Servers' disks in a node's pool: what keeps them, how they are resized, and whose quota they count for.

use std::path::PathBuf;

use chrono::Duration;

use crate::drivers::pool::fake::{FakePool, FakeVolume};
use crate::platform::db::Scoped as _;
use crate::platform::operations::State;

use super::super::actions::{self, SettingsInput};
use super::super::model::{Command, Quota, Server};
use super::scene::Scene;

const MIB: u64 = 1 << 20;

async fn scene() -> Scene {
    Scene::with(|config| config.volume_driver_socket = Some(PathBuf::from("/run/docker/plugins/berth.sock")))
        .await
}

fn pool(scene: &Scene) -> FakePool {
    scene.test.engine.pool()
}

fn name(server: &Server) -> String {
    format!("berth-{}-site", server.id)
}

fn volume(scene: &Scene, server: &Server) -> FakeVolume {
    pool(scene).volume(&name(server)).unwrap()
}

async fn resize(
    scene: &Scene,
    server: &Server,
    size: &str,
) -> Result<actions::Changed, crate::platform::error::Error> {
    scene.tick();
    let input = SettingsInput {
        size: Some(size.to_owned()),
        ..SettingsInput::default()
    };
    actions::change(&scene.test.app, &scene.scope, server.id, input, |_| Ok(())).await
}

#[tokio::test]
async fn without_a_pool_a_quota_is_soft_and_says_so() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    assert_eq!(server.quota(), Some(Quota::Soft));
    assert_eq!(pool(&scene).volume(&name(&server)), None);
}

#[tokio::test]
async fn with_a_pool_it_is_enforced_within_the_tenants() {
    let scene = scene().await;
    let asked = scene.create("web").await.unwrap();
    assert_eq!(asked.server.quota(), None);
    scene.work().await;
    let server = scene.find(&asked.server).await;
    assert_eq!(server.quota(), Some(Quota::Enforced));
    let tenant = scene.scope.tenant().to_string();
    let volume = volume(&scene, &server);
    assert_eq!((volume.tenant, volume.size), (Some(tenant.clone()), 2048 * MIB));
    assert_eq!(pool(&scene).limit(&tenant), Some(100_000_000 * MIB));
}

#[tokio::test]
async fn a_disk_is_resized_while_the_server_runs_and_while_it_does_not() {
    let scene = scene().await;
    let server = scene.running("web").await;
    let before = scene.seen(&server).await;
    resize(&scene, &server, "microcomputer").await.unwrap();
    scene.work().await;
    assert_eq!(volume(&scene, &server).size, 10_240 * MIB);
    assert_eq!(scene.seen(&server).await.started_at, before.started_at);
    scene.command(&server, Command::Stop).await;
    scene.work().await;
    resize(&scene, &server, "small-box").await.unwrap();
    scene.work().await;
    assert_eq!(volume(&scene, &server).size, 2048 * MIB);
    assert_eq!(scene.work().await, 0, "it comes to rest");
}

#[tokio::test]
async fn a_disk_does_not_shrink_below_what_it_holds() {
    let scene = scene().await;
    let server = scene.running("web").await;
    resize(&scene, &server, "microcomputer").await.unwrap();
    scene.work().await;
    // Nobody has measured it yet: the pool refuses, and the server runs on and says why.
    pool(&scene).fill(&name(&server), 3000 * MIB);
    let changed = resize(&scene, &server, "small-box").await.unwrap();
    scene.work().await;
    assert_eq!(volume(&scene, &server).size, 10_240 * MIB);
    let now = scene.find(&server).await;
    assert_eq!(now.observed.seen.word(), "running");
    assert!(
        now.notes
            .error
            .as_deref()
            .is_some_and(|error| error.contains("holds 3000 MiB")),
        "{:?}",
        now.notes
    );
    // It can be stopped and started nevertheless.
    scene.command(&server, Command::Stop).await;
    scene.later(Duration::minutes(6)).await;
    assert_eq!(scene.find(&server).await.observed.seen.word(), "exited");
    scene.command(&server, Command::Start).await;
    scene.later(Duration::minutes(6)).await;
    assert_eq!(scene.find(&server).await.observed.seen.word(), "running");
    // With room again it becomes what was asked for.
    pool(&scene).fill(&name(&server), 8 * MIB);
    scene.later(Duration::minutes(6)).await;
    assert_eq!(volume(&scene, &server).size, 2048 * MIB);
    assert_eq!(scene.find(&server).await.notes.error, None);
    drop(changed);
}

#[tokio::test]
async fn what_was_measured_refuses_at_once() {
    let scene = scene().await;
    let server = scene.running("web").await;
    resize(&scene, &server, "microcomputer").await.unwrap();
    scene.work().await;
    let mut tx = scene.tx().await;
    let noted = sqlx::query!(
        "update server_volume set used_bytes = $2, measured_at = now() where server_id = $1",
        server.id.0,
        3_221_225_472_i64
    );
    assert_eq!(noted.execute(tx.conn()).await.unwrap().rows_affected(), 1);
    tx.commit().await.unwrap();
    let refused = resize(&scene, &server, "small-box").await.unwrap_err();
    let refused = format!("{refused:?}");
    assert!(
        refused.contains("holds 3072 MiB") && refused.contains("2048 MiB"),
        "{refused}"
    );
    assert_eq!(scene.find(&server).await.size, "microcomputer");
}

#[tokio::test]
async fn a_server_from_before_the_pool_stays_soft() {
    let scene = scene().await;
    let server = scene.running("web").await;
    let mut tx = scene.tx().await;
    let aged = sqlx::query!(
        "with volumes as (update server_volume set is_pooled = false, is_enforced = false where server_id = $1 returning server_id) \
         update server set is_disk_enforced = false where id in (select server_id from volumes)",
        server.id.0
    );
    aged.execute(tx.conn()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scene.find(&server).await.quota(), Some(Quota::Soft));
    resize(&scene, &server, "microcomputer").await.unwrap();
    scene.work().await;
    assert_eq!(
        volume(&scene, &server).size,
        2048 * MIB,
        "what is soft is not resized"
    );
    assert_eq!(scene.find(&server).await.notes.error, None);
}

#[tokio::test]
async fn tenants_quotas_follow_their_plans() {
    let scene = scene().await;
    let server = scene.running("web").await;
    let tenant = scene.scope.tenant().to_string();
    let set = async |mib: i64| {
        let mut tx = scene.tx().await;
        let set = sqlx::query!("update plan set max_disk_mib = $1", mib);
        set.execute(tx.conn()).await.unwrap();
        tx.commit().await.unwrap();
        scene.servers.compare_quotas().await;
        pool(&scene).limit(&tenant).unwrap() / MIB
    };
    assert_eq!(set(4096).await, 4096);
    // Who holds more than a smaller plan gives keeps that.
    pool(&scene).fill(&name(&server), 3000 * MIB);
    assert_eq!(set(1024).await, 3000);
    pool(&scene).fill(&name(&server), 1000 * MIB);
    assert_eq!(set(1024).await, 1024);
    // A deleted server that is kept takes nothing from the others.
    scene.delete(&server).await;
    scene.work().await;
    assert_eq!(set(1024).await, 1024 + 2048);
    // The pool may forget a tenant who has nothing in it any more.
    actions::erase(&scene.test.app, &scene.scope, server.id, None)
        .await
        .unwrap();
    scene.work().await;
    scene.servers.compare_quotas().await;
    assert_eq!(pool(&scene).limit(&tenant), None);
}

#[tokio::test]
async fn who_needs_a_driver_that_is_away_waits_and_says_so() {
    let scene = scene().await;
    let server = scene.running("web").await;
    scene.command(&server, Command::Stop).await;
    scene.work().await;
    pool(&scene).set_away(true);
    let asked = scene.command(&server, Command::Start).await;
    scene.work().await;
    let told = scene.told(&server).await;
    assert!(
        told.contains("volume driver of its node does not answer"),
        "{told}"
    );
    pool(&scene).set_away(false);
    scene.later(Duration::minutes(1)).await;
    assert_eq!(scene.find(&server).await.observed.seen.word(), "running");
    assert_eq!(scene.operation(&asked).await.state, State::Succeeded);
    // The same for one that is yet to be made.
    pool(&scene).set_away(true);
    let new = scene.create("new").await.unwrap();
    scene.work().await;
    let told = scene.told(&new.server).await;
    assert!(
        told.contains("volume driver of its node does not answer"),
        "{told}"
    );
    pool(&scene).set_away(false);
    scene.later(Duration::minutes(1)).await;
    assert_eq!(scene.find(&new.server).await.quota(), Some(Quota::Enforced));
}
