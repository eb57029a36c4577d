//! One stack: how it is, where it is reached, its layers with their servers, its name, its end.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::catalogue::BlueprintPart;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::ids::StackId;
use crate::platform::web::{Ctx, FormState, Page, Path, ago};
use crate::servers::model::{Quota, clock_time};
use crate::servers::{self, keeping};

use super::super::actions::{SharedSecret, shared_secrets};
use super::super::model::{StackState, StackStatus};
use super::super::query::Whole;
use super::layers::Layer;
use super::{crumbs, href, title};

/// What changes while one looks; also what the live stream sends.
#[derive(Debug, Template)]
#[template(path = "stacks/panel.html")]
pub(super) struct Panel {
    href: String,
    status: StackStatus,
    layers: Vec<Layer>,
    may_power: bool,
    may_restore: bool,
    kept_until: String,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Panel {}

impl Panel {
    pub(super) async fn load(
        app: &App,
        scope: &TenantScope,
        tx: &mut TenantTx,
        one: &Whole,
    ) -> Result<Self, Error> {
        let now = app.now();
        let kept_until = one.stack.kept_until();
        let mut layers = Vec::new();
        for key in keys(app, one) {
            layers.push(Layer::load(app, scope, tx, (one, &key)).await?);
        }
        Ok(Self {
            href: href(scope, one.stack.id),
            status: one.status(now),
            layers,
            may_power: one.stack.deletion.is_none() && scope.may(Permission::ServerPower),
            may_restore: kept_until.is_some() && scope.may(Permission::ServerDelete),
            kept_until: kept_until.map(|until| clock_time(until, now)).unwrap_or_default(),
        })
    }

    /// What stands in its place when the stack is gone.
    pub(super) fn gone() -> Self {
        Self {
            href: String::new(),
            status: StackStatus {
                state: StackState::Deleted,
                sentence: "This stack and its data are gone.".to_owned(),
            },
            layers: Vec::new(),
            may_power: false,
            may_restore: false,
            kept_until: String::new(),
        }
    }

    fn is_up(&self) -> bool {
        !matches!(self.status.state, StackState::Stopped | StackState::Suspended)
    }

    fn is_down(&self) -> bool {
        matches!(
            self.status.state,
            StackState::Stopped | StackState::Partial | StackState::Troubled
        )
    }
}

/// The parts of a stack from the outside in; as they come if its blueprint has left the catalogue.
fn keys(app: &App, one: &Whole) -> Vec<String> {
    if let Some(blueprint) = app.catalogue.blueprint(&one.stack.blueprint) {
        return blueprint.parts.iter().map(|part| part.key.clone()).collect();
    }
    let all = one.servers.iter().filter_map(|server| server.stack.as_ref());
    let mut keys: Vec<String> = all.map(|place| place.part.clone()).collect();
    keys.dedup();
    keys
}

/// A part that can be more servers or fewer.
#[derive(Debug)]
struct Scalable {
    key: String,
    title: String,
    min: u32,
    max: u32,
    present: String,
    error: String,
}

/// A password that several parts know.
#[derive(Debug)]
struct Shared {
    id: String,
    href: String,
    label: String,
    /// All parts that know it, in words.
    parts: String,
}

#[derive(Template)]
#[template(path = "stacks/show.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each hides or shows a part of the page"
)]
pub(super) struct Show {
    ctx: Ctx,
    slug: String,
    href: String,
    name: String,
    blueprint: String,
    version: i64,
    network: String,
    created: String,
    created_ago: String,
    created_by: String,
    id: String,
    panel: Panel,
    scalable: Vec<Scalable>,
    shared: Vec<Shared>,
    form: FormState,
    may_configure: bool,
    may_see_backups: bool,
    may_see_snapshots: bool,
    may_snapshot: bool,
    may_delete: bool,
    kept_until: String,
    making_way: Vec<String>,
    live: String,
}

/// A form of the page that comes back: which part's number it was, or the name.
pub(super) struct Again {
    pub(super) part: Option<String>,
    pub(super) form: FormState,
}

/// Draws the page, with a form that comes back if there is one.
pub(super) async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    id: StackId,
    again: Option<Again>,
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let (ctx, newest) = servers::live_page(&mut tx, crumbs(ctx, scope)).await?;
    let one = Whole::load(&mut tx, id).await?;
    let panel = Panel::load(app, scope, &mut tx, &one).await?;
    let may_delete = one.stack.deletion.is_none() && scope.may(Permission::ServerDelete);
    let count = i64::try_from(one.servers.len()).unwrap_or(i64::MAX);
    let keeping = keeping(app, &mut tx, scope, count).await?;
    let (scaled, renamed) = match again {
        Some(Again {
            part: Some(part),
            form,
        }) => (Some((part, form)), None),
        Some(Again { part: None, form }) => (None, Some(form)),
        None => (None, None),
    };
    let scalable = scalable(app, scope, &one, scaled.as_ref());
    let shared = shared(app, scope, &one);
    let has_pool = one
        .servers
        .iter()
        .any(|server| server.quota() == Some(Quota::Enforced));
    let stack = one.stack;
    Ok(Page(Show {
        ctx,
        slug: scope.member.slug.clone(),
        href: href(scope, id),
        blueprint: title(app, &stack.blueprint),
        version: stack.version,
        network: stack
            .network
            .map(|network| network.to_string())
            .unwrap_or_default(),
        created: stack.created_at.to_rfc3339(),
        created_ago: ago(stack.created_at, app.now()),
        created_by: stack.created_by,
        id: id.to_string(),
        form: renamed.unwrap_or_else(|| FormState::default().with("name", stack.name.clone())),
        name: stack.name,
        may_see_backups: scope.may(Permission::BackupRead),
        may_see_snapshots: has_pool && scope.may(Permission::SnapshotRead),
        may_snapshot: has_pool && stack.deletion.is_none() && scope.may(Permission::SnapshotWrite),
        may_configure: stack.deletion.is_none() && scope.may(Permission::ServerConfigure),
        kept_until: clock_time(keeping.until, app.now()),
        making_way: keeping.making_way.into_iter().map(|(_, name)| name).collect(),
        live: format!("{}/live?after={newest}", panel.href),
        may_delete,
        panel,
        scalable,
        shared,
    }))
}

fn scalable(
    app: &App,
    scope: &TenantScope,
    one: &Whole,
    again: Option<&(String, FormState)>,
) -> Vec<Scalable> {
    if one.stack.deletion.is_some() || !scope.may(Permission::ServerCreate) {
        return Vec::new();
    }
    let blueprint = app.catalogue.blueprint(&one.stack.blueprint);
    let parts = blueprint
        .map(|blueprint| blueprint.parts.as_slice())
        .unwrap_or_default();
    let several = parts.iter().filter(|part| part.replicas.is_several());
    let one_of = |part: &BlueprintPart| {
        let form = again.filter(|(key, _)| *key == part.key).map(|(_, form)| form);
        Scalable {
            key: part.key.clone(),
            title: part.title.clone(),
            min: part.replicas.min,
            max: part.replicas.max,
            present: form.map_or_else(
                || one.of_part(&part.key).count().to_string(),
                |form| form.value("replicas").to_owned(),
            ),
            // Its one field; what is about the whole form is told there, too.
            error: form
                .and_then(|form| form.errors().first())
                .map(|error| error.message.clone())
                .unwrap_or_default(),
        }
    };
    several.map(one_of).collect()
}

fn shared(app: &App, scope: &TenantScope, one: &Whole) -> Vec<Shared> {
    let blueprint = app.catalogue.blueprint(&one.stack.blueprint);
    let blueprint =
        blueprint.filter(|_| one.stack.deletion.is_none() && scope.may(Permission::ServerConfigure));
    let all = blueprint.map(|blueprint| shared_secrets(app, blueprint));
    let one_of = |secret: SharedSecret<'_>| {
        let (part, key) = (&secret.part.key, &secret.variable.key);
        let knows = std::iter::once(secret.part).chain(secret.told);
        Shared {
            id: format!("change-{part}-{key}"),
            href: format!(
                "{}/parts/{part}/passwords/{key}/change",
                href(scope, one.stack.id)
            ),
            label: secret.variable.label.clone(),
            parts: knows
                .map(|part| part.title.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        }
    };
    all.unwrap_or_default().into_iter().map(one_of).collect()
}

/// Shows one.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, StackId)>,
) -> Result<Response, Error> {
    Ok(page(&app, &scope, ctx, id, None).await?.into_response())
}
