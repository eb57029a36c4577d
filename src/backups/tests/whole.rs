//! Whole servers got back, as another one and in place, and the key that is shown once.

use serde_json::{Value, json};

use crate::platform::access::TenantRole;
use crate::platform::db::Scoped as _;
use crate::platform::reconcile::Reconciler as _;

use super::{SNAPSHOT, Scene, all};

/// A backup that is whole.
pub(super) async fn backup(scene: &Scene) -> String {
    let id = scene.ask().await;
    scene.work().await;
    assert_eq!(scene.show(&id).await["state"], "done");
    scene.test.engine.set_helper("open", "[]", 0, "");
    id
}

pub(super) async fn post(scene: &Scene, rest: &str) -> Value {
    let asked = scene.program.json("POST", &scene.path(rest), &json!({})).await;
    asked.expect(202).json()
}

async fn is_running(scene: &Scene, server: &str) -> bool {
    let path = format!("/api/v1/servers/{server}");
    scene.program.get(&path).await.expect(200).json()["engine_state"] == "running"
}

#[tokio::test]
async fn another_server_is_filled_from_a_backup_before_it_starts() {
    let scene = Scene::new().await;
    let id = backup(&scene).await;
    let asked = post(&scene, &format!("/{id}/clone")).await;
    let beside = asked["server_id"].as_str().unwrap().to_owned();
    // What it comes from stays until it is there.
    let delete = scene.path(&format!("/{id}"));
    scene
        .program
        .json("DELETE", &delete, &json!({}))
        .await
        .expect(409);
    let done = scene.settle(&asked["operation_id"]).await;
    assert_eq!(done["state"], "succeeded", "{done}");
    assert!(is_running(&scene, &beside).await);
    let calls = scene.test.engine.helper_calls();
    assert_eq!(calls.last().unwrap()[..2], ["over", SNAPSHOT], "{calls:?}");
    assert!(is_running(&scene, &scene.server.to_string()).await);
}

#[tokio::test]
async fn a_server_that_can_not_be_filled_says_why_and_is_filled_again() {
    let scene = Scene::new().await;
    let id = backup(&scene).await;
    scene
        .test
        .engine
        .set_helper("over", "", 1, "Fatal: write: No space left on device");
    let asked = post(&scene, &format!("/{id}/clone")).await;
    let failed = scene.settle(&asked["operation_id"]).await;
    assert_eq!(failed["state"], "failed");
    assert!(
        failed["error"].as_str().unwrap().contains("the disk is full"),
        "{failed}"
    );
    scene.test.engine.set_helper("over", "", 0, "");
    let again = format!(
        "/api/v1/servers/{}/copy-again",
        asked["server_id"].as_str().unwrap()
    );
    let asked = scene
        .program
        .json("POST", &again, &json!({}))
        .await
        .expect(202)
        .json();
    let done = scene.settle(&asked["operation"]["id"]).await;
    assert_eq!(done["state"], "succeeded", "{done}");
}

#[tokio::test]
async fn in_place_keeps_what_is_there_first() {
    let scene = Scene::new().await;
    let id = backup(&scene).await;
    let asked = post(&scene, &format!("/{id}/restore-over")).await;
    let again = scene.path(&format!("/{id}/restore-over"));
    let refused = scene.program.json("POST", &again, &json!({})).await.expect(409);
    assert_eq!(refused.json()["code"], "restore-under-way");
    let done = scene.settle(&asked["operation_id"]).await;
    assert_eq!(done["state"], "succeeded", "{done}");
    let commands = scene.commands();
    assert_eq!(
        commands[commands.len() - 3..],
        ["backup", "open", "over"],
        "{commands:?}"
    );
    let list = scene.program.get(&scene.path("")).await.expect(200).json();
    assert_eq!(
        (&list[0]["reason"], &list[0]["state"]),
        (&json!("safety"), &json!("done"))
    );
    scene.test.clock.advance(chrono::TimeDelta::seconds(1));
    for item in scene.servers.claim(16).await.unwrap() {
        scene.servers.reconcile(item).await.unwrap();
    }
    assert!(is_running(&scene, &scene.server.to_string()).await, "it goes on");
}

#[tokio::test]
async fn what_can_not_be_kept_is_not_replaced() {
    let scene = Scene::new().await;
    let id = backup(&scene).await;
    scene
        .test
        .engine
        .set_helper("backup", "", 1, "Fatal: write: No space left on device");
    let asked = post(&scene, &format!("/{id}/restore-over")).await;
    let failed = scene.settle(&asked["operation_id"]).await;
    assert_eq!(
        failed["error"],
        "what is there now could not be kept: the disk is full"
    );
    assert!(!scene.commands().contains(&"over".to_owned()));
    let still = sqlx::query_scalar!("select still_for from server where id = $1", scene.server.0);
    let mut tx = scene.test.system().begin().await.unwrap();
    assert_eq!(still.fetch_one(tx.conn()).await.unwrap(), None, "it goes on");
}

#[tokio::test]
async fn what_an_erased_server_had_is_restored_over_one_of_its_kind() {
    let scene = Scene::new().await;
    let id = backup(&scene).await;
    let mut tx = scene.test.system().begin().await.unwrap();
    sqlx::query!("update backup set server_id = null")
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let listed = scene.program.get("/api/v1/backups").await.expect(200).json();
    assert_eq!(
        (&listed[0]["id"], &listed[0]["server_id"]),
        (&json!(id), &json!(null))
    );
    let other = scene.test.server(scene.tenant, "other").await;
    let wrong = format!("/api/v1/servers/{other}/backups/{id}/restore-over");
    let mut tx = scene.test.system().begin().await.unwrap();
    sqlx::query!("update server set template = 'redis' where id = $1", other.0)
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let refused = scene.program.json("POST", &wrong, &json!({})).await.expect(409);
    assert_eq!(refused.json()["code"], "backup-of-another-kind");
    let asked = post(&scene, &format!("/{id}/restore-over")).await;
    assert_eq!(scene.settle(&asked["operation_id"]).await["state"], "succeeded");
    let (tenant, eve) = (scene.test.tenant("globex").await, scene.test.person("eve").await);
    scene.test.member(tenant, eve, TenantRole::Owner).await;
    let theirs = scene.test.server(tenant, "theirs").await;
    let stranger = scene.test.program(eve, Some(tenant), &all()).await;
    let over = format!("/api/v1/servers/{theirs}/backups/{id}/restore-over");
    stranger.json("POST", &over, &json!({})).await.expect(404);
    assert_eq!(
        stranger.get("/api/v1/backups").await.expect(200).json(),
        json!([])
    );
}

#[tokio::test]
async fn an_owner_sees_a_key_once() {
    let scene = Scene::new().await;
    backup(&scene).await;
    let all_of_them = scene
        .program
        .get("/api/v1/backup-repositories")
        .await
        .expect(200)
        .json();
    let repository = &all_of_them[0];
    assert_eq!(
        (&repository["backups"], &repository["size_bytes"]),
        (&json!(1), &json!(1024))
    );
    let path = format!("/backup-repositories/{}/key", repository["id"].as_str().unwrap());
    let api = format!("/api/v1{path}");
    let manager = scene.test.person("mia").await;
    scene
        .test
        .member(scene.tenant, manager, TenantRole::Manager)
        .await;
    let program = scene.test.program(manager, Some(scene.tenant), &all()).await;
    program.json("POST", &api, &json!({})).await.expect(403);
    let ada = scene.test.browser(scene.owner).await;
    let page = ada.get("/t/acme/backups").await.expect(200).body;
    assert!(page.contains("Show key"), "{page}");
    ada.post(&format!("/t/acme{path}"), &[("confirm", "somebody else")])
        .await
        .expect(303);
    let name = ada
        .post(&format!("/t/acme{path}"), &[("confirm", "Acme")])
        .await
        .expect(200)
        .body;
    let key = name
        .split("id=\"repository-key\">")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(key.len(), 43, "{key}");
    let again = scene.program.json("POST", &api, &json!({})).await.expect(409);
    assert_eq!(again.json()["code"], "key-was-shown");
    let page = ada.get("/t/acme/backups").await.expect(200).body;
    assert!(
        !page.contains("Show key") && !page.contains(&key) && page.contains("shown"),
        "{page}"
    );
    let audit = sqlx::query_scalar!(
        r#"select concat_ws(' ', action, target_label, before, after) as "text!" from audit_event"#
    );
    let mut tx = scene.test.system().begin().await.unwrap();
    let audit = audit.fetch_all(tx.conn()).await.unwrap().join("\n");
    assert!(
        audit.contains("backup-repository.reveal") && !audit.contains(&key),
        "{audit}"
    );
}
