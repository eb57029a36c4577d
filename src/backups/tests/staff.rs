//! What staff do: targets that lead where they should, tried before they are used, and what tenants leave behind.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::drivers::engine::Engine as _;
use crate::platform::access::{Permission, StaffRole};
use crate::platform::db::Scoped as _;
use crate::testing::Client;

use super::super::probe::{self, TestTarget};
use super::Scene;

pub(super) const HERE: &str = "/api/v1/staff/backup-targets";

pub(super) async fn staff(scene: &Scene) -> Client {
    let root = scene.test.staff("root", StaffRole::Owner).await;
    let rights = [
        Permission::StaffBackupRead,
        Permission::StaffBackupManage,
        Permission::StaffServerRead,
    ];
    scene.test.program(root, None, &rights).await
}

pub(super) fn s3(endpoint: &str, allow_inside: bool) -> Value {
    let name: String = endpoint.chars().filter(char::is_ascii_alphanumeric).collect();
    json!({ "name": name, "allow_inside": allow_inside, "target": { "kind": "s3", "endpoint": endpoint, "bucket": "b",
        "path": "berth", "region": null, "access_key": "id", "secret_key": "very-secret" } })
}

#[tokio::test]
async fn a_target_leads_inside_only_if_that_is_said() {
    let scene = Scene::new().await;
    let staff = staff(&scene).await;
    for endpoint in [
        "http://127.0.0.1:9000",
        "http://169.254.169.254",
        "http://localhost",
    ] {
        let refused = staff.json("POST", HERE, &s3(endpoint, false)).await.expect(422);
        assert!(refused.body.contains("allow_inside"), "{}", refused.body);
    }
    staff
        .json("POST", HERE, &s3("http://127.0.0.1:9000", true))
        .await
        .expect(201);
    staff
        .json("POST", HERE, &s3("https://192.0.2.7", false))
        .await
        .expect(201);
    assert!(!staff.get(HERE).await.expect(200).body.contains("very-secret"));
}

/// Tries a target twice with one wish, as a job that is run again does. How it ended.
async fn tried(scene: &Scene, staff: &Client, id: &str) -> Value {
    // The page shows the newest try.
    scene.test.clock.advance(TimeDelta::seconds(1));
    let asked = staff.json("POST", &format!("{HERE}/{id}/test"), &json!({})).await;
    let operation = asked.expect(202).json()["operation_id"].clone();
    let operation = operation.as_str().unwrap();
    let wish = TestTarget {
        operation: operation.parse().unwrap(),
        target: id.parse().unwrap(),
    };
    let (app, scope) = (&scene.test.app, scene.test.system());
    probe::run(app, &scope, &wish).await.unwrap();
    let calls = scene.test.engine.helper_calls().len();
    probe::run(app, &scope, &wish).await.unwrap();
    let again = scene.test.engine.helper_calls().len();
    assert_eq!(again, calls, "what has ended is not tried again");
    let ended = staff.get(&format!("/api/v1/staff/operations/{operation}")).await;
    ended.expect(200).json()
}

#[tokio::test]
async fn a_target_is_tried_and_says_what_is_wrong() {
    let scene = Scene::new().await;
    let staff = staff(&scene).await;
    let made = staff.json("POST", HERE, &s3("https://192.0.2.7", false)).await;
    let made = made.expect(201).json();
    let id = made["id"].as_str().unwrap();
    let said = "Fatal: dial tcp 192.0.2.7:443: connect: connection refused";
    scene.test.engine.set_helper("open", "", 1, said);
    let failed = tried(&scene, &staff, id).await;
    assert_eq!(failed["state"], "failed");
    let words = failed["error"].as_str().unwrap();
    assert!(words.starts_with("the target does not answer"), "{words}");
    scene.test.engine.set_helper("open", "[]", 0, "");
    assert_eq!(tried(&scene, &staff, id).await["state"], "succeeded");
    let root = scene.test.staff("boss", StaffRole::Owner).await;
    let page = scene.test.browser(root).await.get("/staff/backups").await;
    let page = page.expect(200).body;
    assert!(
        page.contains("works, ") && page.contains("This machine"),
        "{page}"
    );
}

#[tokio::test]
async fn what_an_erased_tenant_had_on_the_engine_goes() {
    let scene = Scene::new().await;
    scene.ask().await;
    scene.work().await;
    let root = scene.test.staff("boss", StaffRole::Owner).await;
    let page = scene
        .test
        .browser(root)
        .await
        .get("/staff/backups")
        .await
        .expect(200)
        .body;
    assert!(page.contains("1.0 KiB"), "{page}");
    let start = scene.tenant.to_string();
    let held = async || {
        let all = scene.test.engine.list_volumes().await.unwrap();
        all.iter()
            .filter(|one| one.key.as_str().starts_with(&start))
            .count()
    };
    assert_eq!(held().await, 1);
    let scope = scene.test.system();
    // Whoever works in it has it to themselves.
    let mut tx = scope.begin().await.unwrap();
    sqlx::query!(
        "update backup_repository set lease_id = $1, lease_until = $2",
        scene.tenant.0,
        scene.test.app.now() + chrono::TimeDelta::minutes(1)
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let is_gone = super::super::erase_data(&scene.test.app, &scope, scene.tenant).await;
    assert!(!is_gone.unwrap());
    assert_eq!(held().await, 1);
    scene.test.clock.advance(chrono::TimeDelta::minutes(2));
    for _ in 0..2 {
        let is_gone = super::super::erase_data(&scene.test.app, &scope, scene.tenant).await;
        assert!(is_gone.unwrap(), "once more is harmless");
        assert_eq!(held().await, 0);
    }
}
