//! A stack that is backed up as one: all of its servers that keep files, or none of them.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::backups::Backups;
use crate::platform::db::Scoped as _;
use crate::platform::reconcile::Reconciler as _;

use super::scene::{Scene, shop};

const SNAPSHOT: &str = "0123456789abcdef0123456789abcdef";
const SUMMARY: &str = "{\"message_type\":\"summary\",\"snapshot_id\":\"01234567\",\
    \"total_bytes_processed\":4096,\"data_added\":1024,\"total_files_processed\":3}\n";

async fn work(scene: &Scene) {
    let backups = Arc::new(Backups::new(&scene.test.app));
    while let claimed = backups.claim(16).await.unwrap()
        && !claimed.is_empty()
    {
        for item in claimed {
            backups.reconcile(item).await.unwrap();
            // The next one of the repository is not there yet.
            scene.test.engine.set_helper("open", "[]", 0, "");
        }
    }
}

async fn scene() -> (Scene, String) {
    let scene = Scene::new().await;
    let id = scene.running(&shop("Shop")).await;
    let engine = &scene.test.engine;
    engine.set_helper("open", "[]", 0, "");
    engine.set_helper("found", &format!("[{{\"id\":\"{SNAPSHOT}\"}}]"), 0, "");
    engine.set_helper("backup", SUMMARY, 0, "");
    (scene, id)
}

#[tokio::test]
async fn all_servers_of_a_stack_are_backed_up_by_one_wish() {
    let (scene, id) = scene().await;
    let path = format!("/api/v1/stacks/{id}/backups");
    let asked = scene.post(&path, &json!({})).await.expect(202).json();
    assert_eq!(asked["backups"].as_array().unwrap().len(), 2, "{asked}");
    let again = scene.post(&path, &json!({})).await.expect(409);
    assert_eq!(again.json()["code"], "backup-under-way");
    let operation = format!("/api/v1/operations/{}", asked["operation_id"].as_str().unwrap());
    assert_eq!(scene.get(&operation).await["state"], "queued");
    work(&scene).await;
    let done = scene.get(&operation).await;
    assert_eq!(
        (&done["state"], &done["kind"]),
        (&json!("succeeded"), &json!("stack.backup"))
    );
    let all = scene.get(&path).await;
    let all = all.as_array().unwrap();
    assert!(
        all.iter()
            .all(|one| one["state"] == "done" && one["reason"] == "stack"),
        "{all:?}"
    );
    let page = scene
        .browser
        .get(&format!("/t/acme/stacks/{id}/backups"))
        .await
        .expect(200)
        .body;
    for one in all {
        assert!(page.contains(one["server_name"].as_str().unwrap()), "{page}");
        // Each part is looked into and restored on its own.
        let server = one["server_id"].as_str().unwrap();
        scene
            .get(&format!(
                "/api/v1/servers/{server}/backups/{}",
                one["id"].as_str().unwrap()
            ))
            .await;
    }
    let stack = scene
        .browser
        .get(&format!("/t/acme/stacks/{id}"))
        .await
        .expect(200)
        .body;
    assert!(stack.contains(&format!("/t/acme/stacks/{id}/backups")), "{stack}");
}

#[tokio::test]
async fn a_part_whose_dump_fails_fails_the_whole_and_is_named() {
    let (scene, id) = scene().await;
    scene
        .test
        .engine
        .set_helper("dump", "", 2, "one\nmariadb-dump: Got error: 2002\n");
    let path = format!("/api/v1/stacks/{id}/backups");
    let asked = scene.post(&path, &json!({})).await.expect(202).json();
    work(&scene).await;
    let operation = format!("/api/v1/operations/{}", asked["operation_id"].as_str().unwrap());
    let failed = scene.get(&operation).await;
    assert_eq!(failed["state"], "failed");
    let error = failed["error"].as_str().unwrap();
    let words = "the dump of its database failed (2): mariadb-dump: Got error: 2002";
    assert!(error.ends_with(words) && !error.contains("; "), "{error}");
    let states: Vec<_> = scene
        .get(&path)
        .await
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["state"].clone())
        .collect();
    assert!(
        states.contains(&json!("done")) && states.contains(&json!("failed")),
        "{states:?}"
    );
    // At rest its files are saved as they are.
    scene.test.engine.set_helper("open", "[]", 0, "");
    let stop = format!("/api/v1/stacks/{id}/actions/stop");
    scene.post(&stop, &json!({})).await.expect(202);
    scene.work().await;
    let asked = scene.post(&path, &json!({})).await.expect(202).json();
    work(&scene).await;
    let operation = format!("/api/v1/operations/{}", asked["operation_id"].as_str().unwrap());
    assert_eq!(scene.get(&operation).await["state"], "succeeded");
}

#[tokio::test]
async fn of_a_stack_all_are_backed_up_or_none() {
    let (scene, id) = scene().await;
    let path = format!("/api/v1/stacks/{id}/backups");
    scene.post(&path, &json!({})).await.expect(202);
    work(&scene).await;
    let web = scene.part(&id, "web").await.remove(0);
    let name = scene.server(&web).await["name"].as_str().unwrap().to_owned();
    let mut tx = scene.test.system().begin().await.unwrap();
    sqlx::query!(
        "insert into backup (id, tenant_id, repository_id, server_id, server_name, state, asked_by, created_at, finished_at, error) \
         select gen_random_uuid(), tenant_id, repository_id, server_id, server_name, 'failed', asked_by, created_at, finished_at, \
                'the disk is full' \
         from backup, generate_series(1, 59) where server_name = $1",
        name
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    scene.test.clock.advance(TimeDelta::seconds(1));
    let told = scene.post(&path, &json!({})).await.expect(409).json();
    assert_eq!(told["code"], "too-many-backups");
    let words = format!("{name}: the plan allows 60 backups of this server");
    assert!(told["title"].as_str().unwrap().starts_with(&words), "{told}");
    let all = scene.get(&path).await;
    let is_over = |one: &Value| one["state"] == "done" || one["state"] == "failed";
    assert!(
        all.as_array().unwrap().iter().all(is_over),
        "none of the database"
    );
    let page = format!("/t/acme/stacks/{id}/backups");
    let told = scene.browser.post(&page, &[]).await.expect(303);
    let page = scene.browser.get(told.location()).await.expect(200).body;
    assert!(page.contains(&words), "{page}");
}

#[tokio::test]
async fn a_part_s_backup_becomes_a_server_outside_of_the_stack() {
    let (scene, id) = scene().await;
    let db = scene.part(&id, "db").await.remove(0);
    let path = format!("/api/v1/servers/{db}");
    let made = scene
        .post(&format!("{path}/backups"), &json!({}))
        .await
        .expect(202)
        .json();
    work(&scene).await;
    // What it has now is read with the whole stack at rest, or not at all.
    let refused = scene.post(&format!("{path}/clone"), &json!({})).await.expect(409);
    assert_eq!(refused.json()["code"], "part-of-stack");
    let clone = format!("{path}/backups/{}/clone", made["id"].as_str().unwrap());
    let asked = scene
        .post(&clone, &json!({ "name": "then" }))
        .await
        .expect(202)
        .json();
    let beside = asked["server_id"].as_str().unwrap().to_owned();
    assert_eq!(scene.server(&beside).await["name"], "then");
    let all = scene.stack(&id).await["servers"].clone();
    assert!(
        all.as_array()
            .unwrap()
            .iter()
            .all(|one| one["server_id"] != beside.as_str()),
        "{all}"
    );
}
