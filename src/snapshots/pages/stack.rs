//! The snapshots of a stack's servers together: all of them are taken by one button, and each is looked into and restored on its
//! server's tab.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{ServerId, StackId};
use crate::platform::web::{Ctx, Fragment, LastSeen, Page, Path, SeeOther, ago};
use crate::{servers, stacks};

use super::super::model::{OF_STACK, PartSnapshot};
use super::super::{TOPIC, actions, store};
use super::tab;

/// A snapshot, as a row.
struct Row {
    id: String,
    name: String,
    why: &'static str,
    state: (&'static str, &'static str),
    error: String,
    server: String,
    /// The tab of its server.
    href: String,
    iso: String,
    ago: String,
    by: String,
}

impl Row {
    fn new(part: PartSnapshot, slug: &str, now: DateTime<Utc>) -> Self {
        let snapshot = part.snapshot;
        let at = snapshot.taken_at.unwrap_or(snapshot.created_at);
        Self {
            id: snapshot.id.to_string(),
            why: snapshot.reason.shown(),
            state: snapshot.state.shown(),
            href: tab(slug, snapshot.server),
            server: part.server_name,
            iso: at.to_rfc3339(),
            ago: ago(at, now),
            name: snapshot.name,
            error: snapshot.error.unwrap_or_default(),
            by: snapshot.created_by,
        }
    }
}

/// All rows, or what to do where there are none; also what the live stream sends.
#[derive(Template)]
#[template(path = "snapshots/stack_rows.html")]
struct Rows {
    all: Vec<Row>,
    may_write: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Rows {}

impl Rows {
    const ID: &str = "stack-snapshot-rows";

    async fn load(app: &App, scope: &TenantScope, tx: &mut TenantTx, stack: StackId) -> Result<Self, Error> {
        let all = store::of_stack(tx, stack, OF_STACK).await?.into_iter();
        let slug = &scope.member.slug;
        Ok(Self {
            all: all.map(|part| Row::new(part, slug, app.now())).collect(),
            may_write: scope.may(Permission::SnapshotWrite),
        })
    }
}

#[derive(Template)]
#[template(path = "snapshots/stack.html")]
pub(super) struct List {
    ctx: Ctx,
    name: String,
    base: String,
    rows: Rows,
    live: String,
    may_write: bool,
}

fn base(slug: &str, stack: StackId) -> String {
    format!("/t/{slug}/stacks/{stack}/snapshots")
}

/// Shows them.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, id)): Path<(String, StackId)>,
) -> Result<Page<List>, Error> {
    let mut tx = scope.begin().await?;
    let name = stacks::name(&mut tx, id).await?;
    let newest = events::newest(&mut tx).await?;
    let rows = Rows::load(&app, &scope, &mut tx, id).await?;
    let base = base(&slug, id);
    let crumbs = [
        ("Stacks", format!("/t/{slug}/stacks")),
        (name.as_str(), format!("/t/{slug}/stacks/{id}")),
    ];
    Ok(Page(List {
        ctx: ctx.with_crumbs(crumbs),
        live: format!("{base}/live?after={newest}"),
        may_write: scope.may(Permission::SnapshotWrite),
        base,
        rows,
        name,
    }))
}

/// Whether a server is one of the stack's.
async fn is_part(tx: &mut TenantTx, server: ServerId, stack: StackId) -> Result<bool, Error> {
    match servers::find(tx, server).await {
        Ok(server) => Ok(server.stack.is_some_and(|place| place.stack == stack)),
        Err(Error::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The page's stream.
pub(super) async fn live(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, stack)): Path<(String, StackId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    stacks::name(&mut scope.begin().await?, stack).await?;
    app.live(&scope, seen, move |app, scope, event| async move {
        let Some(server) = event.target_id.filter(|_| event.topic == TOPIC) else {
            return Ok(None);
        };
        let mut tx = scope.begin().await?;
        if !is_part(&mut tx, ServerId(server), stack).await? {
            return Ok(None);
        }
        let rows = Rows::load(&app, &scope, &mut tx, stack).await?;
        let html = rows.render().map_err(Error::internal)?;
        Ok(Some(Fragment::default().replace(Rows::ID, &html)))
    })
    .await
}

/// Takes one of each server.
pub(super) async fn take(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, stack)): Path<(String, StackId)>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(base(&slug, stack));
    match actions::of_stack(&app, &scope, stack).await {
        Ok(asked) if asked.snapshots.len() == 1 => Ok(to.info("A snapshot is being taken.")),
        Ok(asked) => Ok(to.info(format!("{} snapshots are being taken.", asked.snapshots.len()))),
        Err(error) => to.refused(error),
    }
}
