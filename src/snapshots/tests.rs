//! Snapshots with a pool and an engine in memory: what is written, in which order the work is done, and who is refused.

mod room;

use std::path::PathBuf;
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::drivers::pool::fake::{FakePool, FakeVolume};
use crate::platform::access::{Permission, Side, TenantRole, Who};
use crate::platform::ids::{ScheduleId, TenantId};
use crate::platform::reconcile::Reconciler as _;
use crate::servers::{self, Servers};
use crate::testing::{Client, TestApp};

use super::Snapshots;

struct Scene {
    test: TestApp,
    tenant: TenantId,
    program: Client,
    browser: Client,
    server: String,
    servers: Arc<Servers>,
    snapshots: Snapshots,
}

impl Scene {
    async fn new(has_pool: bool) -> Self {
        let test = TestApp::with(|config| {
            let socket = PathBuf::from("/run/docker/plugins/berth.sock");
            config.volume_driver_socket = has_pool.then_some(socket);
        })
        .await;
        let (tenant, ada) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, ada, TenantRole::Owner).await;
        let location = servers::set_up_location(&test.app, &test.system()).await.unwrap();
        let all = Permission::ALL.iter().copied();
        let all: Vec<Permission> = all.filter(|one| one.side() == Side::Tenant).collect();
        let program = test.program(ada, Some(tenant), &all).await;
        let new = json!({ "name": "web", "template": "static-site", "size": "small-box",
            "variables": { "SITE_OWNER": "Ada" } });
        let made = program
            .json("POST", "/api/v1/servers", &new)
            .await
            .expect(202)
            .json();
        let scene = Self {
            servers: Arc::new(Servers::new(&test.app, location.id)),
            snapshots: Snapshots::new(&test.app),
            browser: test.browser(ada).await,
            server: made["server"]["id"].as_str().unwrap().to_owned(),
            program,
            tenant,
            test,
        };
        scene.work().await;
        scene
    }

    /// Works on servers and on snapshots until nothing is left to do now.
    async fn work(&self) {
        for _ in 0..100 {
            self.test.clock.advance(TimeDelta::milliseconds(1));
            let mut was_busy = self.work_on_servers().await;
            for claimed in self.snapshots.claim(16).await.unwrap() {
                was_busy = true;
                self.snapshots.reconcile(claimed).await.unwrap();
            }
            if !was_busy {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    async fn work_on_servers(&self) -> bool {
        let mut was_busy = false;
        loop {
            self.test.clock.advance(TimeDelta::milliseconds(1));
            let claimed = self.servers.claim(16).await.unwrap();
            if claimed.is_empty() && !self.test.is_server_due().await {
                return was_busy;
            }
            was_busy |= !claimed.is_empty();
            for server in claimed {
                self.servers.reconcile(server).await.unwrap();
            }
        }
    }

    async fn later(&self, seconds: i64) {
        self.test.clock.advance(TimeDelta::seconds(seconds));
        self.work().await;
    }

    fn pool(&self) -> FakePool {
        self.test.engine.pool()
    }

    fn volume(&self) -> FakeVolume {
        self.pool()
            .volume(&format!("berth-{}-site", self.server))
            .unwrap()
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/servers/{}/snapshots{rest}", self.server)
    }

    async fn post(&self, rest: &str, body: &Value) -> Value {
        self.program
            .json("POST", &self.path(rest), body)
            .await
            .expect(202)
            .json()
    }

    async fn take(&self, name: &str) -> String {
        let asked = self.post("", &json!({ "name": name })).await;
        self.work().await;
        asked["snapshot"]["id"].as_str().unwrap().to_owned()
    }

    /// Takes one as a schedule does, which keeps so many. Its id.
    async fn take_for(&self, schedule: ScheduleId, keep: u32) -> String {
        let who = Who::system("schedule nightly");
        let what = (self.server.parse().unwrap(), schedule, keep);
        let mut tx = self.test.system().begin().await.unwrap();
        super::take_within(&self.test.app, &mut tx, &who, what)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        self.later(1).await;
        self.all().await[0]["id"].as_str().unwrap().to_owned()
    }

    async fn all(&self) -> Vec<Value> {
        let all = self.program.get(&self.path("")).await.expect(200).json();
        all["items"].as_array().unwrap().clone()
    }

    async fn find(&self, id: &str) -> Option<Value> {
        self.all().await.into_iter().find(|one| one["id"] == id)
    }

    async fn operation(&self, asked: &Value) -> Value {
        let path = format!("/api/v1/operations/{}", asked["operation_id"].as_str().unwrap());
        self.program.get(&path).await.expect(200).json()
    }

    async fn server(&self) -> Value {
        let path = format!("/api/v1/servers/{}", self.server);
        self.program.get(&path).await.expect(200).json()
    }
}

#[tokio::test]
async fn one_is_taken_listed_and_deleted() {
    let scene = Scene::new(true).await;
    let asked = scene.post("", &json!({ "name": "before" })).await;
    assert_eq!(asked["snapshot"]["state"], "making");
    scene.work().await;
    assert_eq!(scene.operation(&asked).await["state"], "succeeded");
    let id = asked["snapshot"]["id"].as_str().unwrap();
    let there = scene.find(id).await.unwrap();
    assert_eq!(
        (&there["name"], &there["state"]),
        (&json!("before"), &json!("ready"))
    );
    assert_eq!(there["holds_bytes"], 4096);
    assert!(scene.volume().snapshots.contains(id));
    let page = scene
        .browser
        .get(&format!("/t/acme/servers/{}/snapshots", scene.server))
        .await
        .expect(200);
    assert!(
        page.body.contains("before") && page.body.contains("Take snapshot"),
        "{}",
        page.body
    );

    let gone = scene.path(&format!("/{id}"));
    scene.program.json("DELETE", &gone, &json!({})).await.expect(202);
    assert_eq!(scene.find(id).await.unwrap()["state"], "removing");
    scene.work().await;
    assert!(scene.find(id).await.is_none());
    assert!(scene.volume().snapshots.is_empty());
    // Without a name it is called by the time.
    let asked = scene.post("", &json!({})).await;
    assert_eq!(asked["snapshot"]["name"], "Snapshot 2026-03-10 12:00:00");
}

#[tokio::test]
async fn a_server_is_stopped_restored_and_goes_on_and_that_can_be_undone() {
    let scene = Scene::new(true).await;
    let id = scene.take("before").await;
    let asked = scene.post(&format!("/{id}/restore"), &json!({})).await;
    let safety = asked["snapshot"]["id"].as_str().unwrap().to_owned();
    // The first look has it stop; until it has, nothing is replaced, and nobody starts or copies it.
    for claimed in scene.snapshots.claim(16).await.unwrap() {
        scene.snapshots.reconcile(claimed).await.unwrap();
    }
    let start = format!("/api/v1/servers/{}/actions/start", scene.server);
    let refused = scene.program.json("POST", &start, &json!({})).await.expect(409);
    assert_eq!(refused.json()["code"], "being-copied");
    let copy = format!("/api/v1/servers/{}/clone", scene.server);
    let refused = scene.program.json("POST", &copy, &json!({})).await.expect(409);
    assert_eq!(refused.json()["code"], "being-restored");
    let again = scene
        .program
        .json("POST", &scene.path(&format!("/{id}/restore")), &json!({}))
        .await;
    assert_eq!(again.expect(409).json()["code"], "being-restored");
    assert!(scene.volume().restored.is_empty());
    scene.work_on_servers().await;
    assert_eq!(scene.server().await["engine_state"], "exited");
    scene.later(2).await;
    assert_eq!(scene.volume().restored, std::slice::from_ref(&id));
    assert!(scene.volume().snapshots.contains(&safety));
    assert_eq!(scene.operation(&asked).await["state"], "succeeded");
    assert_eq!(scene.server().await["engine_state"], "running");
    let kept = scene.find(&safety).await.unwrap();
    assert_eq!(
        (&kept["state"], &kept["reason"]),
        (&json!("ready"), &json!("safety"))
    );

    let undone = scene.post(&format!("/{safety}/restore"), &json!({})).await;
    scene.work().await;
    scene.later(2).await;
    assert_eq!(scene.operation(&undone).await["state"], "succeeded");
    assert_eq!(scene.volume().restored, [id, safety]);
    assert_eq!(scene.server().await["engine_state"], "running");
}

#[tokio::test]
async fn a_server_that_is_deleted_meanwhile_is_not_restored() {
    let scene = Scene::new(true).await;
    let id = scene.take("before").await;
    let asked = scene.post(&format!("/{id}/restore"), &json!({})).await;
    let server = format!("/api/v1/servers/{}", scene.server);
    scene
        .program
        .json("DELETE", &server, &json!({}))
        .await
        .expect(202);
    scene.work().await;
    scene.later(5).await;
    assert!(scene.volume().restored.is_empty());
    assert_eq!(scene.operation(&asked).await["state"], "failed");
}

#[tokio::test]
async fn another_server_is_made_from_one() {
    let scene = Scene::new(true).await;
    let id = scene.take("before").await;
    let asked = scene
        .post(&format!("/{id}/clone"), &json!({ "name": "then" }))
        .await;
    let gone = scene.path(&format!("/{id}"));
    let refused = scene.program.json("DELETE", &gone, &json!({})).await.expect(409);
    assert_eq!(refused.json()["code"], "snapshot-in-use");
    scene.work().await;
    scene.later(6).await;
    let path = format!("/api/v1/servers/{}", asked["server_id"].as_str().unwrap());
    let made = scene.program.get(&path).await.expect(200).json();
    assert_eq!(
        (&made["engine_state"], &made["name"]),
        (&json!("running"), &json!("then"))
    );
    assert_eq!(scene.server().await["engine_state"], "running");
    assert_eq!(
        scene.pool().volume(&format!("berth-{id}-site")),
        None,
        "nothing looks at it any more"
    );
    scene.program.json("DELETE", &gone, &json!({})).await.expect(202);
}

#[tokio::test]
async fn what_can_not_be_taken_says_why_and_leaves_nothing() {
    let scene = Scene::new(true).await;
    scene.pool().set_full(true);
    let asked = scene.post("", &json!({})).await;
    scene.work().await;
    let operation = scene.operation(&asked).await;
    assert_eq!(operation["state"], "failed");
    assert!(
        operation["error"].as_str().unwrap().contains("is full"),
        "{operation}"
    );
    let failed = scene.all().await.remove(0);
    assert_eq!(failed["state"], "failed");
    let restore = scene.path(&format!("/{}/restore", failed["id"].as_str().unwrap()));
    let refused = scene.program.json("POST", &restore, &json!({})).await.expect(409);
    assert_eq!(refused.json()["code"], "snapshot-failed");
    // One that is away is waited for.
    scene.pool().set_full(false);
    scene.pool().set_away(true);
    let asked = scene.post("", &json!({})).await;
    scene.work().await;
    assert_eq!(scene.all().await[0]["state"], "making");
    assert!(
        scene.all().await[0]["error"]
            .as_str()
            .unwrap()
            .contains("volume driver")
    );
    scene.pool().set_away(false);
    scene.later(61).await;
    assert_eq!(scene.operation(&asked).await["state"], "succeeded");
}

#[tokio::test]
async fn servers_without_a_pool_have_none_and_say_why() {
    let scene = Scene::new(false).await;
    let refused = scene
        .program
        .json("POST", &scene.path(""), &json!({}))
        .await
        .expect(409);
    assert_eq!(refused.json()["code"], "no-snapshots");
    let page = scene
        .browser
        .get(&format!("/t/acme/servers/{}/snapshots", scene.server))
        .await
        .expect(200);
    assert!(page.body.contains("measured and not limited"), "{}", page.body);
    assert!(!page.body.contains("Take snapshot"));
}

#[tokio::test]
async fn what_people_write_is_checked_and_strangers_see_nothing() {
    let scene = Scene::new(true).await;
    let long = json!({ "name": "x".repeat(61) });
    scene
        .program
        .json("POST", &scene.path(""), &long)
        .await
        .expect(422);
    let id = scene.take("before").await;
    let (_, stranger) = scene.test.owner("other").await;
    stranger
        .get(&format!("/t/other/servers/{}/snapshots", scene.server))
        .await
        .expect(404);
    let restore = format!("/t/other/servers/{}/snapshots/{id}/restore", scene.server);
    stranger.post(&restore, &[]).await.expect(404);
    // A snapshot of another server is none of this one's.
    let other = scene.test.server(scene.tenant, "other").await;
    let restore = format!("/api/v1/servers/{other}/snapshots/{id}/restore");
    let refused = scene.program.json("POST", &restore, &json!({})).await;
    assert!(matches!(refused.status, 404 | 409), "{refused:?}");
}
