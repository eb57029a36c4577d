//! Snapshots of a stack's servers, on a node with a pool of storage: each server that has files of its own has them, and what others
//! of its part have open is not replaced.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::platform::access::Permission;
use crate::platform::ids::ServerId;
use crate::platform::reconcile::Reconciler as _;
use crate::snapshots::Snapshots;

use super::scene::{Scene, cluster, shop};

/// Works on servers and on snapshots until nothing is left to do now.
async fn work(scene: &Scene) {
    let snapshots = Snapshots::new(&scene.test.app);
    loop {
        scene.work().await;
        let claimed = snapshots.claim(16).await.unwrap();
        if claimed.is_empty() {
            return;
        }
        for one in claimed {
            snapshots.reconcile(one).await.unwrap();
        }
    }
}

/// Lets some seconds pass: whoever restores looks once a second whether the server has stopped.
async fn later(scene: &Scene) {
    for _ in 0..6 {
        scene.test.clock.advance(TimeDelta::seconds(1));
        work(scene).await;
    }
}

fn path(server: &str, rest: &str) -> String {
    format!("/api/v1/servers/{server}/snapshots{rest}")
}

/// Takes a snapshot of a server. Its id.
async fn taken(scene: &Scene, server: &str) -> String {
    let asked = scene.post(&path(server, ""), &json!({})).await.expect(202).json();
    work(scene).await;
    asked["snapshot"]["id"].as_str().unwrap().to_owned()
}

async fn operation(scene: &Scene, asked: &Value) -> Value {
    let path = format!("/api/v1/operations/{}", asked["operation_id"].as_str().unwrap());
    scene.get(&path).await
}

async fn refused(scene: &Scene, path: &str) -> Value {
    scene.post(path, &json!({})).await.expect(409).json()
}

#[tokio::test]
async fn a_part_is_brought_back_alone_and_becomes_a_server_outside_of_the_stack() {
    let scene = Scene::with_pool().await;
    let id = scene.running(&shop("Shop")).await;
    let (db, web) = (
        scene.part(&id, "db").await.remove(0),
        scene.part(&id, "web").await.remove(0),
    );
    let snapshot = taken(&scene, &db).await;
    let asked = scene
        .post(&path(&db, &format!("/{snapshot}/restore")), &json!({}))
        .await
        .expect(202)
        .json();
    work(&scene).await;
    later(&scene).await;
    assert_eq!(operation(&scene, &asked).await["state"], "succeeded");
    let volume = scene
        .test
        .engine
        .pool()
        .volume(&format!("berth-{db}-data"))
        .unwrap();
    assert_eq!(volume.restored, [snapshot.as_str()]);
    for server in [&db, &web] {
        assert_eq!(scene.server(server).await["engine_state"], "running");
    }
    let clone = path(&db, &format!("/{snapshot}/clone"));
    let beside = scene
        .post(&clone, &json!({ "name": "then" }))
        .await
        .expect(202)
        .json();
    work(&scene).await;
    later(&scene).await;
    let beside = beside["server_id"].as_str().unwrap();
    assert_eq!(scene.server(beside).await["engine_state"], "running");
    let all = scene.stack(&id).await["servers"].clone();
    assert_eq!(all.as_array().unwrap().len(), 2, "{all}");
}

#[tokio::test]
async fn files_that_several_servers_have_open_are_the_first_one_s_and_not_replaced() {
    let scene = Scene::with_pool().await;
    let id = scene.running(&cluster("Web", 2)).await;
    let web = scene.part(&id, "web").await;
    let snapshot = taken(&scene, &web[0]).await;
    let restore = path(&web[0], &format!("/{snapshot}/restore"));
    assert_eq!(refused(&scene, &restore).await["code"], "volumes-shared");
    // Somebody who sees no other server is told the same.
    let gus = scene.test.person("gus").await;
    let given = [Permission::SnapshotRead, Permission::SnapshotWrite];
    let first: ServerId = web[0].parse().unwrap();
    scene.test.guest(scene.tenant, first, gus, &given).await;
    let guest = scene.test.guest_program(gus, (scene.tenant, first), &given).await;
    let told = guest.json("POST", &restore, &json!({})).await.expect(409);
    assert_eq!(told.json()["code"], "volumes-shared");

    let elsewhere = refused(&scene, &path(&web[1], "")).await;
    assert_eq!(elsewhere["code"], "files-elsewhere");
    let tab = |server: &str| format!("/t/acme/servers/{server}/snapshots");
    let page = scene.browser.get(&tab(&web[1])).await.expect(200).body;
    assert!(
        page.contains(&tab(&web[0])) && !page.contains("Take snapshot"),
        "{page}"
    );
    // Alone it has them for itself.
    let scale = format!("/api/v1/stacks/{id}/parts/web/scale");
    scene.post(&scale, &json!({ "replicas": 1 })).await.expect(202);
    work(&scene).await;
    scene.post(&restore, &json!({})).await.expect(202);
    assert_eq!(
        scene
            .post(&scale, &json!({ "replicas": 2 }))
            .await
            .expect(409)
            .json()["code"],
        "being-restored",
        "nobody opens what is being replaced"
    );
    work(&scene).await;
    later(&scene).await;
    scene.post(&scale, &json!({ "replicas": 2 })).await.expect(202);
}
