//! Panels and restic die at random while backups are made and volumes are made, resized and removed: what was confirmed is there with its
//! limit, nothing is left over, and the repository is sound. The driver dies at random in `volumes/killed.rs`.

use std::collections::BTreeMap;
use std::time::Duration;

use berth::platform::access::{Permission, StaffRole};
use berth::testing::Client;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::backups::{ask, images, nothing_is_left, path};
use crate::disk::{Scene, docker};
use crate::panel::{Running, until_within};

/// Leases of the dead have to run out.
const PATIENCE: Duration = Duration::from_mins(5);

/// How many deaths: so many as `make test` has time for, or `BERTH_KILLS=200` for the long run (docs/benchmarks.md).
#[expect(
    clippy::disallowed_methods,
    reason = "how long a test is to be is no setting of the product"
)]
pub(crate) fn kills(usual: u64) -> u64 {
    let asked = std::env::var("BERTH_KILLS").ok();
    asked.map_or(usual, |text| text.parse().expect("BERTH_KILLS is a number"))
}

/// What was confirmed of volumes, by id: the size in MiB, or nothing if it is to go.
type Wanted = BTreeMap<String, Option<u64>>;

/// Asks for something of the panel. A refusal because something else is under way asks for nothing.
async fn wish(scene: &Scene, server: &str, wanted: &mut Wanted, random: &mut StdRng) {
    let there: Vec<String> = wanted
        .iter()
        .filter_map(|(id, size)| size.map(|_| id.clone()))
        .collect();
    let size = [32, 48, 64][random.random_range(0..3)];
    match (random.random_range(0..5), there.as_slice()) {
        (0 | 1, _) => {
            let asked = scene.program.json("POST", &path(server, ""), &json!({})).await;
            assert!([202, 409].contains(&asked.status), "{}", asked.body);
        }
        (2, [_, _, gone, ..]) => {
            let at = format!("/api/v1/volumes/{gone}");
            if scene.program.json("DELETE", &at, &json!({})).await.status == 202 {
                wanted.insert(gone.clone(), None);
            }
        }
        (3, [first, ..]) => {
            let (at, body) = (format!("/api/v1/volumes/{first}"), json!({ "size_mib": size }));
            if scene.program.json("PATCH", &at, &body).await.status == 202 {
                wanted.insert(first.clone(), Some(size));
            }
        }
        (_, known) if known.len() < 4 => {
            let body = json!({ "name": format!("v{}", random.random::<u32>()), "size_mib": size });
            let made = scene.program.json("POST", "/api/v1/volumes", &body).await;
            let made = made.expect(202).json();
            let id = made["volume"]["id"].as_str().unwrap().to_owned();
            wanted.insert(id, Some(size));
        }
        _ => {}
    }
}

/// Kills the panel, or whatever restic does just now.
async fn kill(scene: &Scene, panel: Running, random: &mut StdRng) -> Running {
    if random.random_bool(0.5) {
        panel.kill().await;
        return scene.panel.serve().await;
    }
    let ours = format!("label=berth.instance={}", scene.panel.instance);
    let helpers = docker(&["ps", "--quiet", "--filter", &ours, "--filter", "name=rep_"]).await;
    for helper in helpers.lines() {
        // It may have ended by itself.
        drop(
            Command::new("docker")
                .args(["kill", helper])
                .output()
                .await
                .unwrap(),
        );
    }
    panel
}

#[tokio::test]
async fn what_was_confirmed_is_there_whoever_dies_when() {
    let scene = Scene::set().await;
    images().await;
    let mut panel = scene.panel.serve().await;
    let server = scene.running(&scene.program, "box", "thick").await;
    let fill = "dd if=/dev/urandom of=/srv/big bs=64k count=400 && sync && md5sum /srv/big";
    scene.inside(&server, fill).await;
    let sum = scene.inside(&server, "md5sum /srv/big").await;
    let since = scene.started_at(&server).await;
    let seed = rand::rng().random::<u64>();
    let mut wanted = Wanted::new();
    for round in 0..kills(8) {
        let mut random = StdRng::seed_from_u64(seed.wrapping_add(round));
        wish(&scene, &server, &mut wanted, &mut random).await;
        // Any moment will do, so it is chosen and not waited for.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..1500))).await;
        panel = kill(&scene, panel, &mut random).await;
    }
    all_is_over(&scene, &server, seed).await;
    volumes_are_as_confirmed(&scene, &wanted, seed).await;
    assert_eq!(scene.inside(&server, "md5sum /srv/big").await, sum, "seed {seed}");
    assert_eq!(scene.started_at(&server).await, since, "seed {seed}");
    the_repository_is_sound(&scene, &server).await;
    only_what_is_wanted_is_left(&scene, &server, &wanted).await;
    panel.stop().await;
}

/// Nothing waits any more: backups are whole, or say why not.
async fn all_is_over(scene: &Scene, server: &str, seed: u64) {
    until_within(
        PATIENCE,
        &format!("all backups are over, seed {seed}"),
        async || {
            let all = scene.program.get(&path(server, "")).await.expect(200).json();
            let is_over = |one: &Value| one["state"] == "done" || one["state"] == "failed";
            all.as_array().unwrap().iter().all(is_over)
        },
    )
    .await;
}

async fn volumes_are_as_confirmed(scene: &Scene, wanted: &Wanted, seed: u64) {
    for (id, size) in wanted {
        let at = format!("/api/v1/volumes/{id}");
        until_within(PATIENCE, &format!("{id} is as wanted, seed {seed}"), async || {
            let found = scene.program.get(&at).await;
            size.is_none() && found.status == 404
                || size.is_some() && found.status == 200 && found.json()["state"] == "ready"
        })
        .await;
        if let Some(size) = size {
            let name = docker(&["volume", "ls", "--quiet", "--filter", &format!("name={id}")]).await;
            let format = "{{.Status.size}}";
            let told = docker(&["volume", "inspect", "--format", format, &name]).await;
            assert_eq!(told, format!("{size} MiB"), "{id}, seed {seed}");
        }
    }
}

/// One more backup is made, and the repository is checked.
async fn the_repository_is_sound(scene: &Scene, server: &str) {
    let asked = ask(scene, server, "").await;
    crate::backups::has_succeeded(scene, &asked).await;
    nothing_is_left(scene, server, asked["id"].as_str().unwrap()).await;
    let root = scene.app.staff("root", StaffRole::Owner).await;
    let staff: Client = scene.app.program(root, None, Permission::ALL).await;
    let all = staff
        .get("/api/v1/staff/backup-repositories")
        .await
        .expect(200)
        .json();
    let id = all[0]["id"].as_str().unwrap().to_owned();
    let check = format!("/api/v1/staff/backup-repositories/{id}/check");
    let asked = staff.json("POST", &check, &json!({})).await.expect(202).json();
    let operation = asked["operation_id"].as_str().unwrap();
    until_within(PATIENCE, "the repository is checked", async || {
        let at = format!("/api/v1/staff/operations/{operation}");
        let operation = staff.get(&at).await.expect(200).json();
        assert_ne!(operation["state"], "failed", "{operation}");
        operation["state"] == "succeeded"
    })
    .await;
}

async fn only_what_is_wanted_is_left(scene: &Scene, server: &str, wanted: &Wanted) {
    let ours = format!("label=berth.instance={}", scene.panel.instance);
    let stays = |name: &str| {
        let is_wanted = |(id, size): (&String, &Option<u64>)| size.is_some() && name.contains(id.as_str());
        name.contains(server) || name.contains("bkt_") || wanted.iter().any(is_wanted)
    };
    until_within(PATIENCE, "nothing is left over", async || {
        let volumes = docker(&["volume", "ls", "--quiet", "--filter", &ours]).await;
        let helpers = docker(&[
            "ps",
            "--all",
            "--quiet",
            "--filter",
            &ours,
            "--filter",
            "name=-task",
        ])
        .await;
        volumes.lines().all(stays) && helpers.is_empty()
    })
    .await;
}
