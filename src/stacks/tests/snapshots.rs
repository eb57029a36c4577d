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

#[tokio::test]
async fn all_servers_of_a_stack_are_kept_by_one_wish() {
    let scene = Scene::with_pool().await;
    let id = scene.running(&cluster("Web", 2)).await;
    let all = format!("/api/v1/stacks/{id}/snapshots");
    let asked = scene.post(&all, &json!({})).await.expect(202).json();
    // The load balancer keeps nothing, and the second web server has the files of the first.
    assert_eq!(asked["snapshots"].as_array().unwrap().len(), 3, "{asked}");
    assert_eq!(operation(&scene, &asked).await["state"], "queued");
    work(&scene).await;
    let done = operation(&scene, &asked).await;
    assert_eq!(
        (&done["state"], &done["kind"]),
        (&json!("succeeded"), &json!("stack.snapshot"))
    );
    let list = scene.get(&all).await;
    let list = list.as_array().unwrap();
    let is_taken = |one: &Value| one["state"] == "ready" && one["reason"] == "stack";
    assert!(list.len() == 3 && list.iter().all(is_taken), "{list:?}");
    let address = format!("/t/acme/stacks/{id}/snapshots");
    let page = scene.browser.get(&address).await.expect(200).body;
    for one in list {
        let (name, server) = (&one["server_name"], &one["server_id"]);
        assert!(page.contains(name.as_str().unwrap()), "{page}");
        let there = scene.get(&path(server.as_str().unwrap(), "")).await;
        assert_eq!(there["items"][0]["id"], one["id"]);
    }
    let stack = scene
        .browser
        .get(&format!("/t/acme/stacks/{id}"))
        .await
        .expect(200);
    assert!(
        stack.body.contains(&format!("action=\"{address}\"")),
        "{}",
        stack.body
    );
    let told = scene.browser.post(&address, &[]).await.expect(303);
    let page = scene.browser.get(told.location()).await.expect(200).body;
    assert!(page.contains("3 snapshots are being taken."), "{page}");
}

#[tokio::test]
async fn one_that_can_not_be_taken_fails_the_whole_and_is_named() {
    let scene = Scene::with_pool().await;
    let id = scene.running(&shop("Shop")).await;
    let all = format!("/api/v1/stacks/{id}/snapshots");
    scene.test.engine.pool().set_full(true);
    let asked = scene.post(&all, &json!({})).await.expect(202).json();
    work(&scene).await;
    let failed = operation(&scene, &asked).await;
    assert_eq!(failed["state"], "failed");
    let error = failed["error"].as_str().unwrap();
    for part in ["db", "web"] {
        let server = scene.part(&id, part).await.remove(0);
        let name = scene.server(&server).await["name"].as_str().unwrap().to_owned();
        assert!(error.contains(&format!("{name}: its disk")), "{error}");
    }
    scene.test.engine.pool().set_full(false);
    let asked = scene.post(&all, &json!({})).await.expect(202).json();
    work(&scene).await;
    assert_eq!(operation(&scene, &asked).await["state"], "succeeded");
}

#[tokio::test]
async fn one_that_failed_stays_until_the_others_are_over() {
    let scene = Scene::with_pool().await;
    let id = scene.running(&shop("Shop")).await;
    let all = format!("/api/v1/stacks/{id}/snapshots");
    let asked = scene.post(&all, &json!({})).await.expect(202).json();
    let snapshots = Snapshots::new(&scene.test.app);
    scene.test.engine.pool().set_full(true);
    for one in snapshots.claim(1).await.unwrap() {
        snapshots.reconcile(one).await.unwrap();
    }
    scene.test.engine.pool().set_full(false);
    let list = scene.get(&all).await;
    let mut list = list.as_array().unwrap().iter();
    let failed = list.find(|one| one["state"] == "failed").unwrap();
    let (server, failed) = (&failed["server_id"], &failed["id"]);
    let gone = path(
        server.as_str().unwrap(),
        &format!("/{}", failed.as_str().unwrap()),
    );
    let told = scene.program.json("DELETE", &gone, &json!({})).await.expect(409);
    assert_eq!(told.json()["code"], "snapshot-under-way");
    work(&scene).await;
    assert_eq!(operation(&scene, &asked).await["state"], "failed");
    scene.program.json("DELETE", &gone, &json!({})).await.expect(202);
}

#[tokio::test]
async fn of_a_stack_all_are_taken_or_none() {
    let scene = Scene::with_pool().await;
    let id = scene.running(&shop("Shop")).await;
    let all = format!("/api/v1/stacks/{id}/snapshots");
    let web = scene.part(&id, "web").await.remove(0);
    for _ in 0..50 {
        scene.test.clock.advance(TimeDelta::milliseconds(1));
        scene.test.snapshot(scene.tenant, web.parse().unwrap()).await;
    }
    let told = refused(&scene, &all).await;
    assert_eq!(told["code"], "too-many-snapshots");
    let name = scene.server(&web).await["name"].as_str().unwrap().to_owned();
    assert!(told["title"].as_str().unwrap().starts_with(&name), "{told}");
    assert_eq!(
        scene.get(&all).await.as_array().unwrap().len(),
        50,
        "none of the database"
    );
    let address = format!("/t/acme/stacks/{id}/snapshots");
    let told = scene.browser.post(&address, &[]).await.expect(303);
    let page = scene.browser.get(told.location()).await.expect(200).body;
    assert!(page.contains("at most 50 snapshots"), "{page}");
    let stack = format!("/api/v1/stacks/{id}");
    scene.program.json("DELETE", &stack, &json!({})).await.expect(202);
    assert_eq!(refused(&scene, &all).await["code"], "stack-deleted");
}

#[tokio::test]
async fn without_a_pool_the_server_that_has_none_is_named() {
    let scene = Scene::new().await;
    let id = scene.running(&shop("Shop")).await;
    let told = refused(&scene, &format!("/api/v1/stacks/{id}/snapshots")).await;
    assert_eq!(told["code"], "no-snapshots");
    let stack = scene
        .browser
        .get(&format!("/t/acme/stacks/{id}"))
        .await
        .expect(200);
    assert!(!stack.body.contains("Snapshot all"), "{}", stack.body);
}
