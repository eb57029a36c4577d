//! One server: how it is, where it is reached, how it is used, what happened to it.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::backups;
use crate::eggs;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::operations::State as OperationState;
use crate::platform::operations::{self, Operation, StepState};
use crate::platform::web::{Ctx, Page, Path, ago};
use crate::stacks;
use crate::tenants::Resource;
use crate::usage::{self, Sparks};

use super::super::actions;
use super::super::model::{CopyState, Copying, PublishedPort, Server, Status, Stay, StoredVariable};
use super::super::store;
use super::super::updates::has_update;
use super::guide::{GuideLine, guide};
use super::head::{Head, crumbs};
use super::installation::Installation;
use super::{href, tone};

const OPERATIONS: i64 = 1;

#[derive(Debug)]
struct StepLine {
    state: &'static str,
    name: String,
    time: String,
    note: String,
}

/// What changes while one looks: state, buttons, the work under way.
#[derive(Debug, Template)]
#[template(path = "servers/panel.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each hides or shows a part of the page"
)]
pub struct Panel {
    base: String,
    status: Status,
    tone: &'static str,
    may_power: bool,
    is_up: bool,
    is_leaving: bool,
    /// It can be restored or erased, by whoever looks.
    may_restore: bool,
    operation: Option<Operation>,
    steps: Vec<StepLine>,
    may_update: bool,
    has_update: bool,
    failed_update: Option<String>,
    /// What is wrong with its backups.
    backup_alert: Option<String>,
    /// Why the provider has suspended it.
    suspended: Option<String>,
    /// Where its data comes from, as long as it is not all there.
    copying: Option<Copying>,
    /// It is being copied just now.
    is_copying: bool,
    may_copy: bool,
    /// The copy that is made of it.
    copied_to: Option<String>,
    holds_still: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Panel {}

impl Panel {
    pub(super) async fn load(
        app: &App,
        scope: &TenantScope,
        tx: &mut TenantTx,
        server: &Server,
    ) -> Result<Self, Error> {
        let now = app.now();
        let status = server.status(now);
        let operation = operations::for_target(tx, server.id.0, OPERATIONS).await?.pop();
        let steps = match &operation {
            Some(operation) => operations::steps(tx, operation.id).await?,
            None => Vec::new(),
        };
        let backup_alert = if scope.may(Permission::BackupRead) {
            backups::alert_of(tx, server.id).await?
        } else {
            None
        };
        let copying = store::copying(tx, server.id).await?;
        // The copy is another server, which is no business of a guest's.
        let copied_to = match scope.guest_of() {
            None => store::copied_to(tx, server.id).await?,
            Some(_) => None,
        };
        Ok(Self {
            is_copying: copying.as_ref().is_some_and(|copying| copying.total.is_some()),
            copying: copying.filter(|one| !server.is_deleted() && one.state != CopyState::Done),
            may_copy: scope.may(Permission::ServerCreate),
            copied_to,
            holds_still: server.still_for.is_some(),
            base: href(&scope.member.slug, server.id),
            tone: tone(status.phase),
            may_power: !server.is_deleted() && scope.may(Permission::ServerPower),
            is_up: server.power.word() == "running",
            is_leaving: server.is_deleted(),
            may_restore: server.stay() == Stay::Kept
                && server.stack.is_none()
                && scope.may(Permission::ServerDelete),
            may_update: scope.may(Permission::ServerConfigure),
            has_update: has_update(&app.catalogue, server),
            backup_alert,
            failed_update: server.update.failed.as_ref().map(|failed| failed.reason.clone()),
            suspended: server.suspension.as_ref().map(|one| one.reason.clone()),
            operation: operation.filter(|operation| operation.state != OperationState::Superseded),
            steps: steps.into_iter().map(StepLine::from).collect(),
            status,
        })
    }

    /// How much of its data is there, in hundredths.
    fn copied(&self) -> u32 {
        let percent = self.copying.as_ref().map_or(0, Copying::percent);
        u32::try_from(percent).unwrap_or_default()
    }

    /// What stands in its place when the server is gone.
    pub(super) fn gone() -> String {
        "<div id=\"server-panel\" class=\"card\"><div class=\"card-body\"><h2>Deleted</h2>\
         <p>This server and its data are gone.</p></div></div>"
            .to_owned()
    }
}

impl From<operations::Step> for StepLine {
    fn from(step: operations::Step) -> Self {
        let took = step
            .finished_at
            .map(|end| (end - step.started_at).num_milliseconds());
        Self {
            state: match step.state {
                StepState::Running => "doing",
                StepState::Succeeded => "done",
                StepState::Failed => "failed",
            },
            name: step.name,
            time: took.map_or_else(String::new, |millis| {
                format!("{}.{} s", millis / 1000, millis % 1000 / 100)
            }),
            note: step.detail.unwrap_or_default(),
        }
    }
}

#[derive(Debug)]
struct Address {
    name: String,
    url: Option<String>,
    authority: String,
}

#[derive(Debug)]
struct Variable {
    key: String,
    label: String,
    value: Option<String>,
    revealed: Option<String>,
}

#[derive(Template)]
#[template(path = "servers/show.html")]
pub struct Show {
    ctx: Ctx,
    head: Head,
    panel: Panel,
    server: Server,
    addresses: Vec<Address>,
    variables: Vec<Variable>,
    guide: Vec<GuideLine>,
    installation: Option<Installation>,
    may_reveal: bool,
    sparks: Sparks,
    created_ago: String,
    live: String,
    note: String,
    may_clone: bool,
    /// Where help with this server is asked for, for those who may.
    help: Option<String>,
    /// The stack that it is a part of, for those who may see stacks: its address and name.
    stack: Option<(String, String)>,
}

impl Show {
    /// What the size gives, one line each.
    fn resources(&self) -> [(&'static str, String); 3] {
        let given = self.server.resources;
        [
            ("CPU", Resource::Cpu.show(given.cpu_millis)),
            ("Memory", Resource::Memory.show(given.memory_mib)),
            ("Disk", Resource::Disk.show(given.disk_mib)),
        ]
    }
}

/// The overview.
pub async fn overview(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
) -> Result<Page<Show>, Error> {
    page(&app, &scope, ctx, id, None).await
}

/// The overview with one secret shown. Written into the audit log.
pub async fn reveal(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id, key)): Path<(String, ServerId, String)>,
) -> Result<Page<Show>, Error> {
    let secret = actions::reveal(&app, &scope, id, &key).await?;
    page(&app, &scope, ctx, id, Some((key, secret.expose().clone()))).await
}

async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    id: ServerId,
    revealed: Option<(String, String)>,
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let (ctx, newest) = super::live_page(&mut tx, crumbs(ctx, scope)).await?;
    let server = store::find(&mut tx, id).await?;
    eggs::warm(app, &mut tx, &server.template).await?;
    let location = store::find_location(&mut tx, server.location).await?;
    let ports = store::ports(&mut tx, id).await?;
    let variables = store::variables(&mut tx, id).await?;
    let note = store::note(&mut tx, id).await?;
    let stack = match &server.stack {
        Some(place) if scope.guest_of().is_none() => {
            let name = stacks::name(&mut tx, place.stack).await?;
            Some((format!("/t/{}/stacks/{}", scope.member.slug, place.stack), name))
        }
        _ => None,
    };
    let panel = Panel::load(app, scope, &mut tx, &server).await?;
    let installation = Installation::load(&mut tx, &server).await?;
    let mut sparks = usage::sparks(&mut tx, std::slice::from_ref(&server), app.now()).await?;
    let head = Head::new(app, scope, &server, "overview");
    let live = format!("{}/live?after={newest}", head.base);
    Ok(Page(Show {
        ctx,
        panel,
        installation,
        guide: guide(app, &server, &location, &ports, &variables),
        addresses: ports
            .into_iter()
            .map(|port| Address::new(port, &location.public_host))
            .collect(),
        variables: variables
            .into_iter()
            .map(|one| Variable::new(app, &server, one, revealed.as_ref()))
            .collect(),
        may_clone: !server.is_deleted() && server.stack.is_none() && scope.may(Permission::ServerCreate),
        help: scope
            .may(Permission::TicketWrite)
            .then(|| format!("/t/{}/tickets/new?about={id}", scope.member.slug)),
        may_reveal: scope.may(Permission::ServerSecrets),
        sparks: sparks.remove(&id).unwrap_or_default(),
        created_ago: ago(server.created_at, app.now()),
        head,
        server,
        live,
        note,
        stack,
    }))
}

impl Address {
    fn new(port: PublishedPort, host: &str) -> Self {
        Self {
            url: port.url(host).filter(|url| url.starts_with("http")),
            authority: port.authority(host),
            name: port.name,
        }
    }
}

impl Variable {
    fn new(app: &App, server: &Server, stored: StoredVariable, revealed: Option<&(String, String)>) -> Self {
        let offer = app.catalogue.offer(&server.template);
        let known = offer
            .as_ref()
            .and_then(|offer| offer.template.variable(&stored.key));
        Self {
            label: known.map_or_else(|| stored.key.clone(), |variable| variable.label.clone()),
            revealed: revealed
                .filter(|(key, _)| *key == stored.key)
                .map(|(_, value)| value.clone()),
            value: stored.value,
            key: stored.key,
        }
    }
}
