//! The step that backs a server up: made, kept as long as was said, and told where people arrive if it was not.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::backups::Backups;
use crate::drivers::engine::{Engine as _, TenantKey, VolumeDriver, VolumeSpec};
use crate::platform::access::{Permission, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::reconcile::Reconciler as _;
use crate::volumes;

use super::super::store;
use super::scene::{Scene, command};

const SNAPSHOT: &str = "0123456789abcdef0123456789abcdef";
const SUMMARY: &str = "{\"message_type\":\"summary\",\"snapshot_id\":\"01234567\",\
    \"total_bytes_processed\":4096,\"data_added\":1024,\"total_files_processed\":3}\n";

fn backup(retention: &Value) -> Value {
    json!({ "kind": "backup", "retention": retention })
}

/// What the helper answers: nothing is there yet, and a backup succeeds.
pub(super) fn all_is_well(scene: &Scene) {
    let engine = &scene.test.engine;
    engine.set_helper("open", "[]", 0, "");
    engine.set_helper("found", &format!("[{{\"id\":\"{SNAPSHOT}\"}}]"), 0, "");
    engine.set_helper("backup", SUMMARY, 0, "");
}

/// Lets time pass until the schedule is due, and everybody works until there is nothing to do.
async fn later(scene: &Scene, by: TimeDelta) {
    scene.later(by).await;
    let backups = Backups::new(&scene.test.app);
    while let claimed = backups.claim(16).await.unwrap()
        && !claimed.is_empty()
    {
        for item in claimed {
            backups.reconcile(item).await.unwrap();
        }
    }
    // The run looks what became of it.
    scene.later(TimeDelta::seconds(2)).await;
}

async fn list(scene: &Scene) -> Vec<Value> {
    let path = format!("/api/v1/servers/{}/backups", scene.server);
    let all = scene.program.get(&path).await.expect(200).json();
    all.as_array().unwrap().clone()
}

pub(super) async fn alerts(scene: &Scene) -> Value {
    let overview = scene.program.get("/api/v1/overview").await.expect(200).json();
    overview["backup_alerts"].clone()
}

/// How many mails the owner gets about the server's backups.
async fn mails(scene: &Scene) -> i64 {
    let mut tx = scene.test.system().begin().await.unwrap();
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from notification where recipient like 'ada@%' and subject = 'The backups of web need you'"#
    );
    count.fetch_one(tx.conn()).await.unwrap()
}

#[tokio::test]
async fn a_schedule_makes_backups_and_keeps_what_was_said() {
    let scene = Scene::new().await;
    all_is_well(&scene);
    let by_hand = format!("/api/v1/servers/{}/backups", scene.server);
    scene.program.json("POST", &by_hand, &json!({})).await.expect(202);
    later(&scene, TimeDelta::minutes(1)).await;
    scene.test.engine.set_helper("open", "[]", 0, "");
    let id = scene
        .schedule(
            "0 13 * * *",
            &[backup(&json!({ "last": 1, "daily": 2 })), command("echo hi")],
        )
        .await;
    later(&scene, TimeDelta::hours(1)).await;
    let run = scene.run(&id).await;
    assert_eq!(run["state"], "succeeded", "{run}");
    assert_eq!(
        run["steps"][0]["step"]["retention"],
        json!({ "last": 1, "daily": 2, "weekly": 0, "monthly": 0 })
    );
    assert_eq!(run["steps"][1]["output"], "hi\n", "only then comes the next step");
    for _ in 0..3 {
        scene.test.engine.set_helper("open", "[]", 0, "");
        later(&scene, TimeDelta::days(1) - TimeDelta::seconds(2)).await;
        assert_eq!(scene.run(&id).await["state"], "succeeded");
    }
    let all = list(&scene).await;
    let reasons: Vec<&str> = all.iter().map(|one| one["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["schedule", "schedule", "manual"], "{all:?}");
    assert!(all.iter().all(|one| one["state"] == "done"));
    assert_eq!(all[0]["schedule_id"], json!(id));
    let calls = scene.test.engine.helper_calls();
    let forgotten = calls.iter().filter(|call| call[0] == "forget").count();
    assert_eq!(forgotten, 2, "{calls:?}");
    assert_eq!(alerts(&scene).await, 0);
}

#[tokio::test]
async fn what_fails_is_told_until_a_backup_is_whole() {
    let scene = Scene::new().await;
    all_is_well(&scene);
    scene
        .test
        .engine
        .set_helper("backup", "", 1, "Fatal: write: No space left on device");
    let id = scene
        .schedule("0 13 * * *", &[backup(&json!({ "last": 2 }))])
        .await;
    let browser = scene.test.browser(scene.owner).await;
    later(&scene, TimeDelta::hours(1)).await;
    let run = scene.run(&id).await;
    assert_eq!(run["state"], "failed");
    assert_eq!(run["steps"][0]["note"], "web: the disk is full");
    assert_eq!(alerts(&scene).await, 1);
    let words = "The last backup failed: the disk is full.";
    for page in [
        "/t/acme".to_owned(),
        format!("/t/acme/servers/{}", scene.server),
        format!("/t/acme/servers/{}/backups", scene.server),
    ] {
        let page = browser.get(&page).await.expect(200).body;
        assert!(page.contains(words), "{page}");
    }
    for _ in 0..5 {
        scene.test.engine.set_helper("open", "[]", 0, "");
        later(&scene, TimeDelta::days(1) - TimeDelta::seconds(2)).await;
    }
    assert_eq!(
        list(&scene).await.len(),
        3,
        "of those that failed the newest stay to be read"
    );
    assert_eq!(mails(&scene).await, 1, "the owner is told once");
    all_is_well(&scene);
    later(&scene, TimeDelta::days(1) - TimeDelta::seconds(2)).await;
    assert_eq!(scene.run(&id).await["state"], "succeeded");
    assert_eq!(alerts(&scene).await, 0);
    let browser = scene.test.browser(scene.owner).await;
    assert!(!browser.get("/t/acme").await.expect(200).body.contains(words));
}

#[tokio::test]
async fn a_run_that_comes_to_no_backup_is_told_and_goes_with_its_schedule() {
    let scene = Scene::new().await;
    all_is_well(&scene);
    let id = scene
        .schedule("0 13 * * *", &[command("false"), backup(&json!({ "last": 2 }))])
        .await;
    later(&scene, TimeDelta::hours(1)).await;
    assert_eq!(scene.run(&id).await["state"], "failed");
    assert_eq!(alerts(&scene).await, 1);
    let by_hand = format!("/api/v1/servers/{}/backups", scene.server);
    scene.program.json("POST", &by_hand, &json!({})).await.expect(202);
    later(&scene, TimeDelta::minutes(1)).await;
    assert_eq!(alerts(&scene).await, 0, "there is a whole one again");
    later(&scene, TimeDelta::days(1)).await;
    assert_eq!((alerts(&scene).await, mails(&scene).await), (json!(1), 2));
    let path = scene.path(&format!("/{id}"));
    scene.program.json("DELETE", &path, &json!({})).await.expect(204);
    assert_eq!(alerts(&scene).await, 0);
}

#[tokio::test]
async fn whoever_may_not_make_backups_schedules_none() {
    let scene = Scene::new().await;
    let person = scene.test.person("olga").await;
    scene
        .test
        .member(scene.tenant, person, TenantRole::Operator)
        .await;
    let rights = [
        Permission::ScheduleRead,
        Permission::ScheduleWrite,
        Permission::ServerRead,
    ];
    let olga = scene.test.program(person, Some(scene.tenant), &rights).await;
    let new = json!({ "name": "x", "cron": "0 4 * * *", "steps": [backup(&json!({ "last": 1 }))] });
    olga.json("POST", &scene.path(""), &new).await.expect(403);
    let none = json!({ "name": "x", "cron": "0 4 * * *", "steps": [backup(&json!({}))] });
    let wrong = scene
        .program
        .json("POST", &scene.path(""), &none)
        .await
        .expect(422);
    assert!(wrong.body.contains("Keep at least one backup."), "{}", wrong.body);
}

/// The panel died in the step before: the backup was never asked for, and nobody else tells of it.
#[tokio::test]
async fn a_run_that_is_cut_off_before_its_backup_says_that_there_is_none() {
    let scene = Scene::new().await;
    all_is_well(&scene);
    let saved = backup(&json!({ "last": 2 }));
    let id = scene.schedule("0 13 * * *", &[command("echo one"), saved]).await;
    scene.test.clock.advance(TimeDelta::hours(1));
    let claimed = scene.runner().claim(16).await.unwrap();
    let mut tx = scene.tx().await;
    let now = scene.test.app.now();
    let is_begun = store::begin_step(&mut tx, claimed[0], (0, None), now).await;
    assert!(is_begun.unwrap());
    tx.commit().await.unwrap();
    scene.later(TimeDelta::seconds(15)).await;
    assert_eq!(scene.run(&id).await["state"], "interrupted");
    assert_eq!(alerts(&scene).await, 1);
}

/// A volume that is attached to the scene's server, without its container being made anew.
async fn attached(scene: &Scene) -> String {
    let id = scene.test.volume(scene.tenant, "media").await;
    let spec = VolumeSpec {
        key: volumes::volume_key(id).unwrap(),
        tenant: TenantKey::new(scene.tenant.to_string()).unwrap(),
        server: None,
        driver: VolumeDriver::Local,
        size_bytes: None,
    };
    scene.test.engine.ensure_volume(&spec).await.unwrap();
    scene
        .test
        .administer("update volume set made_mib = size_mib, engine_name = 'x'")
        .await;
    scene
        .test
        .administer(
            "insert into volume_attachment (volume_id, server_id, tenant_id, path, is_read_only, is_in, created_at) \
             select v.id, s.id, s.tenant_id, '/shared', false, true, now() from volume v, server s",
        )
        .await;
    id.to_string()
}

#[tokio::test]
async fn a_step_backs_attached_volumes_up_as_well() {
    let scene = Scene::new().await;
    all_is_well(&scene);
    let volume = attached(&scene).await;
    let path = format!("/api/v1/volumes/{volume}/backups");
    let of_volume = async || scene.program.get(&path).await.expect(200).json();
    let step = json!({ "kind": "backup", "retention": { "last": 1 }, "with_volumes": true });
    let id = scene.schedule("0 13 * * *", &[step]).await;
    // What somebody else makes just now is left to them.
    scene.program.json("POST", &path, &json!({})).await.expect(202);
    later(&scene, TimeDelta::hours(1)).await;
    let run = scene.run(&id).await;
    assert_eq!(run["state"], "succeeded", "{run}");
    assert_eq!(run["steps"][0]["step"]["with_volumes"], json!(true));
    let all = of_volume().await;
    assert_eq!((&all[0]["reason"], &all[1]), (&json!("manual"), &Value::Null));
    for _ in 0..3 {
        scene.test.engine.set_helper("open", "[]", 0, "");
        later(&scene, TimeDelta::days(1) - TimeDelta::seconds(2)).await;
        assert_eq!(scene.run(&id).await["state"], "succeeded");
    }
    let all = of_volume().await;
    assert_eq!(all.as_array().unwrap().len(), 2, "{all}");
    assert_eq!(
        (&all[0]["state"], &all[0]["schedule_id"]),
        (&json!("done"), &json!(id))
    );
    scene
        .test
        .administer("update volume set missing_since = now()")
        .await;
    scene.test.engine.set_helper("open", "[]", 0, "");
    later(&scene, TimeDelta::days(1) - TimeDelta::seconds(2)).await;
    let run = scene.run(&id).await;
    assert_eq!(run["state"], "failed");
    let note = run["steps"][0]["note"].as_str().unwrap();
    assert!(note.starts_with("media: The engine does not have media"), "{run}");
}
