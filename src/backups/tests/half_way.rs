//! Restores in place that go wrong: half-way, beside another, and after long waits.

use serde_json::json;

use crate::platform::db::Scoped as _;
use crate::platform::reconcile::Reconciler as _;

use super::whole::{backup, post};
use super::{SUMMARY, Scene};

const BROKEN: &str = "Fatal: write: Input/output error";

async fn halted(scene: &Scene) -> (String, Option<String>, Option<uuid::Uuid>) {
    let row = sqlx::query!(
        "select power, stop_reason, still_for from server where id = $1",
        scene.server.0
    );
    let mut tx = scene.test.system().begin().await.unwrap();
    let row = row.fetch_one(tx.conn()).await.unwrap();
    (row.power, row.stop_reason, row.still_for)
}

#[tokio::test]
async fn a_restore_that_fails_half_way_puts_back_what_was_there() {
    let scene = Scene::new().await;
    let id = backup(&scene).await;
    scene.test.engine.fail_helper_once("over", Some(1), BROKEN);
    let asked = post(&scene, &format!("/{id}/restore-over")).await;
    let failed = scene.settle(&asked["operation_id"]).await;
    let error = failed["error"].as_str().unwrap();
    assert!(error.ends_with("what was there before was put back"), "{failed}");
    assert_eq!(scene.commands().iter().filter(|word| *word == "over").count(), 2);
    let (power, reason, still) = halted(&scene).await;
    assert_eq!(
        (power.as_str(), reason, still),
        ("running", None, None),
        "it goes on"
    );
}

#[tokio::test]
async fn a_server_that_has_half_of_its_files_is_stopped_and_says_so() {
    let scene = Scene::new().await;
    let id = backup(&scene).await;
    scene.test.engine.set_helper("over", "", 1, BROKEN);
    let asked = post(&scene, &format!("/{id}/restore-over")).await;
    let failed = scene.settle(&asked["operation_id"]).await;
    assert!(
        failed["error"]
            .as_str()
            .unwrap()
            .contains("could not be put back"),
        "{failed}"
    );
    let (power, reason, still) = halted(&scene).await;
    assert_eq!((power.as_str(), still), ("stopped", None));
    assert!(reason.unwrap().contains("Its files are not whole"));
    // Restored, it is what it was, and starts when somebody says so.
    scene.test.engine.set_helper("over", "", 0, "");
    scene.test.engine.set_helper("open", "[]", 0, "");
    let asked = post(&scene, &format!("/{id}/restore-over")).await;
    assert_eq!(scene.settle(&asked["operation_id"]).await["state"], "succeeded");
}

#[tokio::test]
async fn nothing_goes_for_what_the_repository_has_lost() {
    let scene = Scene::new().await;
    let id = backup(&scene).await;
    let lost = "[{\"id\":\"fedcba9876543210fedcba9876543210\"}]";
    scene.test.engine.set_helper("found", lost, 0, "");
    let summary = SUMMARY.replace("01234567", "fedcba98");
    scene.test.engine.set_helper("backup", &summary, 0, "");
    let asked = post(&scene, &format!("/{id}/restore-over")).await;
    let failed = scene.settle(&asked["operation_id"]).await;
    assert_eq!(failed["error"], "the repository does not have it any more");
    assert!(!scene.commands().contains(&"over".to_owned()));
    let (power, reason, _) = halted(&scene).await;
    assert_eq!((power.as_str(), reason), ("running", None), "nothing was touched");
}

#[tokio::test]
async fn only_one_thing_at_a_time_replaces_what_a_server_has_and_none_copies_it_meanwhile() {
    let scene = Scene::new().await;
    let id = backup(&scene).await;
    let asked = post(&scene, &format!("/{id}/restore-over")).await;
    // The wish counts, before anybody has looked at it.
    let clone = format!("/api/v1/servers/{}/clone", scene.server);
    let live = scene
        .program
        .json("POST", &clone, &json!({ "data": "live" }))
        .await
        .expect(409);
    assert_eq!(live.json()["code"], "being-restored");
    let snapshot = restored_by_snapshots(&scene).await;
    for _ in 0..20 {
        scene.test.clock.advance(chrono::TimeDelta::seconds(10));
        scene.work().await;
    }
    assert!(!scene.commands().contains(&"over".to_owned()), "it waits");
    let_go(&scene, snapshot).await;
    // One look has it hold still, and one finds that it does.
    for _ in 0..3 {
        scene.test.clock.advance(chrono::TimeDelta::seconds(5));
        scene.work().await;
        for item in scene.servers.claim(16).await.unwrap() {
            scene.servers.reconcile(item).await.unwrap();
        }
    }
    assert!(
        scene.commands().contains(&"over".to_owned()),
        "it went on at once"
    );
    assert_eq!(scene.settle(&asked["operation_id"]).await["state"], "succeeded");
}

/// A server that the snapshots restore: they have it to themselves.
async fn restored_by_snapshots(scene: &Scene) -> uuid::Uuid {
    let mut tx = scene.test.system().begin().await.unwrap();
    let snapshot = uuid::Uuid::from_u128(7);
    sqlx::query!(
        "insert into snapshot (id, server_id, tenant_id, name, state, reason, created_by, created_at) \
         values ($1, $2, $3, 'x', 'restoring', 'manual', 'ada', now())",
        snapshot,
        scene.server.0,
        scene.tenant.0
    )
    .execute(tx.conn())
    .await
    .unwrap();
    sqlx::query!("update server set still_for = id where id = $1", scene.server.0)
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    snapshot
}

/// They have ended. After many looks in vain there is one every five minutes, but whoever ends says so.
async fn let_go(scene: &Scene, snapshot: uuid::Uuid) {
    let mut tx = scene.test.system().begin().await.unwrap();
    sqlx::query!("delete from snapshot where id = $1", snapshot)
        .execute(tx.conn())
        .await
        .unwrap();
    sqlx::query!(
        "update server set still_for = null where id = $1 and still_for = id",
        scene.server.0
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let mut tx = scene.test.system().begin().await.unwrap();
    crate::backups::wake(&scene.test.app, &mut tx, (scene.server, scene.tenant))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_server_that_takes_its_time_to_stop_is_no_helper_that_was_cut_off() {
    let scene = Scene::new().await;
    let id = backup(&scene).await;
    let asked = post(&scene, &format!("/{id}/restore-over")).await;
    // Many looks in vain, then one that is cut off: it is tried again.
    for _ in 0..10 {
        scene.test.clock.advance(chrono::TimeDelta::minutes(2));
        scene.work().await;
    }
    scene.test.engine.fail_helper_once("over", None, "");
    for _ in 0..8 {
        scene.test.clock.advance(chrono::TimeDelta::minutes(3));
        for item in scene.servers.claim(16).await.unwrap() {
            scene.servers.reconcile(item).await.unwrap();
        }
        scene.work().await;
    }
    assert_eq!(scene.settle(&asked["operation_id"]).await["state"], "succeeded");
}
