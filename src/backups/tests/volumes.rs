//! Backups of the tenant's own volumes: made from a snapshot, looked into, got back beside and as another volume, whoever dies.

use std::collections::BTreeSet;
use std::path::PathBuf;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::platform::access::{Permission, TenantRole};
use crate::platform::ids::{TenantId, UserId};
use crate::platform::reconcile::Reconciler as _;
use crate::servers;
use crate::testing::{Answer, Client, TestApp};
use crate::volumes::{self, Volumes};

use super::super::Backups;
use super::{SNAPSHOT, SUMMARY, all, found};

struct Scene {
    test: TestApp,
    tenant: TenantId,
    owner: UserId,
    program: Client,
    volumes: Volumes,
    backups: Backups,
    volume: String,
}

impl Scene {
    /// A volume in the pool.
    async fn new() -> Self {
        let socket = PathBuf::from("/run/docker/plugins/berth.sock");
        let test = TestApp::with(|config| config.volume_driver_socket = Some(socket)).await;
        let (tenant, owner) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, owner, TenantRole::Owner).await;
        servers::set_up_location(&test.app, &test.system()).await.unwrap();
        let engine = &test.engine;
        engine.set_helper("open", "[]", 0, "");
        engine.set_helper("found", &found(), 0, "");
        engine.set_helper("backup", SUMMARY, 0, "");
        let mut scene = Self {
            program: test.program(owner, Some(tenant), &all()).await,
            volumes: Volumes::new(&test.app),
            backups: Backups::new(&test.app),
            volume: String::new(),
            test,
            tenant,
            owner,
        };
        let new = json!({ "name": "media", "size_mib": 64 });
        let asked = scene.post("/api/v1/volumes", new).await.expect(202).json();
        asked["volume"]["id"]
            .as_str()
            .unwrap()
            .clone_into(&mut scene.volume);
        scene.work().await;
        scene
    }

    /// Works on volumes and in repositories until nothing is left to do now.
    async fn work(&self) {
        for _ in 0..100 {
            self.test.clock.advance(TimeDelta::milliseconds(1));
            let volumes = self.volumes.claim(16).await.unwrap();
            let backups = self.backups.claim(16).await.unwrap();
            if volumes.is_empty() && backups.is_empty() {
                return;
            }
            for volume in volumes {
                self.volumes.reconcile(volume).await.unwrap();
            }
            for repository in backups {
                self.backups.reconcile(repository).await.unwrap();
            }
        }
        panic!("it does not come to rest");
    }

    async fn later(&self, seconds: i64) {
        self.test.clock.advance(TimeDelta::seconds(seconds));
        self.work().await;
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.program.json("POST", path, &body).await
    }

    async fn get(&self, path: &str) -> Value {
        self.program.get(path).await.expect(200).json()
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/volumes/{}/backups{rest}", self.volume)
    }

    async fn ask(&self) -> String {
        let asked = self.post(&self.path(""), json!({})).await.expect(202).json();
        asked["id"].as_str().unwrap().to_owned()
    }

    async fn show(&self, id: &str) -> Value {
        self.get(&self.path(&format!("/{id}"))).await
    }

    /// A backup that is whole.
    async fn backup(&self) -> String {
        let id = self.ask().await;
        self.work().await;
        assert_eq!(self.show(&id).await["state"], "done");
        id
    }

    /// Asks for another volume.
    async fn another(&self, backup: &str, name: &str) -> Value {
        let path = format!("/api/v1/backups/{backup}/volume");
        let asked = self.post(&path, json!({ "name": name })).await;
        asked.expect(202).json()
    }

    async fn operation(&self, asked: &Value) -> Value {
        let id = asked["operation_id"].as_str().unwrap();
        self.get(&format!("/api/v1/operations/{id}")).await
    }

    /// Tells the panel which volumes the engine has.
    async fn has(&self, ids: &[&str]) {
        let mut tx = self.test.app.db.system().await.unwrap();
        let location = servers::own_location(&mut tx).await.unwrap().unwrap();
        let now = self.test.app.now();
        let ids: BTreeSet<&str> = ids.iter().copied().collect();
        volumes::note_presence(&mut tx, location, (&ids, true), now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Tells the panel that the engine has no volume any more.
    async fn lose(&self) {
        self.has(&[]).await;
    }

    fn calls(&self) -> Vec<Vec<String>> {
        self.test.engine.helper_calls()
    }

    fn snapshots(&self) -> usize {
        let name = format!("berth-{}", self.volume);
        self.test.engine.pool().volume(&name).unwrap().snapshots.len()
    }
}

#[tokio::test]
async fn one_is_made_from_a_snapshot_and_counted() {
    let scene = Scene::new().await;
    let id = scene.ask().await;
    let again = scene.post(&scene.path(""), json!({})).await.expect(409);
    assert_eq!(again.json()["code"], "backup-under-way");
    // Nothing is read while nobody can hold it still.
    scene.test.engine.pool().set_away(true);
    scene.work().await;
    assert_eq!(scene.show(&id).await["state"], "running");
    assert!(!scene.calls().iter().any(|call| call[0] == "backup"));
    scene.test.engine.pool().set_away(false);
    scene.later(10).await;
    let shown = scene.show(&id).await;
    assert_eq!(
        (&shown["state"], &shown["snapshot"]),
        (&json!("done"), &json!(SNAPSHOT))
    );
    assert_eq!(scene.snapshots(), 0, "what held it still is gone");
    assert_eq!(scene.operation(&shown).await["state"], "succeeded");
    let all = scene.get("/api/v1/backups").await;
    assert_eq!(
        (&all[0]["volume_id"], &all[0]["volume_name"]),
        (&json!(scene.volume), &json!("media"))
    );
    assert_eq!(
        (&all[0]["server_id"], &all[0]["server_name"]),
        (&Value::Null, &Value::Null)
    );
    let held = scene.get("/api/v1/backup-repositories").await;
    assert_eq!(
        (&held[0]["backups"], &held[0]["size_bytes"]),
        (&json!(1), &json!(1024))
    );
    let browser = scene.test.browser(scene.owner).await;
    let page = browser.get("/t/acme/backups").await.expect(200).body;
    assert!(
        page.contains(&format!("/t/acme/volumes/{}/backups", scene.volume)),
        "{page}"
    );
    let one = scene.path(&format!("/{id}"));
    scene.program.json("DELETE", &one, &json!({})).await.expect(204);
    scene.work().await;
    scene.program.get(&one).await.expect(404);
    assert_eq!(scene.calls().last().unwrap(), &["forget", SNAPSHOT]);
}

#[tokio::test]
async fn a_full_volume_is_read_as_it_is() {
    let scene = Scene::new().await;
    scene.test.engine.pool().set_full(true);
    scene.backup().await;
}

#[tokio::test]
async fn strangers_see_nothing_and_viewers_make_nothing() {
    let scene = Scene::new().await;
    let id = scene.backup().await;
    let (one, another) = (
        scene.path(&format!("/{id}")),
        format!("/api/v1/backups/{id}/volume"),
    );
    let named = json!({ "name": "theirs" });
    let (other, eve) = (scene.test.tenant("other").await, scene.test.person("eve").await);
    scene.test.member(other, eve, TenantRole::Owner).await;
    let stranger = scene.test.program(eve, Some(other), &all()).await;
    for path in [&scene.path(""), &one, &format!("{one}/entries?path=/data")] {
        stranger.get(path).await.expect(404);
    }
    stranger
        .json("POST", &scene.path(""), &json!({}))
        .await
        .expect(404);
    stranger.json("POST", &another, &named).await.expect(404);
    stranger.json("DELETE", &one, &json!({})).await.expect(404);
    let vic = scene.test.person("vic").await;
    scene.test.member(scene.tenant, vic, TenantRole::Viewer).await;
    let viewer = scene.test.program(vic, Some(scene.tenant), &all()).await;
    viewer.get(&one).await.expect(200);
    viewer.json("POST", &scene.path(""), &json!({})).await.expect(403);
    viewer.json("DELETE", &one, &json!({})).await.expect(403);
    viewer.json("POST", &another, &named).await.expect(403);
    // An operator makes and deletes backups, and no volumes.
    let olaf = scene.test.person("olaf").await;
    scene.test.member(scene.tenant, olaf, TenantRole::Operator).await;
    let operator = scene.test.program(olaf, Some(scene.tenant), &all()).await;
    operator.json("POST", &another, &named).await.expect(403);
    let without: Vec<Permission> = all()
        .into_iter()
        .filter(|one| *one != Permission::BackupWrite)
        .collect();
    let program = scene
        .test
        .program(scene.owner, Some(scene.tenant), &without)
        .await;
    program.json("POST", &another, &named).await.expect(403);
}

#[tokio::test]
async fn things_come_back_beside_what_is_there() {
    let scene = Scene::new().await;
    let id = scene.backup().await;
    let restore = scene.path(&format!("/{id}/restore"));
    for (path, name) in [("/site/a", "x"), ("/data/../x", "x"), ("/data/a", "a/b")] {
        let wrong = json!({ "path": path, "name": name });
        scene.post(&restore, wrong).await.expect(422);
    }
    let wish = json!({ "path": "/data/a b", "name": "again" });
    scene.post(&restore, wish).await.expect(202);
    scene.work().await;
    let got = &scene.show(&id).await["restores"][0];
    assert_eq!(
        (&got["state"], &got["to"]),
        (&json!("done"), &json!("/data/again"))
    );
    assert_eq!(
        scene.calls().last().unwrap()[..5],
        ["beside", SNAPSHOT, "data", "/a b", "/a b"]
    );
}

#[tokio::test]
async fn another_volume_is_filled_before_anybody_has_it() {
    let scene = Scene::new().await;
    let id = scene.backup().await;
    let path = format!("/api/v1/backups/{id}/volume");
    let small = json!({ "name": "then", "size_mib": 32 });
    scene.post(&path, small).await.expect(422);
    let taken = json!({ "name": "media" });
    scene.post(&path, taken).await.expect(422);
    let asked = scene.another(&id, "then").await;
    let other = format!("/api/v1/volumes/{}", asked["volume_id"].as_str().unwrap());
    // It is there, and nobody has filled it yet.
    for volume in scene.volumes.claim(16).await.unwrap() {
        scene.volumes.reconcile(volume).await.unwrap();
    }
    assert_eq!(scene.get(&other).await["state"], "making");
    let server = scene.test.server(scene.tenant, "web").await;
    let body = json!({ "server": server.to_string(), "path": "/shared" });
    let refused = scene
        .post(&format!("{other}/attachments"), body)
        .await
        .expect(409);
    assert_eq!(refused.json()["code"], "volume-filling");
    let larger = json!({ "size_mib": 128 });
    let refused = scene.program.json("PATCH", &other, &larger).await.expect(409);
    assert_eq!(refused.json()["code"], "volume-filling");
    let one = scene.path(&format!("/{id}"));
    scene.program.json("DELETE", &one, &json!({})).await.expect(409);
    scene.work().await;
    assert_eq!(scene.operation(&asked).await["state"], "succeeded");
    let there = scene.get(&other).await;
    assert_eq!(
        (&there["state"], &there["size_mib"]),
        (&json!("ready"), &json!(64))
    );
    assert_eq!(scene.calls().last().unwrap(), &["over", SNAPSHOT, "data"]);
    let made = &scene.show(&id).await["volumes"][0];
    assert_eq!((&made["state"], &made["name"]), (&json!("done"), &json!("then")));
    scene.program.json("DELETE", &one, &json!({})).await.expect(204);
}

#[tokio::test]
async fn the_plan_is_asked_for_another_volume() {
    let scene = Scene::new().await;
    let id = scene.backup().await;
    scene.test.administer("update plan set max_disk_mib = 100").await;
    let path = format!("/api/v1/backups/{id}/volume");
    let refused = scene.post(&path, json!({ "name": "then" })).await.expect(409);
    assert_eq!(refused.json()["code"], "limit-reached");
}

#[tokio::test]
async fn one_that_can_not_be_filled_goes_and_that_is_told() {
    let scene = Scene::new().await;
    let id = scene.backup().await;
    let full = "Fatal: write: No space left on device";
    scene.test.engine.set_helper("over", "", 1, full);
    let asked = scene.another(&id, "then").await;
    scene.work().await;
    let failed = scene.operation(&asked).await;
    assert_eq!(failed["state"], "failed");
    assert!(
        failed["error"].as_str().unwrap().contains("the disk is full"),
        "{failed}"
    );
    let other = format!("/api/v1/volumes/{}", asked["volume_id"].as_str().unwrap());
    scene.program.get(&other).await.expect(404);
    let made = &scene.show(&id).await["volumes"][0];
    assert_eq!(
        (&made["state"], &made["volume_id"]),
        (&json!("failed"), &Value::Null)
    );
    scene.test.engine.set_helper("over", "", 0, "");
    let asked = scene.another(&id, "then").await;
    scene.work().await;
    assert_eq!(scene.operation(&asked).await["state"], "succeeded");
}

#[tokio::test]
async fn whoever_follows_a_dead_panel_fills_it() {
    let scene = Scene::new().await;
    let id = scene.backup().await;
    let asked = scene.another(&id, "then").await;
    for volume in scene.volumes.claim(16).await.unwrap() {
        scene.volumes.reconcile(volume).await.unwrap();
    }
    // One dies with both leases, and before that its helper was cut off.
    scene.test.engine.fail_helper_once("over", None, "");
    for repository in scene.backups.claim(16).await.unwrap() {
        scene.backups.reconcile(repository).await.unwrap();
    }
    scene.test.clock.advance(TimeDelta::seconds(15));
    assert!(!scene.backups.claim(16).await.unwrap().is_empty());
    assert!(!scene.volumes.claim(16).await.unwrap().is_empty());
    scene.later(31).await;
    scene.later(31).await;
    assert_eq!(scene.operation(&asked).await["state"], "succeeded");
}

#[tokio::test]
async fn one_that_was_lost_is_not_saved() {
    let scene = Scene::new().await;
    let id = scene.ask().await;
    scene.lose().await;
    let refused = scene.post(&scene.path(""), json!({})).await.expect(409);
    assert_eq!(refused.json()["code"], "volume-missing");
    scene.work().await;
    let shown = scene.show(&id).await;
    assert_eq!(shown["state"], "failed");
    assert!(
        shown["error"].as_str().unwrap().contains("does not have media"),
        "{shown}"
    );
    assert!(!scene.calls().iter().any(|call| call[0] == "backup"));
}

#[tokio::test]
async fn one_that_failed_needs_somebody_until_there_is_a_whole_one() {
    let scene = Scene::new().await;
    let alerts = async || scene.get("/api/v1/overview").await["backup_alerts"].clone();
    assert_eq!(alerts().await, json!(0));
    scene.ask().await;
    scene.lose().await;
    scene.work().await;
    assert_eq!(alerts().await, json!(1));
    let browser = scene.test.browser(scene.owner).await;
    let tab = format!("/t/acme/volumes/{}/backups", scene.volume);
    for path in ["/t/acme", &tab] {
        let page = browser.get(path).await.expect(200).body;
        assert!(page.contains("The last backup failed"), "{path}: {page}");
    }
    assert!(browser.get("/t/acme").await.expect(200).body.contains(&tab));
    scene.has(&[&scene.volume]).await;
    scene.backup().await;
    assert_eq!(alerts().await, json!(0));
}

#[tokio::test]
async fn backups_outlive_their_volume_and_become_another() {
    let scene = Scene::new().await;
    let id = scene.backup().await;
    let path = format!("/api/v1/volumes/{}", scene.volume);
    scene.program.json("DELETE", &path, &json!({})).await.expect(202);
    scene.work().await;
    scene.program.get(&path).await.expect(404);
    let kept = &scene.get("/api/v1/backups").await[0];
    assert_eq!(
        (&kept["id"], &kept["volume_id"], &kept["volume_name"]),
        (&json!(id), &Value::Null, &json!("media"))
    );
    let browser = scene.test.browser(scene.owner).await;
    let page = browser.get("/t/acme/backups").await.expect(200).body;
    let form = format!("/t/acme/backups/{id}/volume");
    assert!(
        page.contains("a volume, deleted") && page.contains(&form),
        "{page}"
    );
    let shown = browser.get(&form).await.expect(200).body;
    assert!(
        shown.contains("media (then)") && shown.contains("value=\"64\""),
        "{shown}"
    );
    let fields = [("name", "media"), ("size_mib", "64")];
    browser.post(&form, &fields).await.expect(303);
    scene.work().await;
    let all = scene.get("/api/v1/volumes").await;
    assert_eq!(all["items"][0]["state"], "ready", "{all}");
    let gone = format!("/api/v1/backups/{id}");
    scene.program.json("DELETE", &gone, &json!({})).await.expect(204);
    scene.work().await;
    assert_eq!(scene.get("/api/v1/backups").await, json!([]));
}

#[tokio::test]
async fn pages_show_and_do_it() {
    let scene = Scene::new().await;
    let browser = scene.test.browser(scene.owner).await;
    let tab = format!("/t/acme/volumes/{}/backups", scene.volume);
    let page = browser.get(&tab).await.expect(200).body;
    assert!(
        page.contains("No backups yet") && page.contains("Back up now"),
        "{page}"
    );
    browser.post(&tab, &[]).await.expect(303);
    scene.work().await;
    let all = scene.get(&scene.path("")).await;
    let one = format!("{tab}/{}", all[0]["id"].as_str().unwrap());
    let page = browser.get(&one).await.expect(200).body;
    assert!(
        page.contains("data/") && page.contains("Restore as another volume"),
        "{page}"
    );
    let file = [("path", "/data/letter")];
    browser.post(&format!("{one}/restore"), &file).await.expect(303);
    scene.work().await;
    let page = browser.get(&one).await.expect(200).body;
    assert!(page.contains("-letter") && page.contains("Restored"), "{page}");
    let vic = scene.test.person("vic").await;
    scene.test.member(scene.tenant, vic, TenantRole::Viewer).await;
    let viewer = scene.test.browser(vic).await;
    let page = viewer.get(&tab).await.expect(200).body;
    assert!(!page.contains("Back up now"), "{page}");
    browser.post(&format!("{one}/delete"), &[]).await.expect(303);
    scene.work().await;
    browser.get(&one).await.expect(404);
}

#[tokio::test]
async fn a_server_s_backup_is_no_volume_s() {
    let scene = Scene::new().await;
    let server = scene.test.server(scene.tenant, "web").await;
    let id = scene.test.backup(scene.tenant, server).await.to_string();
    scene
        .program
        .get(&scene.path(&format!("/{id}")))
        .await
        .expect(404);
    let path = format!("/api/v1/backups/{id}/volume");
    scene.post(&path, json!({ "name": "then" })).await.expect(404);
}
