//! Snapshots on the real engine and the real pool: what they held comes back byte for byte, in place and beside, whoever dies in
//! the middle; single files can be read from them; nobody else notices, and neither do the other servers of a stack.

use berth::testing::Client;
use serde_json::{Value, json};

use crate::disk::{Scene, docker};
use crate::engine_contract::docker_world::make_files_image;
use crate::panel::{Running, until};

/// Where panels die while a snapshot is taken, while a server is restored, and while one is deleted.
const TAKING: &str = "snapshots.taken";
const RESTORING: [&str; 2] = ["snapshots.kept", "snapshots.restored"];
const DROPPING: &str = "snapshots.dropped";

/// All of these.
pub(crate) fn points() -> impl Iterator<Item = &'static str> {
    RESTORING.into_iter().chain([TAKING, DROPPING])
}

/// Files of some kinds, with owners and modes of their own.
const FILL: &str = "mkdir -p /srv/deep && echo then > /srv/deep/letter && chmod 640 /srv/deep/letter \
     && dd if=/dev/urandom of=/srv/big bs=64k count=64 && ln -s big /srv/link && sync";
/// Changes everything.
const CHANGE: &str = "rm /srv/link && echo now > /srv/deep/letter && dd if=/dev/urandom of=/srv/big bs=64k count=32 \
     && echo new > /srv/new && sync";
const LOOK: &str = "cd /srv && find . | sort | while read -r one; do \
     echo \"$one $(stat -c '%F %a %u:%g %s' \"$one\") $(readlink \"$one\" || true)\"; done && md5sum big deep/letter";

async fn files_image() {
    let docker =
        bollard::Docker::connect_with_unix("/var/run/docker.sock", 120, bollard::API_DEFAULT_VERSION);
    let docker = docker.unwrap().negotiate_version().await.unwrap();
    make_files_image(&docker).await;
}

async fn ask(scene: &Scene, server: &str, rest: &str, body: Value) -> Value {
    let path = format!("/api/v1/servers/{server}/snapshots{rest}");
    scene.program.json("POST", &path, &body).await.expect(202).json()
}

async fn all(scene: &Scene, server: &str) -> Vec<Value> {
    let path = format!("/api/v1/servers/{server}/snapshots");
    let all = scene.program.get(&path).await.expect(200).json();
    all["items"].as_array().unwrap().clone()
}

async fn has_succeeded(scene: &Scene, asked: &Value) {
    let path = format!("/api/v1/operations/{}", asked["operation_id"].as_str().unwrap());
    until("the work is done", async || {
        let state = scene.program.get(&path).await.expect(200).json()["state"].clone();
        assert_ne!(state, "failed");
        state == "succeeded"
    })
    .await;
}

#[tokio::test]
async fn what_a_snapshot_held_comes_back_whoever_dies() {
    let scene = Scene::set().await;
    files_image().await;
    let panel = scene.panel.serve().await;
    let server = scene.running(&scene.program, "box", "thick").await;
    let other = scene.running(&scene.other, "other", "thick").await;
    scene.inside(&server, FILL).await;
    scene.inside(&other, "echo theirs > /srv/letter; sync").await;
    let then = scene.inside(&server, LOOK).await;
    let since = scene.started_at(&server).await;
    panel.kill().await;

    let asked = ask(&scene, &server, "", json!({ "name": "before" })).await;
    let snapshot = asked["snapshot"]["id"].as_str().unwrap().to_owned();
    scene.panel.start(Some(TAKING)).died(TAKING).await;
    let panel = scene.panel.serve().await;
    has_succeeded(&scene, &asked).await;
    assert_eq!(scene.started_at(&server).await, since, "taking one stops nothing");
    scene.inside(&server, CHANGE).await;
    let now = scene.inside(&server, LOOK).await;
    assert_ne!(now, then);

    one_file_is_read(&scene, &server, &snapshot).await;

    // Beside: another server has it, and this one goes on.
    let asked = ask(
        &scene,
        &server,
        &format!("/{snapshot}/clone"),
        json!({ "name": "beside" }),
    )
    .await;
    let beside = asked["server_id"].as_str().unwrap().to_owned();
    scene.is_running(&scene.program, &beside).await;
    assert_eq!(scene.inside(&beside, LOOK).await, then);
    assert_eq!(scene.inside(&server, LOOK).await, now);
    panel.kill().await;

    // In place, by panels that die in the middle of it.
    let asked = ask(&scene, &server, &format!("/{snapshot}/restore"), json!({})).await;
    let safety = asked["snapshot"]["id"].as_str().unwrap().to_owned();
    for point in RESTORING {
        scene.panel.start(Some(point)).died(point).await;
    }
    let panel = scene.panel.serve().await;
    has_succeeded(&scene, &asked).await;
    scene.is_running(&scene.program, &server).await;
    assert_eq!(scene.inside(&server, LOOK).await, then);
    assert_eq!(scene.inside(&other, "cat /srv/letter").await, "theirs");

    // And undone.
    let asked = ask(&scene, &server, &format!("/{safety}/restore"), json!({})).await;
    has_succeeded(&scene, &asked).await;
    scene.is_running(&scene.program, &server).await;
    assert_eq!(scene.inside(&server, LOOK).await, now);

    deleted_by_panels_that_die(&scene, panel, (&server, &snapshot)).await;
    assert_eq!(
        scene.inside(&beside, LOOK).await,
        then,
        "what was made from it is its own"
    );
}

/// What the running panel answers: it has the engine with the files.
async fn get(scene: &Scene, who: &Client, path: &str) -> (u16, String) {
    let url = format!("http://{}{path}", scene.panel.address);
    let asked = reqwest::Client::new().get(url).bearer_auth(who.bearer());
    let answer = asked.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// A single file, as it was, while the server has another.
async fn one_file_is_read(scene: &Scene, server: &str, snapshot: &str) {
    let path = format!("/api/v1/servers/{server}/snapshots/{snapshot}/files");
    let (status, file) = get(
        scene,
        &scene.program,
        &format!("{path}/content?path=/data/deep/letter"),
    )
    .await;
    assert_eq!((status, file.trim()), (200, "then"));
    let (status, listed) = get(scene, &scene.program, &format!("{path}?path=/data")).await;
    assert_eq!(status, 200, "{listed}");
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let items = listed["items"].as_array().unwrap();
    let names: Vec<&str> = items.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["deep", "big", "link"]);
    assert_eq!(get(scene, &scene.other, &path).await.0, 404);
    let (status, _) = get(
        scene,
        &scene.program,
        &format!("{path}/content?path=/data/../letter"),
    )
    .await;
    assert_eq!(status, 422);
}

/// Snapshots count for the disk, and deleting them gives the room back.
async fn deleted_by_panels_that_die(scene: &Scene, panel: Running, (server, snapshot): (&str, &str)) {
    let (size, said) = scene.fill(server, "full").await;
    assert!(said.contains("quota exceeded") && size < 60 << 20, "{said}");
    scene.inside(server, "rm /srv/full; sync").await;
    panel.kill().await;
    let gone = format!("/api/v1/servers/{server}/snapshots/{snapshot}");
    scene.program.json("DELETE", &gone, &json!({})).await.expect(202);
    scene.panel.start(Some(DROPPING)).died(DROPPING).await;
    let panel = scene.panel.serve().await;
    until("it is gone", async || {
        all(scene, server).await.iter().all(|one| one["id"] != snapshot)
    })
    .await;
    let place = scene
        .pool
        .join("volumes")
        .join(scene.volume(server))
        .join("snapshots");
    assert!(!place.join(snapshot).exists());
    let views = docker(&["volume", "ls", "--quiet", "--filter", &format!("name={snapshot}")]).await;
    assert_eq!(views, "", "nothing looks at it any more");
    panel.stop().await;
}

/// A stack of a server in front and one behind, which run. The stack, and the two.
async fn pair(scene: &Scene) -> (String, String, String) {
    let order = json!({ "name": "Pair", "blueprint": "pair",
        "parts": { "front": { "size": "thick" }, "back": { "size": "thick", "replicas": 1 } } });
    let made = scene.program.json("POST", "/api/v1/stacks", &order).await;
    let stack = made.expect(202).json()["stack"].clone();
    let of = |part: &str| {
        let all = stack["servers"].as_array().unwrap();
        let found = all.iter().find(|one| one["part"] == part).unwrap();
        found["server_id"].as_str().unwrap().to_owned()
    };
    let (front, back) = (of("front"), of("back"));
    for server in [&front, &back] {
        scene.is_running(&scene.program, server).await;
    }
    (stack["id"].as_str().unwrap().to_owned(), front, back)
}

#[tokio::test]
async fn a_part_of_a_stack_is_brought_back_and_the_others_go_on() {
    let scene = Scene::set().await;
    let panel = scene.panel.serve().await;
    let (stack, front, back) = pair(&scene).await;
    for server in [&front, &back] {
        scene.inside(server, FILL).await;
    }
    let then = scene.inside(&back, LOOK).await;
    let all = format!("/api/v1/stacks/{stack}/snapshots");
    let asked = scene.program.json("POST", &all, &json!({})).await;
    let asked = asked.expect(202).json();
    has_succeeded(&scene, &asked).await;
    let taken = asked["snapshots"].as_array().unwrap();
    assert_eq!(taken.len(), 2, "{asked}");
    for server in [&front, &back] {
        scene.inside(server, CHANGE).await;
    }
    let now = scene.inside(&front, LOOK).await;
    let since = scene.started_at(&front).await;

    let of_back = taken.iter().find(|one| one["server_id"] == back.as_str());
    let restore = format!("/{}/restore", of_back.unwrap()["id"].as_str().unwrap());
    let asked = ask(&scene, &back, &restore, json!({})).await;
    has_succeeded(&scene, &asked).await;
    scene.is_running(&scene.program, &back).await;
    assert_eq!(scene.inside(&back, LOOK).await, then);
    assert_eq!(scene.inside(&front, LOOK).await, now);
    assert_eq!(scene.started_at(&front).await, since, "it ran all the time");
    panel.stop().await;
}
