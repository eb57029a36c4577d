//! The backups of a stack's servers together: all of them are made by one button, and each is looked into and restored on its own.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::StackId;
use crate::platform::web::{Ctx, Fragment, LastSeen, Page, Path, SeeOther};
use crate::stacks;

use super::super::model::OF_STACK;
use super::super::{TOPIC, actions, store};
use super::{Row, href};

/// All rows, or what to do where there are none; also what the live stream sends.
#[derive(Template)]
#[template(path = "backups/stack_rows.html")]
struct Rows {
    all: Vec<Row>,
    may_write: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Rows {}

impl Rows {
    const ID: &str = "stack-backup-rows";

    async fn load(app: &App, scope: &TenantScope, tx: &mut TenantTx, stack: StackId) -> Result<Self, Error> {
        let all = store::of_stack(tx, stack, OF_STACK).await?;
        let slug = &scope.member.slug;
        let rows = all.iter().filter_map(|backup| {
            let base = href(slug, backup.server?);
            Some(Row::new(backup, &base, app.now()))
        });
        Ok(Self {
            all: rows.collect(),
            may_write: scope.may(Permission::BackupWrite),
        })
    }
}

#[derive(Template)]
#[template(path = "backups/stack.html")]
pub(super) struct List {
    ctx: Ctx,
    name: String,
    base: String,
    rows: Rows,
    live: String,
    may_write: bool,
}

fn base(slug: &str, stack: StackId) -> String {
    format!("/t/{slug}/stacks/{stack}/backups")
}

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
        may_write: scope.may(Permission::BackupWrite),
        base,
        rows,
        name,
    }))
}

pub(super) async fn live(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, stack)): Path<(String, StackId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    stacks::name(&mut scope.begin().await?, stack).await?;
    app.live(&scope, seen, move |app, scope, event| async move {
        if event.topic != TOPIC {
            return Ok(None);
        }
        let rows = Rows::load(&app, &scope, &mut scope.begin().await?, stack).await?;
        let html = rows.render().map_err(Error::internal)?;
        Ok(Some(Fragment::default().replace(Rows::ID, &html)))
    })
    .await
}

pub(super) async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, stack)): Path<(String, StackId)>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(base(&slug, stack));
    match actions::of_stack(&app, &scope, stack).await {
        Ok(asked) if asked.backups.len() == 1 => Ok(to.info("A backup is being made.")),
        Ok(asked) => Ok(to.info(format!("{} backups are being made.", asked.backups.len()))),
        Err(error) => to.refused(error),
    }
}
