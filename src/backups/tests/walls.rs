//! What backups keep from whom: restic's own words, addresses that lead inside, and limits; and what of erased servers can go.

use serde_json::json;

use crate::platform::access::{Permission, StaffRole};
use crate::platform::db::Scoped as _;

use super::super::model::{MOST_OF_TENANT, MOST_RESTORES};
use super::whole::backup;
use super::{SUMMARY, Scene, found};

/// What restic says of a target is the provider's business.
#[tokio::test]
async fn a_tenant_does_not_read_where_the_target_is() {
    let scene = Scene::new().await;
    let said = "Fatal: dial tcp: lookup vault.example.net: connection refused";
    scene.test.engine.set_helper("backup", "", 1, said);
    let id = scene.ask().await;
    scene.work().await;
    assert_eq!(scene.show(&id).await["error"], "the target does not answer");
    scene
        .test
        .engine
        .set_helper("backup", "", 1, "Fatal: odd things at vault.example.net");
    let id = scene.ask().await;
    scene.work().await;
    assert_eq!(
        scene.show(&id).await["error"],
        "restic failed (1); the provider can see why"
    );
    scene.test.engine.set_helper("backup", SUMMARY, 0, "");
    let whole = backup(&scene).await;
    scene
        .test
        .engine
        .set_helper("list", "", 1, "Fatal: odd things at vault.example.net");
    let entries = scene.path(&format!("/{whole}/entries?path=/site"));
    let refused = scene.program.get(&entries).await.expect(409).body;
    assert!(!refused.contains("vault.example.net"), "{refused}");
}

/// A name that led elsewhere when it was typed in may lead inside when it is used.
#[tokio::test]
async fn where_a_target_leads_is_looked_up_at_each_use() {
    let scene = Scene::new().await;
    let root = scene.test.staff("root", StaffRole::Owner).await;
    let rights = [Permission::StaffBackupRead, Permission::StaffBackupManage];
    let staff = scene.test.program(root, None, &rights).await;
    let target = json!({ "name": "inside", "allow_inside": true, "target": { "kind": "s3",
        "endpoint": "http://localhost:9000", "bucket": "b", "path": "p", "access_key": "a", "secret_key": "s" } });
    let made = staff.json("POST", "/api/v1/staff/backup-targets", &target).await;
    let way = format!(
        "/api/v1/staff/backup-targets/{}/default",
        made.expect(201).json()["id"].as_str().unwrap()
    );
    staff.json("POST", &way, &json!({})).await.expect(204);
    let meant = scene.ask().await;
    scene.work().await;
    assert_eq!(scene.show(&meant).await["state"], "done");
    scene
        .test
        .administer("update backup_target set allow_inside = false")
        .await;
    scene.test.engine.set_helper("open", "[]", 0, "");
    let calls = scene.commands().len();
    let id = scene.ask().await;
    scene.work().await;
    let shown = scene.show(&id).await;
    assert_eq!(shown["state"], "failed");
    assert!(
        shown["error"]
            .as_str()
            .unwrap()
            .contains("leads to the panel's own machine")
    );
    let entries = scene.path(&format!("/{meant}/entries?path=/site"));
    scene.program.get(&entries).await.expect(409);
    assert_eq!(scene.commands().len(), calls, "nobody is spoken to");
}

#[tokio::test]
async fn a_backup_that_could_not_be_removed_is_still_whole() {
    let scene = Scene::new().await;
    let id = backup(&scene).await;
    scene.test.engine.set_helper("open", &found(), 0, "");
    scene.test.engine.set_helper("forget", "", 1, "Fatal: prune: odd");
    let one = scene.path(&format!("/{id}"));
    scene.program.json("DELETE", &one, &json!({})).await.expect(204);
    scene.work().await;
    let shown = scene.show(&id).await;
    assert_eq!(shown["state"], "done");
    assert!(shown["error"].as_str().unwrap().starts_with("it was not removed"));
    scene.test.engine.set_helper("forget", "", 0, "");
    scene.program.json("DELETE", &one, &json!({})).await.expect(204);
    scene.work().await;
    scene.program.get(&one).await.expect(404);
}

#[tokio::test]
async fn what_an_erased_server_left_goes_one_by_one() {
    let scene = Scene::new().await;
    let id = backup(&scene).await;
    let mut tx = scene.test.system().begin().await.unwrap();
    sqlx::query!("update backup set server_id = null")
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let ada = scene.test.browser(scene.owner).await;
    let page = ada.get("/t/acme/backups").await.expect(200).body;
    let way = format!("/t/acme/backups/{id}/delete");
    assert!(page.contains(&way), "{page}");
    ada.post(&way, &[]).await.expect(303);
    scene.work().await;
    let all = scene.program.get("/api/v1/backups").await.expect(200).json();
    assert_eq!(all, json!([]));
    let gone = format!("/api/v1/backups/{id}");
    scene.program.json("DELETE", &gone, &json!({})).await.expect(404);
}

#[tokio::test]
async fn there_is_an_end_to_what_waits_and_to_what_an_organisation_has() {
    let scene = Scene::new().await;
    let id = backup(&scene).await;
    let volume = scene.test.app.catalogue.offer("static-site").unwrap();
    let volume = volume.template.volumes[0].name.clone();
    let mut tx = scene.test.system().begin().await.unwrap();
    sqlx::query!(
        "insert into backup_restore (id, tenant_id, backup_id, server_id, volume, path, name, state, asked_by, created_at) \
         select gen_random_uuid(), tenant_id, id, server_id, 'site', '/x', 'x' || n, 'waiting', 'ada', now() \
         from backup, generate_series(1, $1) n",
        i32::try_from(MOST_RESTORES).unwrap()
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let wish = json!({ "path": format!("/{volume}/a"), "name": "again" });
    let restore = scene.path(&format!("/{id}/restore"));
    let refused = scene
        .program
        .json("POST", &restore, &wish)
        .await
        .expect(409)
        .json();
    assert_eq!(refused["code"], "limit-reached", "{refused}");
    let mut tx = scene.test.system().begin().await.unwrap();
    sqlx::query!(
        "insert into backup (id, tenant_id, repository_id, server_name, state, asked_by, created_at) \
         select gen_random_uuid(), tenant_id, repository_id, 'gone', 'done', 'ada', now() \
         from backup, generate_series(1, $1) n",
        i32::try_from(MOST_OF_TENANT).unwrap()
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let refused = scene.program.json("POST", &scene.path(""), &json!({})).await;
    assert_eq!(refused.expect(409).json()["code"], "limit-reached");
}
