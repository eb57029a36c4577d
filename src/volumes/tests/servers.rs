//! What attaching means for servers: what their containers mount, and what holds when they are stopped, deleted, copied, moved.

use serde_json::json;

use super::Scene;
use crate::platform::access::{Permission, Side, StaffRole, TenantRole};

#[tokio::test]
async fn two_servers_mount_it_one_to_read_only_and_leave_it() {
    let scene = Scene::new().await;
    let id = scene.volume("media", 64).await;
    let (one, two) = (scene.server("one").await, scene.server("two").await);
    assert!(scene.mounted(&one).is_empty());
    scene.attach(&id, &one, "/shared").await;
    let body = json!({ "server": two, "path": "/films/", "read_only": true });
    scene
        .post(&format!("/api/v1/volumes/{id}/attachments"), body)
        .await
        .expect(202);
    scene.work().await;
    assert_eq!(scene.mounted(&one), [("/shared".to_owned(), false)]);
    assert_eq!(scene.mounted(&two), [("/films".to_owned(), true)]);
    let volume = scene.find(&id).await;
    assert_eq!(volume["attachments"], 2);
    assert_eq!(volume["servers"][0]["state"], "attached");
    let told = scene.get(&format!("/api/v1/servers/{two}/volumes")).await;
    assert_eq!(
        (&told["items"][0]["path"], &told["items"][0]["read_only"]),
        (&json!("/films"), &json!(true))
    );

    let refused = scene
        .delete(&format!("/api/v1/volumes/{id}"))
        .await
        .expect(409)
        .json();
    assert!(
        refused["title"].as_str().unwrap().contains("one, two"),
        "{refused}"
    );
    scene.detach(&id, &one).await;
    assert!(scene.mounted(&one).is_empty());
    scene.detach(&id, &two).await;
    assert_eq!(scene.find(&id).await["servers"], json!([]));
    scene.delete(&format!("/api/v1/volumes/{id}")).await.expect(202);
    scene.work().await;
    scene
        .program
        .get(&format!("/api/v1/volumes/{id}"))
        .await
        .expect(404);
}

#[tokio::test]
async fn bad_places_are_refused() {
    let scene = Scene::new().await;
    let (id, other) = (scene.volume("media", 64).await, scene.volume("more", 64).await);
    let server = scene.server("web").await;
    for path in ["", "/", "shared", "/etc", "/proc/x", "/a/../etc", "/usr/bin"] {
        scene.ask(&id, &server, path).await.expect(422);
    }
    let own = scene
        .test
        .engine
        .mounts(&crate::drivers::engine::ServerKey::new(server.clone()).unwrap());
    scene.ask(&id, &server, &own[0].path).await.expect(422);
    scene
        .ask(&id, &server, &format!("{}/deep", own[0].path))
        .await
        .expect(422);
    scene.attach(&id, &server, "/shared").await;
    scene.ask(&other, &server, "/shared/deep").await.expect(422);
    let twice = scene.ask(&id, &server, "/again").await.expect(409).json();
    assert_eq!(twice["code"], "volume-attached");
    let unknown = "srv_01h455vb4pex5vsknk084sn02q";
    scene.ask(&id, unknown, "/x").await.expect(422);
    let gone = format!("/api/v1/volumes/{other}/attachments/{server}");
    scene.delete(&gone).await.expect(404);
}

#[tokio::test]
async fn a_stopped_server_gets_it_at_its_next_start_and_lets_go_of_it_at_once() {
    let scene = Scene::new().await;
    let (id, server) = (scene.volume("media", 64).await, scene.server("web").await);
    scene.power(&server, "stop").await;
    scene.attach(&id, &server, "/shared").await;
    assert_eq!(scene.find(&id).await["servers"][0]["state"], "attaching");
    scene.power(&server, "start").await;
    assert_eq!(scene.find(&id).await["servers"][0]["state"], "attached");
    scene.power(&server, "stop").await;
    scene.detach(&id, &server).await;
    assert_eq!(scene.find(&id).await["servers"], json!([]));
    scene.delete(&format!("/api/v1/volumes/{id}")).await.expect(202);
    scene.work().await;
    scene
        .program
        .get(&format!("/api/v1/volumes/{id}"))
        .await
        .expect(404);
    scene.power(&server, "start").await;
    let told = scene.get(&format!("/api/v1/servers/{server}")).await;
    assert_eq!(told["engine_state"], "running");
}

#[tokio::test]
async fn a_deleted_server_keeps_it_until_it_is_erased_and_a_restored_one_has_it_again() {
    let scene = Scene::new().await;
    let (id, server) = (scene.volume("media", 64).await, scene.server("web").await);
    scene.attach(&id, &server, "/shared").await;
    scene
        .delete(&format!("/api/v1/servers/{server}"))
        .await
        .expect(202);
    scene.work().await;
    let refused = scene
        .delete(&format!("/api/v1/volumes/{id}"))
        .await
        .expect(409)
        .json();
    assert!(
        refused["title"]
            .as_str()
            .unwrap()
            .contains("web (deleted, and kept)"),
        "{refused}"
    );
    scene
        .post(&format!("/api/v1/servers/{server}/restore"), json!({}))
        .await
        .expect(202);
    scene.work().await;
    assert_eq!(scene.mounted(&server), [("/shared".to_owned(), false)]);
    scene
        .delete(&format!("/api/v1/servers/{server}"))
        .await
        .expect(202);
    scene.work().await;
    scene
        .post(&format!("/api/v1/servers/{server}/erase"), json!({}))
        .await
        .expect(202);
    scene.work().await;
    assert_eq!(scene.find(&id).await["servers"], json!([]));
    scene.delete(&format!("/api/v1/volumes/{id}")).await.expect(202);
}

#[tokio::test]
async fn it_stays_through_a_rebuild_and_a_copy_has_none() {
    let scene = Scene::new().await;
    let (id, server) = (scene.volume("media", 64).await, scene.server("web").await);
    scene.attach(&id, &server, "/shared").await;
    scene
        .post(&format!("/api/v1/servers/{server}/rebuild"), json!({}))
        .await
        .expect(202);
    scene.work().await;
    assert_eq!(scene.mounted(&server), [("/shared".to_owned(), false)]);
    let asked = scene
        .post(
            &format!("/api/v1/servers/{server}/clone"),
            json!({ "data": "live" }),
        )
        .await;
    let copy = asked.expect(202).json()["server"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    scene.work().await;
    assert!(scene.mounted(&copy).is_empty());
    assert_eq!(scene.find(&id).await["attachments"], 1);
}

#[tokio::test]
async fn a_server_with_one_is_not_moved_to_another_tenant() {
    let scene = Scene::new().await;
    let (id, server) = (scene.volume("media", 64).await, scene.server("web").await);
    scene.attach(&id, &server, "/shared").await;
    let other = scene.test.tenant("other").await;
    let root = scene.test.staff("root", StaffRole::Engineer).await;
    let staff = scene.test.program(root, None, Permission::ALL).await;
    let path = format!("/api/v1/staff/servers/{server}/move");
    let refused = staff
        .json("POST", &path, &json!({ "tenant_id": other }))
        .await
        .expect(409)
        .json();
    assert_eq!(refused["code"], "volumes-attached");
    scene.detach(&id, &server).await;
    staff
        .json("POST", &path, &json!({ "tenant_id": other }))
        .await
        .expect(202);
}

#[tokio::test]
async fn an_operator_attaches_and_makes_none_and_a_viewer_only_looks() {
    let scene = Scene::new().await;
    let (id, server) = (scene.volume("media", 64).await, scene.server("web").await);
    let all: Vec<_> = Permission::ALL
        .iter()
        .copied()
        .filter(|one| one.side() == Side::Tenant)
        .collect();
    let path = format!("/api/v1/volumes/{id}/attachments");
    let body = json!({ "server": server, "path": "/shared" });
    for (role, attaches) in [(TenantRole::Viewer, 403), (TenantRole::Operator, 202)] {
        let user = scene.test.person(role.name()).await;
        scene.test.member(scene.tenant, user, role).await;
        let program = scene.test.program(user, Some(scene.tenant), &all).await;
        program.get("/api/v1/volumes").await.expect(200);
        let new = json!({ "name": "other", "size_mib": 64 });
        program.json("POST", "/api/v1/volumes", &new).await.expect(403);
        program.json("POST", &path, &body).await.expect(attaches);
    }
}
