//! A server's life under a panel that dies.

use std::sync::Mutex;

use berth::platform::access::{Actor, Member, TenantRole, TenantScope, Via, Who};
use berth::platform::clock::{Clock as _, SystemClock};
use berth::platform::db::Scoped as _;
use berth::platform::ids::{OperationId, ServerId, SessionId};
use berth::servers::model::Command;
use berth::servers::{self, NewServerInput, SettingsInput, VariableChange};
use berth::testing::{TestApp, noon};

use super::docker::{Count, Look, Remains, catalogue};
use crate::panel::{Panel, until};

/// What somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Create,
    Stop,
    Kill,
    Restart,
    /// Another answer to a variable, which takes another container.
    Change,
    Delete,
}

/// One tenant, one server, one panel; the panel runs only while something is waited for.
pub(super) struct Life {
    app: TestApp,
    scope: TenantScope,
    panel: Panel,
    remains: Remains,
    server: Mutex<Option<ServerId>>,
    operation: Mutex<Option<OperationId>>,
    /// The container as it was before the last wish.
    before: Mutex<Option<Look>>,
}

impl Life {
    /// A panel that has run once.
    pub(super) async fn begin() -> Self {
        let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
        app.clock.advance(SystemClock.now() - noon());
        let scope = owner(&app).await;
        let panel = Panel::of(&app);
        let remains = Remains::of(&panel.instance).await;
        let life = Self {
            app,
            scope,
            panel,
            remains,
            server: Mutex::default(),
            operation: Mutex::default(),
            before: Mutex::default(),
        };
        let first = life.panel.serve().await;
        until("the panel has set up its location", async || {
            life.has_location().await
        })
        .await;
        first.kill().await;
        life
    }

    async fn has_location(&self) -> bool {
        let mut tx = self.app.app.db.system().await.unwrap();
        let found = sqlx::query_scalar!("select 1 from location").fetch_optional(tx.conn());
        found.await.unwrap().is_some()
    }

    fn id(&self) -> ServerId {
        self.server.lock().unwrap().unwrap()
    }

    /// Asks as the panel's pages do. No panel runs now.
    pub(super) async fn ask(&self, wish: Wish) {
        let (app, scope) = (&self.app.app, &self.scope);
        if wish == Wish::Create {
            let asked = servers::create(app, scope, new_server()).await.unwrap();
            *self.server.lock().unwrap() = Some(asked.server.id);
            *self.operation.lock().unwrap() = Some(asked.operation.id);
            return;
        }
        let look = self.remains.look().await;
        *self.before.lock().unwrap() = Some(look);
        let command = |command| servers::command(app, scope, self.id(), command);
        let operation = match wish {
            Wish::Create => return,
            Wish::Stop => command(Command::Stop).await.unwrap().operation,
            Wish::Kill => command(Command::Kill).await.unwrap().operation,
            Wish::Restart => command(Command::Restart).await.unwrap().operation,
            Wish::Change => self.change().await,
            Wish::Delete => {
                servers::delete(app, scope, self.id(), None)
                    .await
                    .unwrap()
                    .operation
            }
        };
        *self.operation.lock().unwrap() = Some(operation.id);
    }

    async fn change(&self) -> berth::platform::operations::Operation {
        let variables = [("GREETING".to_owned(), VariableChange::Set("ahoy".to_owned()))];
        let input = SettingsInput {
            variables: variables.into(),
            ..SettingsInput::default()
        };
        let changed = servers::change(&self.app.app, &self.scope, self.id(), input, |_| Ok(())).await;
        changed.unwrap().operation.unwrap()
    }

    /// Runs the panel until it dies at a crash point.
    pub(super) async fn die_at(&self, point: &str) {
        self.panel.start(Some(point)).died(point).await;
    }

    /// Runs a panel that does not die until the wish is reached, and looks closely.
    pub(super) async fn settle(&self, wish: Wish) {
        let panel = self.panel.serve().await;
        until(&format!("{wish:?} is reached"), async || {
            self.is_settled(wish).await
        })
        .await;
        self.check(wish).await;
        panel.kill().await;
    }

    async fn is_settled(&self, wish: Wish) -> bool {
        let mut tx = self.app.app.db.system().await.unwrap();
        let found = sqlx::query_scalar!(
            r#"select generation = observed_generation and lease_id is null as "settled!" from server where id = $1"#,
            self.id().0
        );
        match found.fetch_optional(tx.conn()).await.unwrap() {
            Some(settled) => settled && wish != Wish::Delete,
            None => wish == Wish::Delete,
        }
    }

    async fn check(&self, wish: Wish) {
        self.operation_succeeded(wish).await;
        let count = self.remains.count().await;
        if wish == Wish::Delete {
            assert_eq!(count, Count::NOTHING, "{wish:?}");
            self.nothing_is_taken().await;
            return;
        }
        assert_eq!(count, Count::ONE, "{wish:?}");
        let (look, before) = (self.remains.look().await, self.before.lock().unwrap().clone());
        let is_started_anew = before.is_none_or(|before| before.started_at != look.started_at);
        let should_run = !matches!(wish, Wish::Stop | Wish::Kill);
        assert_eq!(look.is_running, should_run, "{wish:?}");
        assert_eq!(is_started_anew, should_run, "{wish:?}");
        let greeting = if wish == Wish::Change {
            "GREETING=ahoy"
        } else {
            "GREETING=hello"
        };
        assert!(look.env.iter().any(|line| line == greeting), "{wish:?}: {look:?}");
    }

    async fn operation_succeeded(&self, wish: Wish) {
        let mut tx = self.app.app.db.system().await.unwrap();
        let id = self.operation.lock().unwrap().unwrap();
        let found = sqlx::query!("select state, error from operation where id = $1", id.0);
        let found = found.fetch_one(tx.conn()).await.unwrap();
        assert_eq!(
            (found.state.as_str(), found.error),
            ("succeeded", None),
            "{wish:?}"
        );
        let steps = sqlx::query!(
            "select name, state from operation_step where operation_id = $1",
            id.0
        );
        for step in steps.fetch_all(tx.conn()).await.unwrap() {
            assert_eq!(step.state, "succeeded", "{wish:?}: {}", step.name);
        }
    }

    /// What a deleted server had in the database is free again.
    async fn nothing_is_taken(&self) {
        let mut tx = self.app.app.db.system().await.unwrap();
        let left = sqlx::query_scalar!(
            r#"select (select count(*) from server_port) + (select count(*) from tenant_network)
             + (select count(*) from server_variable) + (select count(*) from engine_orphan) as "left!""#
        );
        assert_eq!(left.fetch_one(tx.conn()).await.unwrap(), 0);
    }
}

fn new_server() -> NewServerInput {
    NewServerInput {
        name: "Survivor".to_owned(),
        template: "tiny".to_owned(),
        size: "small-box".to_owned(),
        variables: [].into(),
        start: true,
    }
}

/// The owner of a new tenant, as the guard would let them in.
async fn owner(app: &TestApp) -> TenantScope {
    let tenant = app.tenant("harbour").await;
    let user = app.person("ann").await;
    app.member(tenant, user, TenantRole::Owner).await;
    let member = Member {
        tenant,
        slug: "harbour".to_owned(),
        name: "Harbour".to_owned(),
        role: TenantRole::Owner,
        suspended: None,
    };
    let actor = Actor {
        user,
        name: "Ann".to_owned(),
        email: "ann@example.com".to_owned(),
        staff: None,
        memberships: vec![member.clone()],
        via: Via::Session(SessionId::new(&*app.app.ids, app.app.now())),
    };
    let who = Who::actor(&actor, "127.0.0.1", "test");
    TenantScope::new(app.app.db.clone(), who, actor, member)
}
