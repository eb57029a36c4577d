//! Backups as a whole: asked for, made, looked into, got back and removed; on the engine in memory.

mod checks;
mod erased;
mod half_way;
mod staff;
mod targets;
mod volumes;
mod walls;
mod whole;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::platform::access::{Permission, Side, StaffRole, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::{ServerId, TenantId, UserId};
use crate::platform::reconcile::Reconciler as _;
use crate::servers::{self, Servers};
use crate::testing::{Client, TestApp};

use chrono::TimeDelta;

use super::Backups;

const SNAPSHOT: &str = "0123456789abcdef0123456789abcdef";
const SUMMARY: &str = "{\"message_type\":\"summary\",\"snapshot_id\":\"01234567\",\
    \"total_bytes_processed\":4096,\"data_added\":1024,\"total_files_processed\":3}\n";

struct Scene {
    test: TestApp,
    tenant: TenantId,
    owner: UserId,
    program: Client,
    server: ServerId,
    servers: Arc<Servers>,
}

/// What `open` says of a backup that is whole.
fn found() -> String {
    format!("[{{\"id\":\"{SNAPSHOT}\"}}]")
}

fn all() -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|permission| permission.side() == Side::Tenant)
        .collect()
}

impl Scene {
    async fn new() -> Self {
        let test = TestApp::start().await;
        let (tenant, owner) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, owner, TenantRole::Owner).await;
        let location = servers::set_up_location(&test.app, &test.system()).await.unwrap();
        let program = test.program(owner, Some(tenant), &all()).await;
        let new = json!({ "name": "web", "template": "static-site", "size": "microcomputer",
            "variables": { "SITE_OWNER": "Ada" } });
        let made = program.json("POST", "/api/v1/servers", &new).await.expect(202);
        let server = made.json()["server"]["id"].as_str().unwrap().parse().unwrap();
        let servers = Arc::new(Servers::new(&test.app, location.id));
        while let claimed = servers.claim(10).await.unwrap()
            && !claimed.is_empty()
        {
            for item in claimed {
                servers.reconcile(item).await.unwrap();
            }
        }
        let engine = &test.engine;
        engine.set_helper("open", "[]", 0, "");
        engine.set_helper("found", &found(), 0, "");
        engine.set_helper("backup", SUMMARY, 0, "");
        Self {
            test,
            tenant,
            owner,
            program,
            server,
            servers,
        }
    }

    /// Lets time pass and works on servers and in repositories, until an operation is over. How it ended.
    async fn settle(&self, operation: &Value) -> Value {
        let path = format!("/api/v1/operations/{}", operation.as_str().unwrap());
        for _ in 0..200 {
            let found = self.program.get(&path).await.expect(200).json();
            if found["state"] != "queued" && found["state"] != "running" {
                return found;
            }
            self.test.clock.advance(TimeDelta::seconds(1));
            self.work().await;
            for item in self.servers.claim(16).await.unwrap() {
                self.servers.reconcile(item).await.unwrap();
            }
        }
        panic!("{path} does not end");
    }

    /// Works until there is nothing to do now.
    async fn work(&self) {
        self.wait_for_locks().await;
        let backups = Backups::new(&self.test.app);
        while let claimed = backups.claim(10).await.unwrap()
            && !claimed.is_empty()
        {
            for item in claimed {
                backups.reconcile(item).await.unwrap();
            }
        }
    }

    /// What a refused request began is rolled back after its answer, and who takes work passes over what is locked still. In
    /// a panel that is looked at again a second later; here it is waited for.
    async fn wait_for_locks(&self) {
        let mut tx = self.test.system().begin().await.unwrap();
        let all = sqlx::query_scalar!("select id from backup_repository for update");
        drop(all.fetch_all(tx.conn()).await.unwrap());
        tx.commit().await.unwrap();
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/servers/{}/backups{rest}", self.server)
    }

    /// Asks for a backup.
    async fn ask(&self) -> String {
        let made = self
            .program
            .json("POST", &self.path(""), &json!({}))
            .await
            .expect(202);
        made.json()["id"].as_str().unwrap().to_owned()
    }

    async fn show(&self, id: &str) -> Value {
        self.program
            .get(&self.path(&format!("/{id}")))
            .await
            .expect(200)
            .json()
    }

    /// What the ledger says of the tenant's backups, in bytes.
    async fn counted(&self) -> i64 {
        let counted = sqlx::query_scalar!(
            "select bytes from storage_use where tenant_id = $1 and kind = 'backup'",
            self.tenant.0
        );
        let mut tx = self.test.system().begin().await.unwrap();
        counted.fetch_one(tx.conn()).await.unwrap()
    }

    fn commands(&self) -> Vec<String> {
        let calls = self.test.engine.helper_calls();
        calls.into_iter().map(|call| call[0].clone()).collect()
    }
}

#[tokio::test]
async fn a_backup_is_made_once_and_shown() {
    let scene = Scene::new().await;
    let id = scene.ask().await;
    let again = scene
        .program
        .json("POST", &scene.path(""), &json!({}))
        .await
        .expect(409);
    assert_eq!(again.json()["code"], "backup-under-way");
    assert_eq!(scene.show(&id).await["state"], "waiting");
    scene.work().await;
    let shown = scene.show(&id).await;
    assert_eq!(shown["state"], "done");
    assert_eq!(
        (&shown["size_bytes"], &shown["added_bytes"]),
        (&json!(4096), &json!(1024))
    );
    assert_eq!(shown["snapshot"], SNAPSHOT);
    assert_eq!(scene.commands(), ["backup"]);
    scene.work().await;
    assert_eq!(scene.commands().len(), 1, "what is done is not done again");
}

#[tokio::test]
async fn one_that_was_whole_when_the_panel_died_is_not_made_again() {
    let scene = Scene::new().await;
    scene.test.engine.set_helper("open", &found(), 0, "");
    let id = scene.ask().await;
    scene.test.administer("update backup set state = 'running'").await;
    scene.work().await;
    assert_eq!(scene.show(&id).await["state"], "done");
    assert_eq!(scene.commands(), ["open"]);
}

#[tokio::test]
async fn a_backup_that_fails_says_why_and_can_be_deleted() {
    let scene = Scene::new().await;
    scene
        .test
        .engine
        .set_helper("backup", "", 1, "Fatal: write: No space left on device");
    let id = scene.ask().await;
    scene.work().await;
    let shown = scene.show(&id).await;
    assert_eq!(
        (&shown["state"], &shown["error"]),
        (&json!("failed"), &json!("the disk is full"))
    );
    let entries = scene.path(&format!("/{id}/entries?path=/site"));
    scene.program.get(&entries).await.expect(409);
    let one = scene.path(&format!("/{id}"));
    scene.program.json("DELETE", &one, &json!({})).await.expect(204);
    scene.work().await;
    scene.program.get(&one).await.expect(404);
}

#[tokio::test]
async fn things_are_got_back_beside_and_removed_with_what_only_they_had() {
    let scene = Scene::new().await;
    let id = scene.ask().await;
    scene.work().await;
    let restore = scene.path(&format!("/{id}/restore"));
    for (path, name) in [
        ("/site/../x", "x"),
        ("", "x"),
        ("/site/a", "a/b"),
        ("/site/a", ""),
    ] {
        let wrong = json!({ "path": path, "name": name });
        scene.program.json("POST", &restore, &wrong).await.expect(422);
    }
    let volume = scene.test.app.catalogue.offer("static-site").unwrap();
    let volume = volume.template.volumes[0].name.clone();
    let wish = json!({ "path": format!("/{volume}/a b"), "name": "again" });
    scene.program.json("POST", &restore, &wish).await.expect(202);
    scene.work().await;
    let got = &scene.show(&id).await["restores"][0];
    assert_eq!(
        (&got["state"], &got["to"]),
        (&json!("done"), &json!(format!("/{volume}/again")))
    );
    let calls = scene.test.engine.helper_calls();
    assert_eq!(
        calls.last().unwrap()[..5],
        ["beside", SNAPSHOT, &volume, "/a b", "/a b"]
    );
    scene.test.engine.set_helper("open", &found(), 0, "");
    let one = scene.path(&format!("/{id}"));
    scene.program.json("DELETE", &one, &json!({})).await.expect(204);
    scene.work().await;
    let calls = scene.test.engine.helper_calls();
    assert_eq!(calls.last().unwrap(), &["forget", SNAPSHOT]);
    scene.program.get(&one).await.expect(404);
}

#[tokio::test]
async fn a_stranger_sees_no_backup_and_two_tenants_share_no_key() {
    let scene = Scene::new().await;
    let id = scene.ask().await;
    let (other, stranger) = (scene.test.tenant("other").await, scene.test.person("eve").await);
    scene.test.member(other, stranger, TenantRole::Owner).await;
    let program = scene.test.program(stranger, Some(other), &all()).await;
    let one = scene.path(&format!("/{id}"));
    program.get(&one).await.expect(404);
    program.json("DELETE", &one, &json!({})).await.expect(404);
    scene
        .test
        .backup(other, scene.test.server(other, "web").await)
        .await;
    let mut tx = scene.test.app.db.system().await.unwrap();
    let keys = super::store::keys(&mut tx).await.unwrap();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1]);
    assert_ne!(scene.tenant, other);
}

#[tokio::test]
async fn the_ledger_counts_what_a_repository_holds() {
    let scene = Scene::new().await;
    let (first, second) = (scene.ask().await, {
        scene.work().await;
        scene.test.engine.set_helper("open", "[]", 0, "");
        scene.ask().await
    });
    assert_eq!(scene.counted().await, 1024);
    scene.work().await;
    assert_eq!(scene.counted().await, 2048);
    for id in [first, second] {
        let one = scene.path(&format!("/{id}"));
        scene.program.json("DELETE", &one, &json!({})).await.expect(204);
    }
    scene.work().await;
    assert_eq!(scene.counted().await, 0);
}

#[tokio::test]
async fn a_server_that_moves_leaves_its_backups_with_whose_they_are() {
    let scene = Scene::new().await;
    let id = scene.ask().await;
    scene.work().await;
    let mut tx = scene.test.system().begin().await.unwrap();
    sqlx::query!(
        "insert into restore_drill (id, tenant_id, server_id, server_name, backup_at, state, created_at, ended_at) \
         values ($1, $2, $1, 'web', now(), 'proven', now(), now())",
        scene.server.0,
        scene.tenant.0
    )
    .execute(tx.conn())
    .await
    .unwrap();
    sqlx::query!(
        "insert into restore_proof (server_id, tenant_id, proven_at, looked_at) values ($1, $2, now(), now())",
        scene.server.0,
        scene.tenant.0
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let (other, eve) = (scene.test.tenant("globex").await, scene.test.person("eve").await);
    scene.test.member(other, eve, TenantRole::Owner).await;
    let theirs = scene.test.program(eve, Some(other), &all()).await;
    let root = scene.test.staff("root", StaffRole::Owner).await;
    let rights = [Permission::StaffServerRead, Permission::StaffServerManage];
    let staff = scene.test.program(root, None, &rights).await;
    let way = format!("/api/v1/staff/servers/{}/move", scene.server);
    let to = json!({ "tenant_id": other.to_string() });
    staff.json("POST", &way, &to).await.expect(202);
    let list = theirs.get(&scene.path("")).await.expect(200).json();
    assert_eq!(list, json!([]));
    let drills = sqlx::query_scalar!(
        r#"select (select count(*) from restore_drill where server_id is null and tenant_id = $1) * 10
                + (select count(*) from restore_proof) as "count!""#,
        scene.tenant.0
    );
    let mut tx = scene.test.system().begin().await.unwrap();
    assert_eq!(
        drills.fetch_one(tx.conn()).await.unwrap(),
        10,
        "what was proven of them stays too"
    );
    drop(tx);
    theirs.get(&scene.path(&format!("/{id}"))).await.expect(404);
    scene.program.get(&scene.path("")).await.expect(404);
    let kept = sqlx::query_scalar!(
        r#"select count(*) as "count!" from backup where tenant_id = $1 and server_id is null and state = 'done'"#,
        scene.tenant.0
    );
    let mut tx = scene.test.system().begin().await.unwrap();
    assert_eq!(kept.fetch_one(tx.conn()).await.unwrap(), 1);
    drop(tx);
    // Its volumes bear the former tenant's name, and are its own all the same.
    scene.test.engine.set_helper("open", "[]", 0, "");
    let made = theirs.json("POST", &scene.path(""), &json!({})).await.expect(202);
    scene.work().await;
    let path = scene.path(&format!("/{}", made.json()["id"].as_str().unwrap()));
    let own = theirs.get(&path).await.expect(200).json();
    assert_eq!(own["state"], "done", "{own}");
}
