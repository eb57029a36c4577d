//! A server's backups: the tab of its page.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::drills::ServerPanel;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{BackupId, ServerId};
use crate::platform::web::{Ctx, Fragment, LastSeen, Page, Path, SeeOther};
use crate::servers::{self, Head, crumbs};

use super::super::model::Of;
use super::super::{TOPIC, actions, store};
use super::{Row, href};

/// All rows, or what to do where there are none; also what the live stream sends.
#[derive(Template)]
#[template(path = "backups/rows.html")]
pub(super) struct Rows {
    pub(super) base: String,
    pub(super) alert: String,
    /// What is kept, where there is none yet.
    pub(super) hint: &'static str,
    pub(super) all: Vec<Row>,
    pub(super) may_write: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Rows {}

impl Rows {
    pub(super) const ID: &str = "backup-rows";

    async fn load(
        app: &App,
        scope: &TenantScope,
        tx: &mut TenantTx,
        server: ServerId,
    ) -> Result<Self, Error> {
        let base = href(&scope.member.slug, server);
        let all = store::list(tx, Of::Server(server)).await?;
        let alert = store::alert_of(tx, Of::Server(server)).await?;
        Ok(Self {
            all: all
                .iter()
                .map(|backup| Row::new(backup, &base, app.now()))
                .collect(),
            alert: alert.unwrap_or_default(),
            hint: "A backup keeps what is in the server's volumes, so that a deleted file can be had back. Press “Back up now”.",
            base,
            may_write: scope.may(Permission::BackupWrite),
        })
    }
}

#[derive(Template)]
#[template(path = "backups/list.html")]
pub(super) struct List {
    ctx: Ctx,
    head: Head,
    rows: Rows,
    proof: ServerPanel,
    live: String,
    may_write: bool,
}

pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
) -> Result<Page<List>, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    let newest = events::newest(&mut tx).await?;
    let rows = Rows::load(&app, &scope, &mut tx, id).await?;
    let head = Head::new(&app, &scope, &server, "backups");
    Ok(Page(List {
        proof: ServerPanel::load(&app, &scope, &mut tx, id).await?,
        ctx: crumbs(ctx, &scope),
        live: format!("{}/live?after={newest}", rows.base),
        may_write: scope.may(Permission::BackupWrite),
        head,
        rows,
    }))
}

pub(super) async fn live(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, server)): Path<(String, ServerId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    servers::find(&mut scope.begin().await?, server).await?;
    app.live(&scope, seen, move |app, scope, event| async move {
        if event.topic != TOPIC || event.target_id != Some(server.0) {
            return Ok(None);
        }
        let rows = Rows::load(&app, &scope, &mut scope.begin().await?, server).await?;
        let html = rows.render().map_err(Error::internal)?;
        Ok(Some(Fragment::default().replace(Rows::ID, &html)))
    })
    .await
}

pub(super) async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, server)): Path<(String, ServerId)>,
) -> Result<SeeOther, Error> {
    actions::create(&app, &scope, server).await?;
    Ok(SeeOther::to(href(&slug, server)).info("The backup is being made."))
}

pub(super) async fn delete(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, server, id)): Path<(String, ServerId, BackupId)>,
) -> Result<SeeOther, Error> {
    actions::delete(&app, &scope, (server, id)).await?;
    Ok(SeeOther::to(href(&slug, server)).info("The backup is being removed."))
}
