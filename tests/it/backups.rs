//! Backups on the real engine and the real pool: they read a snapshot with a dump in it, come back as a whole in place and as
//! another server, and neither a killed panel nor its successor leaves anything behind.

use std::time::Duration;

use serde_json::{Value, json};

use crate::disk::{Scene, docker};
use crate::engine_contract::docker_world::{make_backup_image, make_files_image};
use crate::panel::until_within;

/// Where panels die while a backup is made, and while a server is restored in place.
const MAKING: [&str; 3] = ["backups.still", "backups.saved", "backups.let_go"];
const RESTORING: [&str; 2] = ["backups.kept", "backups.put"];

/// A lease has to run out first, and a machine that builds meanwhile is slow.
const PATIENCE: Duration = Duration::from_mins(4);

/// All of these.
pub(crate) fn points() -> impl Iterator<Item = &'static str> {
    MAKING.into_iter().chain(RESTORING)
}

const FILL: &str = "mkdir -p /srv/deep && echo then > /srv/deep/letter && chmod 640 /srv/deep/letter \
     && dd if=/dev/urandom of=/srv/big bs=64k count=32 && ln -s big /srv/link && sync";
const CHANGE: &str = "rm /srv/link && echo now > /srv/deep/letter && echo new > /srv/new && sync";
const LOOK: &str = "cd /srv && find . | sort | while read -r one; do \
     echo \"$one $(stat -c '%F %a %u:%g' \"$one\") $(readlink \"$one\" || true)\"; done && md5sum big deep/letter";

pub(crate) async fn images() {
    let docker =
        bollard::Docker::connect_with_unix("/var/run/docker.sock", 120, bollard::API_DEFAULT_VERSION);
    let docker = docker.unwrap().negotiate_version().await.unwrap();
    make_files_image(&docker).await;
    make_backup_image(&docker).await;
}

pub(crate) fn path(server: &str, rest: &str) -> String {
    format!("/api/v1/servers/{server}/backups{rest}")
}

pub(crate) async fn ask(scene: &Scene, server: &str, rest: &str) -> Value {
    let asked = scene.program.json("POST", &path(server, rest), &json!({})).await;
    asked.expect(202).json()
}

pub(crate) async fn has_succeeded(scene: &Scene, asked: &Value) {
    let path = format!("/api/v1/operations/{}", asked["operation_id"].as_str().unwrap());
    until_within(PATIENCE, "the work is done", async || {
        let operation = scene.program.get(&path).await.expect(200).json();
        assert_ne!(operation["state"], "failed", "{operation}");
        operation["state"] == "succeeded"
    })
    .await;
}

async fn runs(scene: &Scene, server: &str) {
    until_within(PATIENCE, "it runs", async || {
        let shown = scene.server(&scene.program, server).await;
        shown["engine_state"] == "running" && shown["pending"] == false
    })
    .await;
}

/// Nothing of what made the server hold still is there any more.
pub(crate) async fn nothing_is_left(scene: &Scene, server: &str, backup: &str) {
    let place = scene
        .pool
        .join("volumes")
        .join(scene.volume(server))
        .join("snapshots");
    let left = std::fs::read_dir(&place).map_or(0, Iterator::count);
    assert_eq!(left, 0, "{}", place.display());
    let name = backup.trim_start_matches("bak_");
    let views = docker(&["volume", "ls", "--quiet", "--filter", &format!("name={name}")]).await;
    assert_eq!(views, "");
    let files = scene.inside(server, "ls -A /srv").await;
    assert!(!files.contains(".berth-dump"), "{files}");
}

#[tokio::test]
async fn a_backup_is_of_one_moment_whoever_dies() {
    let scene = Scene::set().await;
    images().await;
    let panel = scene.panel.serve().await;
    let server = scene.running(&scene.program, "box", "thick").await;
    scene.inside(&server, FILL).await;
    let since = scene.started_at(&server).await;
    panel.kill().await;

    let asked = ask(&scene, &server, "").await;
    let id = asked["id"].as_str().unwrap().to_owned();
    let place = scene
        .pool
        .join("volumes")
        .join(scene.volume(&server))
        .join("snapshots");
    for point in MAKING {
        scene.panel.start(Some(point)).died_within(PATIENCE, point).await;
        if point == MAKING[0] {
            assert_eq!(
                std::fs::read_dir(&place).unwrap().count(),
                1,
                "it reads a snapshot"
            );
        }
    }
    let panel = scene.panel.serve().await;
    has_succeeded(&scene, &asked).await;
    nothing_is_left(&scene, &server, &id).await;
    assert_eq!(scene.started_at(&server).await, since, "making one stops nothing");
    let url = format!(
        "http://{}{}",
        scene.panel.address,
        path(&server, &format!("/{id}"))
    );
    let get = async |rest: &str| {
        let asked = reqwest::Client::new()
            .get(format!("{url}{rest}"))
            .bearer_auth(scene.program.bearer());
        asked.send().await.unwrap().text().await.unwrap()
    };
    assert_eq!(get("/content?path=/data/.berth-dump/all").await, "dumped\n");
    assert_eq!(get("/content?path=/data/deep/letter").await, "then\n");
    panel.stop().await;
}

#[tokio::test]
async fn a_whole_server_comes_back_in_place_and_as_another_one() {
    let scene = Scene::set().await;
    images().await;
    let panel = scene.panel.serve().await;
    let server = scene.running(&scene.program, "box", "thick").await;
    scene.inside(&server, FILL).await;
    let then = scene.inside(&server, LOOK).await;
    let backup = ask(&scene, &server, "").await;
    has_succeeded(&scene, &backup).await;
    scene.inside(&server, CHANGE).await;
    let now = scene.inside(&server, LOOK).await;
    assert_ne!(now, then);
    let id = backup["id"].as_str().unwrap();

    let beside = ask(&scene, &server, &format!("/{id}/clone")).await;
    let other = beside["server_id"].as_str().unwrap().to_owned();
    runs(&scene, &other).await;
    let there = scene.inside(&other, LOOK).await;
    // What the dump brought along is part of it.
    let without = |text: &str| {
        text.lines()
            .filter(|line| !line.contains(".berth-dump"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(without(&there), then);
    assert_eq!(scene.inside(&server, LOOK).await, now);
    panel.kill().await;

    // In place, by panels that die in the middle of it.
    let asked = ask(&scene, &server, &format!("/{id}/restore-over")).await;
    for point in RESTORING {
        scene.panel.start(Some(point)).died_within(PATIENCE, point).await;
    }
    let panel = scene.panel.serve().await;
    has_succeeded(&scene, &asked).await;
    runs(&scene, &server).await;
    assert_eq!(without(&scene.inside(&server, LOOK).await), then);

    // And undone, by what was kept.
    let all = scene.program.get(&path(&server, "")).await.expect(200).json();
    let kept: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["reason"] == "safety")
        .collect();
    assert_eq!(kept.len(), 1, "{all}");
    let undo = format!("/{}/restore-over", kept[0]["id"].as_str().unwrap());
    has_succeeded(&scene, &ask(&scene, &server, &undo).await).await;
    runs(&scene, &server).await;
    assert_eq!(scene.inside(&server, LOOK).await, now);
    panel.stop().await;
}
