//! Drills as a whole on the engine in memory: whose turn it is, what is made and removed, what is told.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::backups::Backups;
use crate::drivers::engine::{Engine as _, Health, ObservedState, ServerKey};
use crate::platform::access::{Permission, Side, StaffRole, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::{ServerId, TenantId};
use crate::platform::reconcile::Reconciler as _;
use crate::servers::{self, Servers};
use crate::tenants::purge_closed;
use crate::testing::{Client, TestApp};

use super::Drills;

const SNAPSHOT: &str = "0123456789abcdef0123456789abcdef";
const SUMMARY: &str = "{\"message_type\":\"summary\",\"snapshot_id\":\"01234567\",\
    \"total_bytes_processed\":4096,\"data_added\":1024,\"total_files_processed\":3}\n";

struct Scene {
    test: TestApp,
    tenant: TenantId,
    owner: Client,
    browser: Client,
    servers: Arc<Servers>,
}

fn scopes(side: Side) -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|permission| permission.side() == side).collect()
}

impl Scene {
    async fn new() -> Self {
        let test = TestApp::start().await;
        let (tenant, ada) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, ada, TenantRole::Owner).await;
        let location = servers::set_up_location(&test.app, &test.system()).await.unwrap();
        let engine = &test.engine;
        engine.set_helper("open", "[]", 0, "");
        engine.set_helper("found", &format!("[{{\"id\":\"{SNAPSHOT}\"}}]"), 0, "");
        engine.set_helper("backup", SUMMARY, 0, "");
        Self {
            owner: test.program(ada, Some(tenant), &scopes(Side::Tenant)).await,
            browser: test.browser(ada).await,
            servers: Arc::new(Servers::new(&test.app, location.id)),
            tenant,
            test,
        }
    }

    /// A server with a whole backup.
    async fn server(&self, name: &str) -> ServerId {
        let new = json!({ "name": name, "template": "static-site", "size": "microcomputer",
            "variables": { "SITE_OWNER": "Ada" } });
        let made = self.owner.json("POST", "/api/v1/servers", &new).await.expect(202);
        while let claimed = self.servers.claim(10).await.unwrap()
            && !claimed.is_empty()
        {
            for item in claimed {
                self.servers.reconcile(item).await.unwrap();
            }
        }
        let id: ServerId = made.json()["server"]["id"].as_str().unwrap().parse().unwrap();
        let path = format!("/api/v1/servers/{id}/backups");
        self.owner.json("POST", &path, &json!({})).await.expect(202);
        let backups = Backups::new(&self.test.app);
        while let claimed = backups.claim(10).await.unwrap()
            && !claimed.is_empty()
        {
            for item in claimed {
                backups.reconcile(item).await.unwrap();
            }
        }
        id
    }

    fn path(server: ServerId) -> String {
        format!("/api/v1/servers/{server}/backups/drills")
    }

    async fn ask(&self, server: ServerId) -> String {
        self.test.clock.advance(TimeDelta::milliseconds(1));
        let asked = self.owner.json("POST", &Self::path(server), &json!({})).await;
        asked.expect(202).json()["id"].as_str().unwrap().to_owned()
    }

    async fn proof(&self, server: ServerId) -> Value {
        self.owner.get(&Self::path(server)).await.expect(200).json()
    }

    /// Works on the next drill; its throw-away server's check says this as soon as it runs.
    async fn work(&self, says: Health) -> bool {
        let drills = Drills::new(&self.test.app);
        let Some(item) = drills.claim(1).await.unwrap().pop() else {
            return false;
        };
        let key = ServerKey::new(item.drill.id.to_string()).unwrap();
        let engine = &self.test.engine;
        let checked = async {
            loop {
                if engine.observe(&key).await.unwrap().state == ObservedState::Running {
                    engine.set_health(&key, says);
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let work = async {
            tokio::select! {
                done = drills.reconcile(item) => done.unwrap(),
                () = checked => false,
            }
        };
        tokio::time::timeout(Duration::from_mins(2), work).await.unwrap()
    }

    /// How many containers, networks and volumes there are.
    async fn count(&self) -> (usize, usize, usize) {
        let engine = &self.test.engine;
        (
            engine.observe_all().await.unwrap().len(),
            engine.list_networks().await.unwrap().len(),
            engine.list_volumes().await.unwrap().len(),
        )
    }

    async fn actions(&self) -> Vec<String> {
        let log = self.owner.get("/api/v1/audit-events").await.expect(200).json();
        let items = log["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|event| event["action"].as_str().unwrap().to_owned())
            .filter(|action| action.starts_with("drill."))
            .collect()
    }
}

#[tokio::test]
async fn a_backup_is_restored_beside_everything_proven_and_thrown_away() {
    let scene = Scene::new().await;
    let web = scene.server("web").await;
    let before = scene.count().await;
    let page = scene
        .browser
        .get(&format!("/t/acme/servers/{web}/backups"))
        .await
        .expect(200);
    assert!(
        page.body.contains("Last proven restore: <strong>never</strong>"),
        "{}",
        page.body
    );
    let id = scene.ask(web).await;
    let again = scene
        .owner
        .json("POST", &Scene::path(web), &json!({}))
        .await
        .expect(409);
    assert_eq!(again.json()["code"], "drill-under-way");
    assert!(scene.work(Health::Healthy).await);
    assert_eq!(scene.count().await, before, "nothing is left");
    let proof = scene.proof(web).await;
    assert_eq!(
        (&proof["drills"][0]["id"], &proof["drills"][0]["state"]),
        (&json!(id), &json!("proven"))
    );
    assert_eq!(proof["drills"][0]["bytes"], 4096);
    assert_eq!(proof["proven_at"], json!(scene.test.app.now()));
    let calls = scene.test.engine.helper_calls();
    assert_eq!(calls.last().unwrap()[..2], ["over", SNAPSHOT]);
    let page = scene.browser.get("/t/acme").await.expect(200);
    assert!(page.body.contains("Last proven restore"), "{}", page.body);
    assert!(
        !scene.work(Health::Healthy).await,
        "what is over is not done again"
    );
}

#[tokio::test]
async fn one_that_fails_is_an_alert_until_a_backup_is_proven() {
    let scene = Scene::new().await;
    let web = scene.server("web").await;
    let before = scene.count().await;
    scene.ask(web).await;
    assert!(scene.work(Health::Unhealthy).await);
    assert_eq!(scene.count().await, before);
    let proof = scene.proof(web).await;
    assert_eq!(proof["drills"][0]["state"], "failed");
    let reason = proof["reason"].as_str().unwrap();
    assert!(reason.contains("check fails"), "{reason}");
    let since = proof["failed_since"].clone();
    let root = scene.test.staff("root", StaffRole::Admin).await;
    let staff = scene.test.browser(root).await;
    for (browser, path) in [
        (&scene.browser, "/t/acme".to_owned()),
        (&scene.browser, format!("/t/acme/servers/{web}/backups")),
        (&staff, "/staff".to_owned()),
        (&staff, "/staff/drills".to_owned()),
    ] {
        let page = browser.get(&path).await.expect(200);
        assert!(page.body.contains("check fails"), "{path}: {}", page.body);
    }
    // A repository that cannot be read is as bad.
    scene
        .test
        .engine
        .set_helper("over", "", 1, "Fatal: ciphertext verification failed");
    scene.ask(web).await;
    assert!(scene.work(Health::Healthy).await);
    let proof = scene.proof(web).await;
    assert_eq!(proof["failed_since"], since, "it stands since it was first so");
    assert!(
        proof["reason"]
            .as_str()
            .unwrap()
            .contains("could not be restored")
    );
    scene.test.engine.set_helper("over", "", 0, "");
    scene.ask(web).await;
    assert!(scene.work(Health::Healthy).await);
    assert_eq!(scene.proof(web).await["failed_since"], Value::Null);
    let mut actions = scene.actions().await;
    actions.retain(|action| action != "drill.ask");
    assert_eq!(actions, ["drill.recover", "drill.fail", "drill.fail"]);
}

#[tokio::test]
async fn the_engine_is_to_blame_for_nothing() {
    let scene = Scene::new().await;
    let web = scene.server("web").await;
    scene.ask(web).await;
    scene.test.engine.set_down(true);
    let drills = Drills::new(&scene.test.app);
    let item = drills.claim(1).await.unwrap().pop().unwrap();
    assert!(!drills.reconcile(item).await.unwrap());
    scene.test.engine.set_down(false);
    assert_eq!(scene.proof(web).await["failed_since"], Value::Null);
    assert!(!scene.work(Health::Healthy).await, "not at once");
    scene.test.clock.advance(TimeDelta::minutes(1));
    assert!(scene.work(Health::Healthy).await);
    assert_eq!(scene.proof(web).await["drills"][0]["state"], "proven");
}

#[tokio::test]
async fn every_night_another_server_has_its_turn() {
    let scene = Scene::new().await;
    let all = [scene.server("a").await, scene.server("b").await];
    let drills = Drills::new(&scene.test.app);
    assert_eq!(drills.plan().await.unwrap(), 0, "noon is no night");
    let mut tried = Vec::new();
    for night in 0..4 {
        scene
            .test
            .clock
            .advance(TimeDelta::hours(if night == 0 { 15 } else { 24 }));
        assert_eq!(drills.plan().await.unwrap(), 1);
        assert_eq!(drills.plan().await.unwrap(), 0, "once a night");
        assert!(scene.work(Health::Healthy).await);
        let mut tx = scene.test.system().begin().await.unwrap();
        let newest = sqlx::query_scalar!(
            r#"select server_id as "id!" from restore_drill order by created_at desc limit 1"#
        );
        tried.push(ServerId(newest.fetch_one(tx.conn()).await.unwrap()));
    }
    assert_eq!(tried[..2], tried[2..]);
    assert_ne!(tried[0], tried[1]);
    assert!(all.contains(&tried[0]) && all.contains(&tried[1]));
}

#[tokio::test]
async fn who_wants_none_and_when_there_are_none() {
    let scene = Scene::new().await;
    scene.server("web").await;
    let drills = Drills::new(&scene.test.app);
    let form = "/t/acme/settings/drills";
    scene
        .browser
        .post(form, &[("nightly", "false")])
        .await
        .expect(303);
    scene.test.clock.advance(TimeDelta::hours(15));
    assert_eq!(drills.plan().await.unwrap(), 0);
    // Another day, another session.
    let bob = scene.test.person("bob").await;
    scene.test.member(scene.tenant, bob, TenantRole::Owner).await;
    let browser = scene.test.browser(bob).await;
    browser.post(form, &[("nightly", "true")]).await.expect(303);
    let root = scene.test.staff("root", StaffRole::Admin).await;
    let staff = scene.test.browser(root).await;
    let page = staff.get("/staff/drills").await.expect(200);
    assert!(page.body.contains("Acme") || page.body.contains("acme"));
    let schedule = "/staff/drills/schedule";
    let wrong = staff
        .post(
            schedule,
            &[
                ("version", "1"),
                ("is_on", "true"),
                ("hour", "24"),
                ("zone", "Moon"),
            ],
        )
        .await
        .expect(422);
    assert!(wrong.body.contains("Use an hour from 0 to 23.") && wrong.body.contains("Moon"));
    staff
        .post(schedule, &[("version", "1"), ("hour", "3"), ("zone", "UTC")])
        .await
        .expect(303);
    assert_eq!(drills.plan().await.unwrap(), 0, "off");
    let stale = [
        ("version", "1"),
        ("is_on", "true"),
        ("hour", "3"),
        ("zone", "UTC"),
    ];
    staff.post(schedule, &stale).await.expect(412);
    let on = [
        ("version", "2"),
        ("is_on", "true"),
        ("hour", "4"),
        ("zone", "Europe/Berlin"),
    ];
    staff.post(schedule, &on).await.expect(303);
    assert_eq!(drills.plan().await.unwrap(), 1, "03:00 UTC is 04:00 there");
}

#[tokio::test]
async fn one_at_a_time_and_a_dead_panels_lease_runs_out() {
    let scene = Scene::new().await;
    for name in ["a", "b"] {
        let server = scene.server(name).await;
        scene.ask(server).await;
    }
    let drills = Drills::new(&scene.test.app);
    let held = drills.claim(1).await.unwrap();
    assert_eq!(held.len(), 1);
    assert!(
        drills.claim(1).await.unwrap().is_empty(),
        "an engine has one at a time"
    );
    scene.test.clock.advance(TimeDelta::seconds(31));
    let next = drills.claim(1).await.unwrap();
    assert_eq!(next[0].drill.id, held[0].drill.id, "what was begun comes first");
}

#[tokio::test]
async fn strangers_see_and_ask_nothing_and_a_tenant_is_not_erased_meanwhile() {
    let scene = Scene::new().await;
    let web = scene.server("web").await;
    let (other, eve) = (scene.test.tenant("globex").await, scene.test.person("eve").await);
    scene.test.member(other, eve, TenantRole::Owner).await;
    let theirs = scene.test.program(eve, Some(other), &scopes(Side::Tenant)).await;
    theirs.get(&Scene::path(web)).await.expect(404);
    theirs
        .json("POST", &Scene::path(web), &json!({}))
        .await
        .expect(404);
    let bare = scene.test.server(scene.tenant, "bare").await;
    let nothing = scene
        .owner
        .json("POST", &Scene::path(bare), &json!({}))
        .await
        .expect(409);
    assert_eq!(nothing.json()["code"], "nothing-to-prove");

    scene.ask(web).await;
    let mut tx = scene.test.system().begin().await.unwrap();
    sqlx::query!(
        "update tenant set status = 'closed', status_reason = 'left', purge_after = $2 where id = $1",
        scene.tenant.0,
        scene.test.app.now()
    )
    .execute(tx.conn())
    .await
    .unwrap();
    sqlx::query!("delete from server where tenant_id = $1", scene.tenant.0)
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let (app, system) = (&scene.test.app, scene.test.system());
    assert_eq!(
        purge_closed(app, &system).await.unwrap(),
        0,
        "a drill is under way"
    );
    assert!(
        scene.work(Health::Healthy).await,
        "it ends, as its server is gone"
    );
    assert_eq!(purge_closed(app, &system).await.unwrap(), 1);
}

#[tokio::test]
async fn nothing_of_who_is_suspended_is_started() {
    let scene = Scene::new().await;
    let server = scene.server("web").await;
    let staff = scene.test.staff("root", StaffRole::Owner).await;
    let staff = scene.test.program(staff, None, &scopes(Side::Staff)).await;
    let way = format!("/api/v1/staff/servers/{server}/suspend");
    staff.json("POST", &way, &json!({ "reason": "unpaid" })).await;
    let refused = scene.owner.json("POST", &Scene::path(server), &json!({})).await;
    assert_eq!(refused.expect(409).json()["code"], "server-suspended");
    let as_staff = format!("/api/v1/staff/servers/{server}/drills");
    let refused = staff.json("POST", &as_staff, &json!({})).await;
    assert_eq!(refused.expect(409).json()["code"], "server-suspended");
}

#[tokio::test]
async fn what_ended_long_ago_is_forgotten_and_its_proof_is_not() {
    let scene = Scene::new().await;
    let server = scene.server("web").await;
    scene.ask(server).await;
    assert!(scene.work(Health::Healthy).await);
    let scope = scene.test.system();
    assert_eq!(super::clean_up(&scene.test.app, &scope).await.unwrap(), 0);
    scene.test.clock.advance(TimeDelta::days(91));
    assert_eq!(super::clean_up(&scene.test.app, &scope).await.unwrap(), 1);
    // What signs in is over by now.
    let ann = scene.test.person("ann").await;
    scene.test.member(scene.tenant, ann, TenantRole::Owner).await;
    let owner = scene
        .test
        .program(ann, Some(scene.tenant), &scopes(Side::Tenant))
        .await;
    let proof = owner.get(&Scene::path(server)).await.expect(200).json();
    assert!(proof["proven_at"].is_string(), "{proof}");
}

#[tokio::test]
async fn only_what_there_is_can_be_proven() {
    let scene = Scene::new().await;
    let (saved, bare) = (
        scene.server("web").await,
        scene.test.server(scene.tenant, "bare").await,
    );
    for (server, is_offered) in [(saved, true), (bare, false)] {
        let path = format!("/t/acme/servers/{server}/backups");
        let page = scene.browser.get(&path).await.expect(200).body;
        assert_eq!(page.contains("Prove now"), is_offered, "{page}");
    }
}
