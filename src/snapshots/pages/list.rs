//! The tab: what there is, how each is, what it holds, and what can be done with it.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::drivers::pool::show_size;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::events;
use crate::platform::ids::ServerId;
use crate::platform::web::{Ctx, FormData, FormState, Fragment, LastSeen, Page, Path, SeeOther, ago};
use crate::servers::model::Server;
use crate::servers::{self, Head};

use super::super::model::{ELSEWHERE, MAX, Snapshot, State as SnapshotState, WHY_NOT, check_server};
use super::super::{TOPIC, actions, store};
use super::tab;

/// A snapshot, as a row.
#[derive(Debug)]
struct Row {
    id: String,
    name: String,
    why: &'static str,
    state: (&'static str, &'static str),
    error: Option<String>,
    holds: String,
    iso: String,
    ago: String,
    by: String,
    is_ready: bool,
    is_removable: bool,
}

impl Row {
    fn new(snapshot: Snapshot, held: &HashMap<String, u64>, now: DateTime<Utc>) -> Self {
        let id = snapshot.id.to_string();
        let at = snapshot.taken_at.unwrap_or(snapshot.created_at);
        Self {
            holds: held
                .get(&id)
                .map_or_else(|| "–".to_owned(), |bytes| show_size(*bytes)),
            why: snapshot.reason.shown(),
            state: snapshot.state.shown(),
            is_ready: snapshot.state == SnapshotState::Ready,
            is_removable: matches!(snapshot.state, SnapshotState::Ready | SnapshotState::Failed),
            iso: at.to_rfc3339(),
            ago: ago(at, now),
            name: snapshot.name,
            error: snapshot.error,
            by: snapshot.created_by,
            id,
        }
    }
}

/// What changes while one looks.
#[derive(Template)]
#[template(path = "snapshots/panel.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each hides or shows a part of the page"
)]
struct Panel {
    base: String,
    server: String,
    rows: Vec<Row>,
    may_write: bool,
    may_clone: bool,
    may_read_files: bool,
    is_restoring: bool,
    max: i64,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Panel {}

impl Panel {
    async fn load(app: &App, scope: &TenantScope, server: &Server) -> Result<Self, Error> {
        let mut tx = scope.begin().await?;
        let all = store::list(&mut tx, server.id).await?;
        let volumes = store::volumes(&mut tx, server.id).await?;
        drop(tx);
        let held = actions::held(app, &volumes).await;
        let now = app.now();
        Ok(Self {
            base: tab(&scope.member.slug, server.id),
            server: server.name.clone(),
            may_write: scope.may(Permission::SnapshotWrite),
            may_clone: scope.may(Permission::ServerCreate),
            may_read_files: scope.may(Permission::FileRead),
            is_restoring: all.iter().any(|one| one.state == SnapshotState::Restoring),
            rows: all.into_iter().map(|one| Row::new(one, &held, now)).collect(),
            max: MAX,
        })
    }
}

/// The page.
#[derive(Template)]
#[template(path = "snapshots/list.html")]
pub(super) struct Show {
    ctx: Ctx,
    head: Head,
    base: String,
    panel: Panel,
    form: FormState,
    live: String,
    may_write: bool,
    /// Why there are none, if that is so.
    why_not: Option<&'static str>,
    /// Where they are instead, as an address and a name, if the scope may see it.
    elsewhere: Option<(String, String)>,
    is_made: bool,
}

async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    id: ServerId,
    form: FormState,
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let newest = events::newest(&mut tx).await?;
    let server = servers::find(&mut tx, id).await?;
    let elsewhere = elsewhere(&mut tx, scope, &server).await?;
    drop(tx);
    server.check_stays()?;
    let refused = check_server(&server).err();
    let code = refused.as_ref().map(Error::code);
    let base = tab(&scope.member.slug, id);
    let why_not = match code {
        Some("no-snapshots") => Some(WHY_NOT),
        Some("files-elsewhere") => Some(ELSEWHERE),
        _ => None,
    };
    Ok(Page(Show {
        ctx: servers::crumbs(ctx, scope),
        head: Head::new(app, scope, &server, "snapshots"),
        panel: Panel::load(app, scope, &server).await?,
        live: format!("{base}/live?after={newest}"),
        // What somebody typed comes back, whatever became of the server meanwhile.
        may_write: (why_not.is_none() || !form.errors().is_empty()) && scope.may(Permission::SnapshotWrite),
        why_not,
        elsewhere: elsewhere.filter(|_| code == Some("files-elsewhere")),
        is_made: code != Some("server-not-made"),
        base,
        form,
    }))
}

/// The server whose files it has; a guest does not see that one.
async fn elsewhere(
    tx: &mut TenantTx,
    scope: &TenantScope,
    server: &Server,
) -> Result<Option<(String, String)>, Error> {
    let Some(home) = server.volumes_of else {
        return Ok(None);
    };
    match servers::find(tx, home).await {
        Ok(home) => Ok(Some((tab(&scope.member.slug, home.id), home.name))),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Shows the tab.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
) -> Result<Page<Show>, Error> {
    page(&app, &scope, ctx, id, FormState::default()).await
}

/// Takes one, or shows the form again with what is wrong.
pub(super) async fn take(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, id)): Path<(String, ServerId)>,
    data: FormData,
) -> Result<Response, Error> {
    let name = data.get("name");
    match data.submit(actions::take(&app, &scope, id, Some(name))).await {
        Ok(asked) => {
            let words = format!("Taking {}.", asked.snapshot.name);
            Ok(SeeOther::to(tab(&slug, id)).good(words).into_response())
        }
        Err(Error::Invalid(errors)) => Ok(page(&app, &scope, ctx, id, FormState::new(data, errors))
            .await?
            .status(422)),
        Err(error @ Error::Conflict { .. }) => {
            let (status, errors) = (error.status(), FieldErrors::one("name", error.sentence()));
            Ok(page(&app, &scope, ctx, id, FormState::new(data, errors))
                .await?
                .status(status))
        }
        Err(error) => Err(error),
    }
}

/// The tab's stream.
pub(super) async fn live(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, ServerId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    servers::find(&mut scope.begin().await?, id).await?;
    app.live(&scope, seen, move |app, scope, event| async move {
        if event.topic != TOPIC || event.target_id != Some(id.0) {
            return Ok(None);
        }
        let server = match servers::find(&mut scope.begin().await?, id).await {
            Err(Error::NotFound) => return Ok(Some(Fragment::default().replace("server-snapshots", GONE))),
            other => other?,
        };
        let panel = Panel::load(&app, &scope, &server).await?;
        let html = panel.render().map_err(Error::internal)?;
        Ok(Some(Fragment::default().replace("server-snapshots", &html)))
    })
    .await
}

/// What stands in the panel's place when the server is gone.
const GONE: &str = "<section class=\"card\" id=\"server-snapshots\"><div class=\"card-body\"><p>This server is gone.</p></div></section>";
