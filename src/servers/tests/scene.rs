//! A tenant with a person in it, and a reconciler that works when it is told to.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::config::Config;
use crate::drivers::engine::{Engine as _, Observed, ServerKey};
use crate::platform::access::{Actor, Member, Standing, TenantRole, TenantScope, Via, Who};
use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{SessionId, TenantId, UserId};
use crate::platform::operations::{self, Operation};
use crate::platform::reconcile::Reconciler as _;
use crate::testing::TestApp;

use super::super::actions::{self, Asked, NewServerInput, Restored};
use super::super::model::{Command, Server};
use super::super::reconcile::Servers;
use super::super::store::{self, Claimed};

pub(super) struct Scene {
    pub(super) test: TestApp,
    pub(super) scope: TenantScope,
    pub(super) servers: Arc<Servers>,
}

impl Scene {
    /// A tenant with room for ten servers.
    pub(super) async fn new() -> Self {
        Self::with_room(10).await
    }

    /// A tenant with room for so many.
    pub(super) async fn with_room(servers: i32) -> Self {
        Self::on(TestApp::start().await, servers).await
    }

    /// The same with other settings.
    pub(super) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::on(TestApp::with(change).await, 10).await
    }

    /// A tenant with room for so many, on a panel of its own making.
    pub(super) async fn on(test: TestApp, servers: i32) -> Self {
        let plan = test.plan("small", servers).await;
        let tenant = test.tenant_on("acme", plan).await;
        let ada = test.person("ada").await;
        test.member(tenant, ada, TenantRole::Owner).await;
        let location = actions::set_up_location(&test.app, &test.system()).await.unwrap();
        let servers = Arc::new(Servers::new(&test.app, location.id));
        let scope = scope(&test, tenant, ada);
        Self { test, scope, servers }
    }

    /// Somebody of another tenant.
    pub(super) async fn stranger(&self) -> TenantScope {
        let tenant = self.test.tenant("other").await;
        let eve = self.test.person("eve").await;
        self.test.member(tenant, eve, TenantRole::Owner).await;
        scope(&self.test, tenant, eve)
    }

    /// A moment later, so that what happens next sorts after what happened before.
    pub(super) fn tick(&self) {
        self.test.clock.advance(Duration::milliseconds(1));
    }

    /// Asks for a web site.
    pub(super) async fn create(&self, name: &str) -> Result<Asked, Error> {
        self.tick();
        actions::create(&self.test.app, &self.scope, site(name)).await
    }

    /// A web site that runs.
    pub(super) async fn running(&self, name: &str) -> Server {
        let asked = self.create(name).await.unwrap();
        self.work().await;
        let server = self.find(&asked.server).await;
        assert_eq!(server.observed.seen.word(), "running", "{server:?}");
        server
    }

    pub(super) async fn command(&self, server: &Server, command: Command) -> Asked {
        self.tick();
        let asked = actions::command(&self.test.app, &self.scope, server.id, command).await;
        asked.unwrap()
    }

    pub(super) async fn delete(&self, server: &Server) -> Asked {
        self.tick();
        let asked = actions::delete(&self.test.app, &self.scope, server.id, Some(&server.name)).await;
        asked.unwrap()
    }

    /// Deletes a server and erases it at once.
    pub(super) async fn erase(&self, server: &Server) -> Asked {
        self.delete(server).await;
        self.tick();
        let asked = actions::erase(&self.test.app, &self.scope, server.id, Some(&server.name)).await;
        asked.unwrap()
    }

    /// Restores a server under its own name, or the next best.
    pub(super) async fn restore(&self, server: &Server) -> Restored {
        self.tick();
        actions::restore(&self.test.app, &self.scope, server.id, None)
            .await
            .unwrap()
    }

    /// The host's ports that a server has.
    pub(super) async fn ports(&self, server: &Server) -> Vec<u16> {
        let ports = store::ports(&mut self.tx().await, server.id).await.unwrap();
        ports.into_iter().map(|port| port.host_port).collect()
    }

    /// Takes what is due.
    pub(super) async fn claim(&self) -> Vec<Claimed> {
        self.servers.claim(16).await.unwrap()
    }

    /// Works until nothing is due. Says how many attempts that took.
    pub(super) async fn work(&self) -> usize {
        let mut attempts = 0;
        loop {
            self.tick();
            let claimed = self.claim().await;
            if claimed.is_empty() && (self.servers.is_engine_away() || !self.test.is_server_due().await) {
                return attempts;
            }
            for server in claimed {
                attempts += 1;
                self.servers.reconcile(server).await.unwrap();
            }
            assert!(attempts < 100, "it does not come to rest");
        }
    }

    /// Whether a statement of this test waits for a row that another transaction holds.
    pub(super) async fn is_somebody_waiting(&self) -> bool {
        let waits = sqlx::query_scalar!(
            r#"select exists (select from pg_locks l join pg_stat_activity a on a.pid = l.pid
                              where not l.granted and a.datname = current_database()) as "waits!""#
        );
        waits.fetch_one(self.tx().await.conn()).await.unwrap()
    }

    /// Lets time pass, and works on what then is due.
    pub(super) async fn later(&self, by: Duration) -> usize {
        self.test.clock.advance(by);
        self.work().await
    }

    /// Compares everything with the engine.
    pub(super) async fn sweep(&self) {
        self.servers.sweep().await.unwrap();
    }

    /// What an event of the engine does.
    pub(super) async fn wake(&self, server: &Server) {
        let mut tx = self.tx().await;
        store::wake(&mut tx, &[server.id], self.test.app.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    pub(super) async fn tx(&self) -> SystemTx {
        self.test.system().begin().await.unwrap()
    }

    pub(super) async fn find(&self, server: &Server) -> Server {
        self.try_find(server).await.unwrap()
    }

    pub(super) async fn try_find(&self, server: &Server) -> Result<Server, Error> {
        store::find(&mut self.tx().await, server.id).await
    }

    pub(super) async fn operation(&self, asked: &Asked) -> Operation {
        operations::find(&mut self.tx().await, asked.operation.id)
            .await
            .unwrap()
    }

    pub(super) async fn steps(&self, asked: &Asked) -> Vec<String> {
        let steps = operations::steps(&mut self.tx().await, asked.operation.id)
            .await
            .unwrap();
        let told = steps
            .into_iter()
            .map(|step| format!("{}: {}", step.name, step.state.name()));
        told.collect()
    }

    /// The history, oldest first.
    pub(super) async fn history(&self, server: &Server) -> Vec<String> {
        let end: DateTime<Utc> = "9999-01-01T00:00:00Z".parse().unwrap();
        let entries = store::list_events(&mut self.tx().await, server.id, (end, Uuid::max()), 100).await;
        entries
            .unwrap()
            .into_iter()
            .rev()
            .map(|entry| entry.text)
            .collect()
    }

    pub(super) async fn seen(&self, server: &Server) -> Observed {
        self.test.engine.observe(&key(server)).await.unwrap()
    }

    /// The word and the sentence on the page.
    pub(super) async fn told(&self, server: &Server) -> String {
        let status = self.find(server).await.status(self.test.app.now());
        format!("{}: {}", status.phase.label(), status.sentence)
    }

    /// Everything in the audit log, as text.
    pub(super) async fn audit_log(&self) -> String {
        let rows = sqlx::query_scalar!(
            r#"select concat_ws(' ', action, target_label, before, after) as "text!" from audit_event order by at, id"#
        );
        rows.fetch_all(self.tx().await.conn()).await.unwrap().join("\n")
    }

    /// Leaves the tenant's plan no more than a server takes.
    pub(super) async fn shrink_plan(&self, server: &Server) {
        let mut tx = self.tx().await;
        sqlx::query!(
            "update plan set max_memory_mib = $2 from tenant t where t.plan_id = plan.id and t.id = $1",
            self.scope.tenant().0,
            server.resources.memory_mib
        )
        .execute(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    /// Loses a server's row, as an old backup of the database would.
    pub(super) async fn lose_row(&self, server: &Server) {
        let mut tx = self.tx().await;
        sqlx::query!("delete from server where id = $1", server.id.0)
            .execute(tx.conn())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Closes the tenant, whose time is over then.
    pub(super) async fn set_closed(&self) {
        let mut tx = self.tx().await;
        sqlx::query!(
            "update tenant set status = 'closed', status_reason = 'left', purge_after = $2 where id = $1",
            self.scope.tenant().0,
            self.test.app.now()
        )
        .execute(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    /// Suspends the tenant, or takes that back, without a word to anybody.
    pub(super) async fn set_suspended(&self, suspended: bool) {
        let mut tx = self.tx().await;
        let (status, reason) = if suspended {
            ("suspended", Some("unpaid"))
        } else {
            ("active", None)
        };
        sqlx::query!(
            "update tenant set status = $2, status_reason = $3 where id = $1",
            self.scope.tenant().0,
            status,
            reason
        )
        .execute(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }
}

pub(super) fn key(server: &Server) -> ServerKey {
    ServerKey::new(server.id.to_string()).unwrap()
}

/// A web site of the smallest size that starts at once.
pub(super) fn site(name: &str) -> NewServerInput {
    NewServerInput {
        name: name.to_owned(),
        template: "static-site".to_owned(),
        size: "small-box".to_owned(),
        variables: BTreeMap::from([("SITE_OWNER".to_owned(), "Ada".to_owned())]),
        start: true,
    }
}

/// A database.
pub(super) fn database(name: &str) -> NewServerInput {
    NewServerInput {
        name: name.to_owned(),
        template: "postgresql".to_owned(),
        size: "microcomputer".to_owned(),
        variables: BTreeMap::new(),
        start: true,
    }
}

fn scope(test: &TestApp, tenant: TenantId, user: UserId) -> TenantScope {
    let member = Member {
        tenant,
        slug: "acme".to_owned(),
        name: "Acme".to_owned(),
        standing: Standing::Member(TenantRole::Owner),
        suspended: None,
    };
    let actor = Actor {
        user,
        name: "Ada".to_owned(),
        email: "ada@example.com".to_owned(),
        staff: None,
        memberships: vec![member.clone()],
        guests: Vec::new(),
        glass: Vec::new(),
        via: Via::Session(SessionId::new(&*test.app.ids, test.app.now())),
    };
    let who = Who::actor(&actor, "127.0.0.1", "test");
    TenantScope::new(test.app.db.clone(), who, actor, member)
}
