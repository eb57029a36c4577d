//! A server's checks.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::events::{self, Event};
use crate::platform::ids::{CheckId, ServerId};
use crate::platform::web::{Ctx, Fragment, LastSeen, Page, Path, ago};
use crate::servers::{self, Head, crumbs};

use super::super::TOPIC;
use super::super::model::{Check, MAX_CHECKS};
use super::super::store;
use super::act::href;

/// One line of a list.
pub(super) struct Row {
    pub(super) id: String,
    /// Empty where there is no page of it to go to.
    pub(super) href: String,
    pub(super) name: String,
    pub(super) what: String,
    pub(super) tone: &'static str,
    pub(super) word: &'static str,
    pub(super) message: String,
    pub(super) last: String,
    pub(super) last_ago: String,
    pub(super) server: String,
    pub(super) tenant: String,
    pub(super) tenant_href: String,
    pub(super) is_paused: bool,
}

impl Row {
    pub(super) fn new(check: &Check, href: String, now: DateTime<Utc>) -> Self {
        Self {
            id: check.id.to_string(),
            href,
            name: check.name.clone(),
            what: format!("{}: {}", check.kind_label(), check.kind.target()),
            tone: check.tone(),
            word: check.state_label(),
            message: check.message.clone(),
            last: check.last_at.map(|at| at.to_rfc3339()).unwrap_or_default(),
            last_ago: check.last_at.map(|at| ago(at, now)).unwrap_or_default(),
            server: check.server_name.clone(),
            tenant: check.tenant_name.clone(),
            tenant_href: String::new(),
            is_paused: check.is_paused,
        }
    }
}

/// All rows of a server; also what the live stream sends.
#[derive(Template)]
#[template(path = "checks/rows.html")]
pub(super) struct ServerRows {
    base: String,
    rows: Vec<Row>,
    may_write: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for ServerRows {}

impl ServerRows {
    async fn load(
        app: &App,
        scope: &TenantScope,
        tx: &mut TenantTx,
        server: ServerId,
    ) -> Result<Self, Error> {
        let (slug, now) = (&scope.member.slug, app.now());
        let all = store::of_server(tx, server).await?;
        Ok(Self {
            base: format!("/t/{slug}/servers/{server}"),
            rows: all
                .iter()
                .map(|check| Row::new(check, href(slug, check.id), now))
                .collect(),
            may_write: scope.may(Permission::CheckWrite),
        })
    }
}

#[derive(Template)]
#[template(path = "checks/list.html")]
pub(super) struct List {
    ctx: Ctx,
    head: Head,
    rows: ServerRows,
    live: String,
    may_add: bool,
    most: i64,
}

/// The tab.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
) -> Result<Page<List>, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    let newest = events::newest(&mut tx).await?;
    let rows = ServerRows::load(&app, &scope, &mut tx, id).await?;
    let head = Head::new(&app, &scope, &server, "checks");
    let has_room = i64::try_from(rows.rows.len()).is_ok_and(|count| count < MAX_CHECKS);
    Ok(Page(List {
        ctx: crumbs(ctx, &scope),
        live: format!("{}/checks/live?after={newest}", head.base),
        head,
        may_add: rows.may_write && has_room,
        rows,
        most: MAX_CHECKS,
    }))
}

/// The check of this tenant that an event is about.
pub(super) fn is_about(scope: &TenantScope, event: &Event) -> Option<CheckId> {
    let is_ours = event.tenant_id == Some(scope.tenant().0) && event.topic == TOPIC;
    event.target_id.filter(|_| is_ours).map(CheckId)
}

/// The list's stream: all rows for each change, which are few.
pub(super) async fn live(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, server)): Path<(String, ServerId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    servers::find(&mut scope.begin().await?, server).await?;
    app.live(&scope, seen, move |app, scope, event| async move {
        if is_about(&scope, &event).is_none() {
            return Ok(None);
        }
        let rows = ServerRows::load(&app, &scope, &mut scope.begin().await?, server).await?;
        let html = rows.render().map_err(Error::internal)?;
        Ok(Some(Fragment::default().replace("check-rows", &html)))
    })
    .await
}
