//! A tenant with its owner, and reconcilers that work when they are told to.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::drivers::engine::{Engine as _, Health, Observed, ServerKey};
use crate::networks::Networks;
use crate::platform::access::{Permission, Side, TenantRole};
use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::ids::{TenantId, UserId};
use crate::platform::reconcile::Reconciler as _;
use crate::servers::{self, Servers};
use crate::testing::{Answer, Client, TestApp};

pub(super) struct Scene {
    pub(super) test: TestApp,
    pub(super) tenant: TenantId,
    pub(super) owner: UserId,
    pub(super) program: Client,
    pub(super) browser: Client,
    servers: Arc<Servers>,
    networks: Networks,
}

fn all() -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|permission| permission.side() == Side::Tenant)
        .collect()
}

/// A PHP site with its database.
pub(super) fn shop(name: &str) -> Value {
    json!({ "name": name, "blueprint": "site-with-database",
        "parts": { "web": { "variables": { "SITE_OWNER": "Ada" } } } })
}

/// A load balancer, so many PHP sites, a cache and a database.
pub(super) fn cluster(name: &str, replicas: u32) -> Value {
    json!({ "name": name, "blueprint": "web-cluster",
        "parts": { "web": { "replicas": replicas, "variables": { "SITE_OWNER": "Ada" } } } })
}

impl Scene {
    /// A tenant with room for ten servers.
    pub(super) async fn new() -> Self {
        Self::with_room(10).await
    }

    pub(super) async fn with_room(room: i32) -> Self {
        Self::with(room, None).await
    }

    /// The same on a node with a pool of storage.
    pub(super) async fn with_pool() -> Self {
        let socket = PathBuf::from("/run/docker/plugins/berth.sock");
        Self::with(10, Some(socket)).await
    }

    async fn with(room: i32, pool: Option<PathBuf>) -> Self {
        let test = TestApp::with(|config| config.volume_driver_socket = pool).await;
        let plan = test.plan("small", room).await;
        let (tenant, owner) = (test.tenant_on("acme", plan).await, test.person("ada").await);
        test.member(tenant, owner, TenantRole::Owner).await;
        let location = servers::set_up_location(&test.app, &test.system()).await.unwrap();
        let program = test
            .program_until(owner, Some(tenant), &all(), TimeDelta::days(400))
            .await;
        Self {
            browser: test.browser(owner).await,
            servers: Arc::new(Servers::new(&test.app, location.id)),
            networks: Networks::new(&test.app),
            program,
            tenant,
            owner,
            test,
        }
    }

    /// Orders a stack, and works until it runs. Its id.
    pub(super) async fn running(&self, order: &Value) -> String {
        let id = self.ordered(order).await;
        self.work().await;
        id
    }

    /// Orders a stack. Its id.
    pub(super) async fn ordered(&self, order: &Value) -> String {
        let made = self
            .program
            .json("POST", "/api/v1/stacks", order)
            .await
            .expect(202);
        made.json()["stack"]["id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.program.json("POST", path, body).await
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        self.program.get(path).await.expect(200).json()
    }

    pub(super) async fn stack(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/stacks/{id}")).await
    }

    /// The ids of a stack's servers of one part.
    pub(super) async fn part(&self, id: &str, part: &str) -> Vec<String> {
        let stack = self.stack(id).await;
        let all = stack["servers"].as_array().unwrap().iter();
        all.filter(|server| server["part"] == part)
            .map(|server| server["server_id"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(super) async fn server(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/servers/{id}")).await
    }

    pub(super) async fn secret(&self, id: &str, key: &str) -> Value {
        self.get(&format!("/api/v1/servers/{id}/secrets/{key}")).await["value"].clone()
    }

    pub(super) async fn seen(&self, id: &str) -> Observed {
        self.test
            .engine
            .observe(&ServerKey::new(id).unwrap())
            .await
            .unwrap()
    }

    /// Lets all checks of a stack succeed.
    pub(super) async fn be_healthy(&self, id: &str) {
        for server in self.stack(id).await["servers"].as_array().unwrap() {
            let key = ServerKey::new(server["server_id"].as_str().unwrap()).unwrap();
            self.test.engine.set_health(&key, Health::Healthy);
        }
        let mut tx = self.tx().await;
        self.touch(&mut tx).await;
        tx.commit().await.unwrap();
        self.work().await;
    }

    /// Whether a statement of this test waits for a row that another transaction holds.
    pub(super) async fn is_somebody_waiting(&self) -> bool {
        let waits = sqlx::query_scalar!(
            r#"select exists (select from pg_locks l join pg_stat_activity a on a.pid = l.pid
                              where not l.granted and a.datname = current_database()) as "waits!""#
        );
        waits.fetch_one(self.tx().await.conn()).await.unwrap()
    }

    /// Writes all servers of stacks in somebody else's transaction.
    pub(super) async fn touch(&self, tx: &mut SystemTx) {
        let now = self.test.app.now();
        let touched = sqlx::query!(
            "update server set next_attempt_at = $1 where stack_id is not null",
            now
        );
        touched.execute(tx.conn()).await.unwrap();
    }

    /// Works on what is due now.
    pub(super) async fn work(&self) {
        for _ in 0..400 {
            self.test.clock.advance(TimeDelta::milliseconds(1));
            let servers = self.servers.claim(16).await.unwrap();
            let networks = self.networks.claim(16).await.unwrap();
            let is_idle = servers.is_empty() && networks.is_empty();
            if is_idle && !self.test.is_server_due().await && !self.test.is_network_due().await {
                return;
            }
            for server in servers {
                self.servers.reconcile(server).await.unwrap();
            }
            for network in networks {
                self.networks.reconcile(network).await.unwrap();
            }
        }
        panic!("it does not come to rest");
    }

    /// Lets time pass, and works on what then is due.
    pub(super) async fn later(&self, by: TimeDelta) {
        self.test.clock.advance(by);
        self.work().await;
    }

    pub(super) async fn tx(&self) -> SystemTx {
        self.test.system().begin().await.unwrap()
    }

    /// How many stacks, servers and networks there are, in rows.
    pub(super) async fn rows(&self) -> (i64, i64, i64) {
        let rows = sqlx::query!(
            r#"select (select count(*) from stack) as "stacks!", (select count(*) from server) as "servers!",
                 (select count(*) from network) as "networks!""#
        );
        let rows = rows.fetch_one(self.tx().await.conn()).await.unwrap();
        (rows.stacks, rows.servers, rows.networks)
    }

    /// The audit log as text.
    pub(super) async fn audit_log(&self) -> String {
        let rows = sqlx::query_scalar!(
            r#"select concat_ws(' ', action, target_label, before, after) as "text!" from audit_event order by at, id"#
        );
        rows.fetch_all(self.tx().await.conn()).await.unwrap().join("\n")
    }
}
