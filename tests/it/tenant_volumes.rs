//! Volumes of a tenant's own on the real engine and the real pool: two servers share one up to its limit, one may only read, it is
//! resized while both use it, panels die at every point of its work, what people put into it servers have, and what is lost comes back
//! from a backup.

use std::time::Duration;

use berth::testing::Client;
use reqwest::Method;
use serde_json::{Value, json};

use crate::disk::{Scene, docker};
use crate::engine_contract::docker_world::{make_backup_image, make_files_image};
use crate::exit::engine;
use crate::panel::{until, until_within};

const MIB: u64 = 1 << 20;

/// Where panels die while a volume is made, resized, and removed.
const MADE: &str = "volumes.made";
const RESIZED: &str = "volumes.resized";
const REMOVED: &str = "volumes.removed";
/// And while one is filled from a backup.
const FILLED: &str = "backups.filled";

/// All of these.
pub(crate) const POINTS: [&str; 4] = [MADE, RESIZED, REMOVED, FILLED];

/// A lease has to run out first, and a machine that builds meanwhile is slow.
const PATIENCE: Duration = Duration::from_mins(4);

async fn ask(scene: &Scene, method: &str, path: &str, body: Value) -> Value {
    scene.program.json(method, path, &body).await.expect(202).json()
}

async fn is_ready(scene: &Scene, path: &str) {
    until("the volume is ready", async || {
        scene.program.get(path).await.expect(200).json()["state"] == "ready"
    })
    .await;
}

async fn attach(scene: &Scene, path: &str, server: &str, read_only: bool) {
    let body = json!({ "server": server, "path": "/shared", "read_only": read_only });
    ask(scene, "POST", &format!("{path}/attachments"), body).await;
    scene.is_running(&scene.program, server).await;
}

/// Writes until that fails. Tells what the file then has, and what was said.
async fn fill(scene: &Scene, server: &str, file: &str) -> (u64, String) {
    let line = format!(
        "dd if=/dev/zero of=/shared/{file} bs=64k count=4000 conv=fsync 2>&1; stat -c %s /shared/{file}"
    );
    let said = scene.inside(server, &line).await;
    (said.lines().last().unwrap().parse().unwrap(), said)
}

#[track_caller]
fn about(found: u64, wanted: u64) {
    assert!(
        found <= wanted && wanted - found <= MIB,
        "{found} is not up to 1 MiB below {wanted}"
    );
}

#[tokio::test]
async fn two_servers_share_one_up_to_its_limit_whoever_dies() {
    let scene = Scene::set().await;
    make_files_image(&engine().await).await;
    let panel = scene.panel.serve().await;
    let one = scene.running(&scene.program, "one", "thin").await;
    let two = scene.running(&scene.program, "two", "thin").await;
    panel.kill().await;

    let asked = ask(
        &scene,
        "POST",
        "/api/v1/volumes",
        json!({ "name": "media", "size_mib": 32 }),
    )
    .await;
    let id = asked["volume"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/volumes/{id}");
    scene.panel.start(Some(MADE)).died(MADE).await;
    let panel = scene.panel.serve().await;
    is_ready(&scene, &path).await;
    attach(&scene, &path, &one, false).await;
    attach(&scene, &path, &two, false).await;
    scene.other.get(&path).await.expect(404);

    // Each sees what the other wrote, and both together stop at the limit.
    let first = 16 * MIB;
    scene
        .inside(
            &one,
            "dd if=/dev/zero of=/shared/first bs=64k count=256 conv=fsync",
        )
        .await;
    assert_eq!(
        scene.inside(&two, "stat -c %s /shared/first").await,
        first.to_string()
    );
    let (second, said) = fill(&scene, &two, "second").await;
    assert!(said.contains("quota exceeded"), "{said}");
    about(first + second, 32 * MIB);
    panel.kill().await;

    // Larger while both use it: nobody is restarted.
    let since = scene.started_at(&one).await;
    ask(&scene, "PATCH", &path, json!({ "size_mib": 64 })).await;
    scene.panel.start(Some(RESIZED)).died(RESIZED).await;
    let panel = scene.panel.serve().await;
    is_ready(&scene, &path).await;
    assert_eq!(scene.started_at(&one).await, since);
    let (third, _) = fill(&scene, &one, "third").await;
    about(first + second + third, 64 * MIB);
    scene
        .inside(
            &one,
            "rm /shared/first /shared/second /shared/third; echo kept > /shared/kept; sync",
        )
        .await;

    only_reads(&scene, &path, &two).await;
    panel.kill().await;
    goes(&scene, &id, [one.as_str(), two.as_str()]).await;
}

/// A server that mounts it to read only reads, and writes nothing.
async fn only_reads(scene: &Scene, path: &str, two: &str) {
    ask(scene, "DELETE", &format!("{path}/attachments/{two}"), json!({})).await;
    scene.is_running(&scene.program, two).await;
    attach(scene, path, two, true).await;
    assert_eq!(scene.inside(two, "cat /shared/kept").await, "kept");
    let refused = scene
        .inside(two, "echo x > /shared/no 2>&1 || echo refused")
        .await;
    assert!(
        refused.contains("Read-only file system") && refused.contains("refused"),
        "{refused}"
    );
}

/// Detached from all, it is deleted by panels that die.
async fn goes(scene: &Scene, id: &str, servers: [&str; 2]) {
    let path = format!("/api/v1/volumes/{id}");
    let panel = scene.panel.serve().await;
    for server in servers {
        ask(
            scene,
            "DELETE",
            &format!("{path}/attachments/{server}"),
            json!({}),
        )
        .await;
        scene.is_running(&scene.program, server).await;
    }
    panel.kill().await;
    ask(scene, "DELETE", &path, json!({})).await;
    scene.panel.start(Some(REMOVED)).died(REMOVED).await;
    let panel = scene.panel.serve().await;
    until("it is gone", async || {
        scene.program.get(&path).await.status == 404
    })
    .await;
    let left = docker(&["volume", "ls", "--quiet", "--filter", &format!("name={id}")]).await;
    assert_eq!(left, "");
    panel.stop().await;
}

/// What the running panel answers: it has the engine with the files.
async fn send(
    scene: &Scene,
    who: &Client,
    (method, path): (Method, &str),
    body: &'static str,
) -> (u16, String) {
    let url = format!("http://{}{path}", scene.panel.address);
    let asked = reqwest::Client::new()
        .request(method, url)
        .bearer_auth(who.bearer())
        .body(body);
    let answer = asked.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn what_people_put_into_it_servers_have_and_back() {
    let scene = Scene::set().await;
    make_files_image(&engine().await).await;
    let panel = scene.panel.serve().await;
    let new = json!({ "name": "media", "size_mib": 32 });
    let asked = ask(&scene, "POST", "/api/v1/volumes", new).await;
    let path = format!("/api/v1/volumes/{}", asked["volume"]["id"].as_str().unwrap());
    is_ready(&scene, &path).await;
    let file = |name: &str| format!("{path}/files/content?path=/data/{name}");

    // It is there before any server has it.
    let (letter, answer) = (file("letter"), file("answer"));
    let (status, told) = send(&scene, &scene.program, (Method::PUT, &letter), "from here").await;
    assert_eq!(status, 200, "{told}");
    let (status, _) = send(&scene, &scene.other, (Method::GET, &letter), "").await;
    assert_eq!(status, 404);
    let server = scene.running(&scene.program, "one", "thin").await;
    attach(&scene, &path, &server, false).await;
    assert_eq!(scene.inside(&server, "cat /shared/letter").await, "from here");
    scene
        .inside(&server, "echo from there > /shared/answer; sync")
        .await;
    let (status, told) = send(&scene, &scene.program, (Method::GET, &answer), "").await;
    assert_eq!((status, told.as_str()), (200, "from there\n"));

    // Whoever has just looked into it does not keep it from being deleted.
    let attached = format!("{path}/attachments/{server}");
    ask(&scene, "DELETE", &attached, json!({})).await;
    scene.is_running(&scene.program, &server).await;
    ask(&scene, "DELETE", &path, json!({})).await;
    until("it is gone", async || {
        scene.program.get(&path).await.status == 404
    })
    .await;
    panel.stop().await;
}

async fn is_over(scene: &Scene, asked: &Value) {
    let path = format!("/api/v1/operations/{}", asked["operation_id"].as_str().unwrap());
    until_within(PATIENCE, "the work is done", async || {
        let operation = scene.program.get(&path).await.expect(200).json();
        assert_ne!(operation["state"], "failed", "{operation}");
        operation["state"] == "succeeded"
    })
    .await;
}

/// What a file is, and who may do what with it.
async fn sum(scene: &Scene, server: &str, file: &str) -> String {
    let line = format!("md5sum < {file}; stat -c %a {file}");
    scene.inside(server, &line).await
}

fn no_snapshot_is_left(scene: &Scene, volume: &str) {
    let name = format!("{}-{volume}", scene.panel.instance);
    let place = scene.pool.join("volumes").join(name).join("snapshots");
    let left = std::fs::read_dir(&place).map_or(0, Iterator::count);
    assert_eq!(left, 0, "{}", place.display());
}

async fn is_restored(scene: &Scene, backup: &str) {
    until_within(PATIENCE, "the file is back", async || {
        let shown = scene.program.get(backup).await.expect(200).json();
        assert_ne!(shown["restores"][0]["state"], "failed", "{shown}");
        shown["restores"][0]["state"] == "done"
    })
    .await;
}

#[tokio::test]
async fn what_was_deleted_comes_back_beside_and_in_another_one() {
    let scene = Scene::set().await;
    let engine = engine().await;
    make_files_image(&engine).await;
    make_backup_image(&engine).await;
    let panel = scene.panel.serve().await;
    let server = scene.running(&scene.program, "one", "thin").await;
    let new = json!({ "name": "media", "size_mib": 32 });
    let asked = ask(&scene, "POST", "/api/v1/volumes", new).await;
    let id = asked["volume"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/volumes/{id}");
    is_ready(&scene, &path).await;
    attach(&scene, &path, &server, false).await;
    let write = "dd if=/dev/urandom of=/shared/film bs=64k count=32 && chmod 640 /shared/film && sync";
    scene.inside(&server, write).await;
    let then = sum(&scene, &server, "/shared/film").await;

    let backups = format!("{path}/backups");
    let saved = ask(&scene, "POST", &backups, json!({})).await;
    is_over(&scene, &saved).await;
    let backup = saved["id"].as_str().unwrap();
    no_snapshot_is_left(&scene, &id);
    scene
        .inside(&server, "rm /shared/film && echo now > /shared/new && sync")
        .await;

    // Beside, while the server uses it.
    let wish = json!({ "path": "/data/film", "name": "again" });
    let one = format!("{backups}/{backup}");
    ask(&scene, "POST", &format!("{one}/restore"), wish).await;
    is_restored(&scene, &one).await;
    assert_eq!(sum(&scene, &server, "/shared/again").await, then);
    assert_eq!(scene.inside(&server, "cat /shared/new").await, "now");
    panel.kill().await;

    // As another volume, by panels that die, which a server of its own then has.
    let way = format!("/api/v1/backups/{backup}/volume");
    let asked = ask(&scene, "POST", &way, json!({ "name": "then" })).await;
    scene
        .panel
        .start(Some(FILLED))
        .died_within(PATIENCE, FILLED)
        .await;
    let panel = scene.panel.serve().await;
    is_over(&scene, &asked).await;
    let other = format!("/api/v1/volumes/{}", asked["volume_id"].as_str().unwrap());
    let two = scene.running(&scene.program, "two", "thin").await;
    attach(&scene, &other, &two, false).await;
    assert_eq!(sum(&scene, &two, "/shared/film").await, then);
    assert_eq!(scene.inside(&two, "ls /shared").await, "film");
    assert_eq!(scene.inside(&two, "stat -c %a /shared").await, "777");
    panel.stop().await;
}
