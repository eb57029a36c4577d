//! A tenant with a server that runs, somebody who makes schedules for it, and runners that work when they are told to.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::platform::access::{Permission, Side, TenantRole};
use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::ids::{ServerId, TenantId, UserId};
use crate::platform::reconcile::Reconciler as _;
use crate::platform::secret::Secret;
use crate::servers::{self, Servers};
use crate::testing::{Client, TestApp};

use super::super::runner::Runner;

pub(super) struct Scene {
    pub(super) test: TestApp,
    pub(super) tenant: TenantId,
    pub(super) owner: UserId,
    pub(super) program: Client,
    pub(super) server: ServerId,
    servers: Arc<Servers>,
}

pub(super) fn all() -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|permission| permission.side() == Side::Tenant)
        .collect()
}

/// A step that gives the server a line.
pub(super) fn command(line: &str) -> Value {
    json!({ "kind": "command", "command": line })
}

/// A step that tells the server something.
pub(super) fn power(word: &str) -> Value {
    json!({ "kind": "power", "power": word })
}

impl Scene {
    /// A web site.
    pub(super) async fn new() -> Self {
        Self::of("static-site", json!({ "SITE_OWNER": "Ada" })).await
    }

    pub(super) async fn of(template: &str, variables: Value) -> Self {
        let new =
            json!({ "name": "web", "template": template, "size": "microcomputer", "variables": variables });
        Self::ordered(None, ("/api/v1/servers", &new), "/server/id").await
    }

    /// A PHP site with its database, on a node with a pool of storage. The server is that of the database.
    pub(super) async fn of_stack() -> Self {
        let pool = PathBuf::from("/run/docker/plugins/berth.sock");
        let new = json!({ "name": "Shop", "blueprint": "site-with-database",
            "parts": { "web": { "variables": { "SITE_OWNER": "Ada" } } } });
        // Parts are told by name: the database comes first.
        let first = "/stack/servers/0/server_id";
        Self::ordered(Some(pool), ("/api/v1/stacks", &new), first).await
    }

    /// What is ordered, when it runs; `server` is where the answer tells the server that the schedules are of.
    async fn ordered(pool: Option<PathBuf>, (path, new): (&str, &Value), server: &str) -> Self {
        let url = Secret::new("smtp://127.0.0.1".to_owned());
        let test = TestApp::with(|config| {
            config.smtp_url = Some(url);
            config.volume_driver_socket = pool;
        })
        .await;
        let (tenant, owner) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, owner, TenantRole::Owner).await;
        let location = servers::set_up_location(&test.app, &test.system()).await.unwrap();
        let program = test
            .program_until(owner, Some(tenant), &all(), TimeDelta::days(400))
            .await;
        let made = program.json("POST", path, new).await.expect(202).json();
        let found = made.pointer(server).and_then(Value::as_str);
        let scene = Self {
            servers: Arc::new(Servers::new(&test.app, location.id)),
            server: found.unwrap().parse().unwrap(),
            test,
            tenant,
            owner,
            program,
        };
        scene.work().await;
        scene
    }

    pub(super) fn runner(&self) -> Runner {
        Runner::new(&self.test.app)
    }

    pub(super) async fn tx(&self) -> SystemTx {
        self.test.system().begin().await.unwrap()
    }

    pub(super) fn path(&self, rest: &str) -> String {
        format!("/api/v1/servers/{}/schedules{rest}", self.server)
    }

    /// A schedule. Its id.
    pub(super) async fn schedule(&self, cron: &str, steps: &[Value]) -> String {
        let new = json!({ "name": "Nightly", "cron": cron, "steps": steps });
        let made = self.program.json("POST", &self.path(""), &new).await.expect(201);
        made.json()["id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn post(&self, rest: &str) -> crate::testing::Answer {
        self.program.json("POST", &self.path(rest), &json!({})).await
    }

    pub(super) async fn get(&self, rest: &str) -> Value {
        self.program.get(&self.path(rest)).await.expect(200).json()
    }

    /// The schedule's runs, newest first.
    pub(super) async fn runs(&self, id: &str) -> Vec<Value> {
        let runs = self.get(&format!("/{id}/runs")).await;
        runs.as_array().unwrap().clone()
    }

    /// The newest run, with its steps.
    pub(super) async fn run(&self, id: &str) -> Value {
        let runs = self.runs(id).await;
        let run = runs.first().expect("a run");
        self.get(&format!("/{id}/runs/{}", run["id"].as_str().unwrap()))
            .await
    }

    /// Works on what is due now, on schedules and on the servers that they tell something.
    pub(super) async fn work(&self) {
        let runner = self.runner();
        for _ in 0..200 {
            self.test.clock.advance(TimeDelta::milliseconds(1));
            let runs = runner.claim(16).await.unwrap();
            let servers = self.servers.claim(16).await.unwrap();
            if runs.is_empty() && servers.is_empty() && !self.test.is_server_due().await {
                return;
            }
            for run in runs {
                runner.reconcile(run).await.unwrap();
            }
            for server in servers {
                self.servers.reconcile(server).await.unwrap();
            }
        }
        panic!("it does not come to rest");
    }

    /// Lets time pass, and works on what then is due.
    pub(super) async fn later(&self, by: TimeDelta) {
        self.test.clock.advance(by);
        self.work().await;
    }

    /// Suspends the tenant, or takes that back, behind the pages.
    pub(super) async fn set_suspended(&self, suspended: bool) {
        let mut tx = self.tx().await;
        let (status, reason) = if suspended {
            ("suspended", Some("unpaid"))
        } else {
            ("active", None)
        };
        sqlx::query!(
            "update tenant set status = $2, status_reason = $3 where id = $1",
            self.tenant.0,
            status,
            reason
        )
        .execute(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    /// The audit log as text.
    pub(super) async fn audit_log(&self) -> String {
        let rows = sqlx::query_scalar!(
            r#"select concat_ws(' ', action, target_label, before, after) as "text!" from audit_event order by at, id"#
        );
        rows.fetch_all(self.tx().await.conn()).await.unwrap().join("\n")
    }
}

pub(super) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A time in an answer.
pub(super) fn time(value: &Value) -> DateTime<Utc> {
    at(value.as_str().unwrap_or_else(|| panic!("{value} is no time")))
}
