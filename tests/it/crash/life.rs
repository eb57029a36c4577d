//! A server's life under a panel that dies.

use std::sync::Mutex;

use berth::networks::{self, NetworkRef};
use berth::platform::access::{
    Actor, Member, Permission, StaffRole, Standing, TenantRole, TenantScope, Via, Who,
};
use berth::platform::clock::{Clock as _, SystemClock};
use berth::platform::db::Scoped as _;
use berth::platform::ids::{NetworkId, OperationId, ServerId, SessionId};
use berth::servers::model::Command;
use berth::servers::{self, NewServerInput, SettingsInput, VariableChange};
use berth::testing::{TestApp, noon};
use serde_json::json;

use super::docker::{Count, Look, Remains, catalogue};
use crate::eggs;
use crate::panel::{Panel, until};

/// What somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A server of an imported template, whose folder a script fills first.
    CreateEgg,
    /// The same server's end, while its folder is filled anew.
    StopInstall,
    Create,
    Stop,
    Kill,
    Restart,
    /// Another answer to a variable, which takes another container.
    Change,
    /// Another size and another name, which take no restart.
    Resize,
    /// A newer image, which works.
    Update,
    /// A newer image, whose process ends at once.
    BadUpdate,
    /// Another network, while it runs.
    Join,
    /// The end of that network.
    Part,
    /// A server of a template whose process ends at once.
    Crash,
    /// A server of a template whose process takes memory until the kernel ends it.
    Hog,
    /// Out of sight; its data stays.
    Delete,
    /// Back as it was.
    Restore,
    /// Gone for good.
    Erase,
    /// The same, because its time is over.
    Expire,
}

impl Wish {
    /// Whether it begins a server's life.
    pub(crate) fn is_first(self) -> bool {
        matches!(self, Self::Create | Self::CreateEgg | Self::Crash | Self::Hog)
    }

    /// Whether nothing is left after it.
    pub(crate) fn is_last(self) -> bool {
        matches!(self, Self::Erase | Self::Expire)
    }
}

/// One tenant, one server, one panel; the panel runs only while something is waited for.
pub(crate) struct Life {
    app: TestApp,
    scope: TenantScope,
    panel: Panel,
    remains: Remains,
    server: Mutex<Option<ServerId>>,
    operation: Mutex<Option<OperationId>>,
    network: Mutex<Option<NetworkId>>,
    /// The container as it was before the last wish.
    before: Mutex<Option<Look>>,
}

impl Life {
    /// A panel that has run once.
    pub(crate) async fn begin() -> Self {
        Self::named(None).await
    }

    /// A panel that has run once, with a database of its own and the instance's name of another.
    pub(crate) async fn beside(other: &Self) -> Self {
        Self::named(Some(other.panel.instance.clone())).await
    }

    async fn named(instance: Option<String>) -> Self {
        let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
        app.clock.advance(SystemClock.now() - noon());
        let scope = owner(&app).await;
        let mut panel = Panel::of(&app);
        if let Some(instance) = instance {
            panel.set("BERTH_INSTANCE", instance.clone());
            panel.instance = instance;
        }
        panel.serve().await.kill().await;
        let remains = Remains::of_installation(&installation(&app).await).await;
        Self {
            app,
            scope,
            panel,
            remains,
            server: Mutex::default(),
            operation: Mutex::default(),
            network: Mutex::default(),
            before: Mutex::default(),
        }
    }

    /// What this panel alone has on the engine.
    pub(crate) async fn count(&self) -> Count {
        self.remains.count().await
    }

    /// What the server's container does.
    pub(crate) async fn look(&self) -> Look {
        self.remains.look().await
    }

    /// Loses the server's row, as an old backup of the database would.
    pub(crate) async fn lose_row(&self) {
        let mut tx = self.app.app.db.system().await.unwrap();
        let lost = sqlx::query!("delete from server where id = $1", self.id().0);
        lost.execute(tx.conn()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Runs the panel until it knows of orphans, and lets so many days pass for them. Tells their keys.
    pub(crate) async fn age_orphans(&self, number: usize, days: i32) -> Vec<String> {
        let panel = self.panel.serve().await;
        until("the orphans are known", async || {
            self.orphans().await.len() >= number
        })
        .await;
        panel.kill().await;
        let mut tx = self.app.app.db.system().await.unwrap();
        let aged = sqlx::query!(
            "update engine_orphan set first_seen_at = first_seen_at - make_interval(days => $1)",
            days
        );
        aged.execute(tx.conn()).await.unwrap();
        tx.commit().await.unwrap();
        self.orphans().await
    }

    async fn orphans(&self) -> Vec<String> {
        let mut tx = self.app.app.db.system().await.unwrap();
        let keys = sqlx::query_scalar!("select key from engine_orphan");
        keys.fetch_all(tx.conn()).await.unwrap()
    }

    /// Runs the panel until nothing of its own is left on the engine.
    pub(crate) async fn sweep_clean(&self) {
        let panel = self.panel.serve().await;
        until("the orphans are gone", async || {
            self.count().await == Count::NOTHING
        })
        .await;
        panel.kill().await;
    }

    fn id(&self) -> ServerId {
        self.server.lock().unwrap().unwrap()
    }

    /// Asks as the panel's pages do. No panel runs now.
    pub(crate) async fn ask(&self, wish: Wish) {
        let (app, scope) = (&self.app.app, &self.scope);
        if wish.is_first() {
            let template = match wish {
                Wish::CreateEgg => import(&self.app).await,
                Wish::Crash => "brittle".to_owned(),
                Wish::Hog => "hog".to_owned(),
                _ => "tiny".to_owned(),
            };
            let asked = servers::create(app, scope, new_server(template)).await.unwrap();
            *self.server.lock().unwrap() = Some(asked.server.id);
            *self.operation.lock().unwrap() = Some(asked.operation.id);
            return;
        }
        // One that was put away has no container.
        let look = match self.count().await.containers {
            0 => None,
            _ => Some(self.remains.look().await),
        };
        *self.before.lock().unwrap() = look;
        if matches!(wish, Wish::Join | Wish::Part) {
            return self.rewire(wish).await;
        }
        let command = |command| servers::command(app, scope, self.id(), command);
        let operation = match wish {
            Wish::Create | Wish::CreateEgg | Wish::Join | Wish::Part | Wish::Crash | Wish::Hog => return,
            Wish::Expire => return self.expire().await,
            Wish::Restore => {
                servers::restore(app, scope, self.id(), None)
                    .await
                    .unwrap()
                    .operation
            }
            Wish::Erase => {
                servers::erase(app, scope, self.id(), None)
                    .await
                    .unwrap()
                    .operation
            }
            Wish::Stop | Wish::StopInstall => command(Command::Stop).await.unwrap().operation,
            Wish::Kill => command(Command::Kill).await.unwrap().operation,
            Wish::Restart => command(Command::Restart).await.unwrap().operation,
            Wish::Change => self.change().await,
            Wish::Resize => self.resize().await,
            Wish::Update | Wish::BadUpdate => servers::update(app, scope, self.id()).await.unwrap().operation,
            Wish::Delete => {
                servers::delete(app, scope, self.id(), None)
                    .await
                    .unwrap()
                    .operation
            }
        };
        *self.operation.lock().unwrap() = Some(operation.id);
    }

    /// Puts the server into a network of its own, or deletes that.
    async fn rewire(&self, wish: Wish) {
        let (app, scope) = (&self.app.app, &self.scope);
        if wish == Wish::Join {
            let network = networks::create(app, scope, "Back office").await.unwrap();
            *self.network.lock().unwrap() = Some(network.id);
            let network = NetworkRef::Private(network.id);
            networks::join(app, scope, network, self.id()).await.unwrap();
            return;
        }
        let network = self.network.lock().unwrap().unwrap();
        networks::remove(app, scope, NetworkRef::Private(network), true)
            .await
            .unwrap();
    }

    /// Whether the server's networks are as they should be, says the database.
    async fn is_rewired(&self, wish: Wish) -> bool {
        let mut tx = self.app.app.db.system().await.unwrap();
        let found = sqlx::query!(
            r#"select (select count(*) from network) as "networks!",
                 (select count(*) from network_member where is_wanted and is_in) as "members!",
                 (select count(*) from server where lease_id is not null or next_attempt_at is not null) as "busy!""#
        );
        let found = found.fetch_one(tx.conn()).await.unwrap();
        let wanted = i64::from(wish == Wish::Join);
        (found.networks, found.members, found.busy) == (wanted, wanted, 0)
    }

    /// Lets the time be over that the server is kept for.
    async fn expire(&self) {
        let mut tx = self.app.app.db.system().await.unwrap();
        let aged = sqlx::query!(
            "update server set kept_until = now() - interval '1 s', next_attempt_at = now() - interval '1 s' \
             where id = $1 and kept_until is not null",
            self.id().0
        );
        assert_eq!(aged.execute(tx.conn()).await.unwrap().rows_affected(), 1);
        tx.commit().await.unwrap();
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

    async fn resize(&self) -> berth::platform::operations::Operation {
        let input = SettingsInput {
            name: Some("renamed".to_owned()),
            size: Some("microcomputer".to_owned()),
            ..SettingsInput::default()
        };
        let changed = servers::change(&self.app.app, &self.scope, self.id(), input, |_| Ok(())).await;
        changed.unwrap().operation.unwrap()
    }

    /// Makes the server one of another image, and of a template that has a newer one.
    pub(crate) async fn fall_behind(&self, template: &str) {
        let mut tx = self.app.app.db.system().await.unwrap();
        let found = sqlx::query_scalar!("select image from server where id = $1", self.id().0);
        let image = found.fetch_one(tx.conn()).await.unwrap();
        self.remains.tag(&image, OLDER).await;
        let aged = sqlx::query!(
            "update server set image = $2, template = $3, generation = generation + 1, next_attempt_at = now() \
             where id = $1",
            self.id().0,
            OLDER,
            template
        );
        aged.execute(tx.conn()).await.unwrap();
        tx.commit().await.unwrap();
        let panel = self.panel.serve().await;
        until("the older image runs", async || {
            self.is_settled(Wish::Change).await
        })
        .await;
        panel.kill().await;
    }

    /// The server's folder is being filled, says the database; the panel that did so is gone.
    pub(crate) async fn begin_install(&self) {
        let mut tx = self.app.app.db.system().await.unwrap();
        let begun = sqlx::query!(
            "update server_egg set install = 'running' where server_id = $1",
            self.id().0
        );
        assert_eq!(begun.execute(tx.conn()).await.unwrap().rows_affected(), 1);
        tx.commit().await.unwrap();
    }

    /// Runs the panel until it dies at a crash point.
    pub(crate) async fn die_at(&self, point: &str) {
        self.panel.start(Some(point)).died(point).await;
    }

    /// Runs a panel that does not die until the wish is reached, and looks closely.
    pub(crate) async fn settle(&self, wish: Wish) {
        let panel = self.panel.serve().await;
        until(&format!("{wish:?} is reached"), async || {
            self.is_settled(wish).await
        })
        .await;
        self.check(wish).await;
        panel.kill().await;
    }

    async fn is_settled(&self, wish: Wish) -> bool {
        if matches!(wish, Wish::Join | Wish::Part) {
            return self.is_rewired(wish).await;
        }
        let mut tx = self.app.app.db.system().await.unwrap();
        let found = sqlx::query!(
            r#"select generation = observed_generation and lease_id is null as "settled!", stop_reason
               from server where id = $1"#,
            self.id().0
        );
        match found.fetch_optional(tx.conn()).await.unwrap() {
            Some(found) if matches!(wish, Wish::Crash | Wish::Hog) => {
                found.settled && found.stop_reason.is_some()
            }
            Some(found) => found.settled && !wish.is_last(),
            None => wish.is_last(),
        }
    }

    async fn check(&self, wish: Wish) {
        match wish {
            Wish::BadUpdate => self.was_rolled_back().await,
            Wish::Crash | Wish::Hog => return self.was_stopped(wish).await,
            Wish::Expire | Wish::Join | Wish::Part => {}
            _ => self.operation_succeeded(wish).await,
        }
        let count = self.remains.count().await;
        if wish.is_last() {
            assert_eq!(count, Count::NOTHING, "{wish:?}");
            self.nothing_is_taken().await;
            return;
        }
        if wish == Wish::Delete {
            assert_eq!(count, Count::KEPT, "{wish:?}");
            self.only_data_is_kept().await;
            return;
        }
        if wish == Wish::Restore {
            self.only_ports_are_taken().await;
        }
        let networks = if wish == Wish::Join { 2 } else { 1 };
        assert_eq!(
            count,
            Count {
                networks,
                ..Count::ONE
            },
            "{wish:?}"
        );
        let (look, before) = (self.remains.look().await, self.before.lock().unwrap().clone());
        let is_started_anew = before.is_none_or(|before| before.started_at != look.started_at);
        let should_run = !matches!(wish, Wish::Stop | Wish::StopInstall | Wish::Kill);
        assert_eq!(look.is_running, should_run, "{wish:?}");
        let should_start = should_run && !matches!(wish, Wish::Join | Wish::Part | Wish::Resize);
        assert_eq!(is_started_anew, should_start, "{wish:?}");
        let limits = match wish {
            Wish::Resize => (1024 << 20, 100_000),
            _ => (256 << 20, 25_000),
        };
        assert_eq!((look.memory, look.cpu_quota), limits, "{wish:?}");
        assert_eq!(
            look.hostname, "survivor",
            "{wish:?}: neighbours find it whatever it is called"
        );
        let greeting = if wish == Wish::Change {
            "GREETING=ahoy"
        } else {
            "GREETING=hello"
        };
        assert!(look.env.iter().any(|line| line == greeting), "{wish:?}: {look:?}");
        if matches!(wish, Wish::Update | Wish::BadUpdate) {
            assert_eq!(look.image == OLDER, wish == Wish::BadUpdate, "{look:?}");
        }
    }

    /// It does not run any more, and its page says how it ended.
    async fn was_stopped(&self, wish: Wish) {
        assert!(!self.remains.look().await.is_running, "{wish:?}");
        let mut tx = self.app.app.db.system().await.unwrap();
        let found = sqlx::query!(
            r#"select s.power, s.stop_reason as "reason!", cardinality(c.crashed_at) as "crashes!"
               from server s join server_crash c on c.server_id = s.id where s.id = $1"#,
            self.id().0
        );
        let found = found.fetch_one(tx.conn()).await.unwrap();
        assert_eq!(
            (found.power.as_str(), found.crashes),
            ("stopped", 5),
            "{}",
            found.reason
        );
        let how = match wish {
            Wish::Hog => "exit code 137 (signal 9), out of memory (limit 256 MiB). Choose a larger size",
            _ => "exit code 3. Its log tells",
        };
        let reason = format!("Stopped after 5 crashes in 10 minutes. The last one: {how}");
        assert!(found.reason.starts_with(&reason), "{}", found.reason);
    }

    /// What a deleted server keeps: its data, which [`Count::KEPT`] tells of, its settings, and which ports it had.
    async fn only_data_is_kept(&self) {
        let taken = self.taken().await;
        assert_eq!(taken, (0, 1, 0, 1), "ports, kept ports, networks, variables");
    }

    async fn only_ports_are_taken(&self) {
        let taken = self.taken().await;
        assert_eq!(taken, (1, 0, 1, 1), "ports, kept ports, networks, variables");
    }

    /// How many ports, kept ports, networks and variables the database knows.
    async fn taken(&self) -> (i64, i64, i64, i64) {
        let mut tx = self.app.app.db.system().await.unwrap();
        let found = sqlx::query!(
            r#"select (select count(*) from server_port) as "ports!", (select count(*) from kept_port) as "kept!",
                      (select count(*) from tenant_network) as "networks!",
                      (select count(*) from server_variable) as "variables!""#
        );
        let found = found.fetch_one(tx.conn()).await.unwrap();
        (found.ports, found.kept, found.networks, found.variables)
    }

    async fn was_rolled_back(&self) {
        let mut tx = self.app.app.db.system().await.unwrap();
        let id = self.operation.lock().unwrap().unwrap();
        let found = sqlx::query!("select state, error from operation where id = $1", id.0);
        let found = found.fetch_one(tx.conn()).await.unwrap();
        let error = found.error.unwrap_or_default();
        assert_eq!(found.state, "failed");
        assert!(error.starts_with("Rolled back because it "), "{error}");
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

    /// What an erased server had in the database is free again.
    async fn nothing_is_taken(&self) {
        let mut tx = self.app.app.db.system().await.unwrap();
        let left = sqlx::query_scalar!(
            r#"select (select count(*) from server_port) + (select count(*) from tenant_network)
             + (select count(*) from network) + (select count(*) from kept_port) + (select count(*) from server_crash)
             + (select count(*) from server_variable) + (select count(*) from engine_orphan) as "left!""#
        );
        assert_eq!(left.fetch_one(tx.conn()).await.unwrap(), 0);
    }
}

/// A name for the image that a server is behind with.
const OLDER: &str = "berth/tiny:older";

/// Imports an egg, as staff do; its name.
async fn import(app: &TestApp) -> String {
    eggs::make_image();
    let root = app.staff("root", StaffRole::Owner).await;
    let staff = app.program(root, None, Permission::ALL).await;
    let images = json!({ "registry.invalid/line:1": eggs::IMAGE, "debian:bookworm-slim": eggs::IMAGE });
    let order = json!({ "egg": eggs::egg("v1-line.json"), "images": images });
    let done = staff.json("POST", "/api/v1/staff/eggs", &order).await.expect(201);
    done.json()["name"].as_str().unwrap().to_owned()
}

fn new_server(template: String) -> NewServerInput {
    NewServerInput {
        name: "Survivor".to_owned(),
        template,
        size: "small-box".to_owned(),
        variables: [].into(),
        start: true,
    }
}

/// The id that the panel gave to its database.
async fn installation(app: &TestApp) -> String {
    let mut tx = app.app.db.system().await.unwrap();
    let id = sqlx::query_scalar!("select value from instance_setting where key = 'installation'");
    id.fetch_one(tx.conn()).await.unwrap()
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
        standing: Standing::Member(TenantRole::Owner),
        suspended: None,
    };
    let actor = Actor {
        user,
        name: "Ann".to_owned(),
        email: "ann@example.com".to_owned(),
        staff: None,
        memberships: vec![member.clone()],
        guests: Vec::new(),
        glass: Vec::new(),
        via: Via::Session(SessionId::new(&*app.app.ids, app.app.now())),
    };
    let who = Who::actor(&actor, "127.0.0.1", "test");
    TenantScope::new(app.app.db.clone(), who, actor, member)
}
