//! Taking everything with you, for people.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::app::App;
use crate::break_glass::{self, Part};
use crate::platform::access::{Permission, StaffScope, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::TenantId;
use crate::platform::web::page::attachment;
use crate::platform::web::{Ctx, Fragment, LastSeen, Page, Path, Query, SeeOther, ago};
use crate::tenants;
use crate::usage::bytes;

use super::actions::{self, Begun, GONE_AFTER};
use super::model::{Download, State as How};
use super::{TOPIC, store};

/// So many downloads are shown.
pub(super) const SHOWN: i64 = 10;

/// A download in the list.
struct Row {
    id: String,
    iso: String,
    when: String,
    by: String,
    state: How,
    size: String,
    has_secrets: bool,
    error: String,
}

impl Row {
    fn new(one: &Download, now: DateTime<Utc>) -> Self {
        Self {
            id: one.id.to_string(),
            iso: one.started_at.to_rfc3339(),
            when: ago(one.started_at, now),
            by: one.asked_by.clone(),
            state: one.state,
            size: format!("{} in {} files", bytes(one.bytes), one.files),
            has_secrets: one.has_secrets,
            error: one.error.clone().unwrap_or_default(),
        }
    }
}

/// The downloads so far; also what the live stream sends.
#[derive(Template)]
#[template(path = "exit/rows.html")]
struct Rows {
    all: Vec<Row>,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Rows {}

impl Rows {
    const ID: &str = "archive-rows";

    async fn load(app: &App, tx: &mut impl Scoped, tenant: TenantId) -> Result<Self, Error> {
        let now = app.now();
        let all = store::newest(tx, tenant, now - GONE_AFTER, SHOWN).await?;
        Ok(Self {
            all: all.iter().map(|one| Row::new(one, now)).collect(),
        })
    }

    fn is_busy(&self) -> bool {
        self.all.iter().any(|row| row.state == How::Running)
    }
}

#[derive(Template)]
#[template(path = "exit/show.html")]
pub(super) struct Show {
    ctx: Ctx,
    whose: String,
    rows: Rows,
    live: String,
    download: String,
    may_reveal: bool,
    is_staff: bool,
    /// Where staff say why they take it, if they have not yet.
    ask: String,
}

/// What a member takes with them.
pub(super) async fn own(State(app): State<App>, scope: TenantScope, ctx: Ctx) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let base = format!("/t/{}/settings", scope.member.slug);
    let newest = events::newest(&mut tx).await?;
    Ok(Page(Show {
        ctx: ctx.with_crumbs([("Settings", base.clone())]),
        whose: "your organisation".to_owned(),
        rows: Rows::load(&app, &mut tx, scope.tenant()).await?,
        live: format!("{base}/archive/live?after={newest}"),
        download: format!("{base}/archive/download"),
        may_reveal: scope.may(Permission::ServerSecrets),
        is_staff: false,
        ask: String::new(),
    }))
}

/// The page's stream.
pub(super) async fn live(
    State(app): State<App>,
    scope: TenantScope,
    seen: LastSeen,
) -> Result<Response, Error> {
    app.live(&scope, seen, move |app, scope, event| async move {
        if event.topic != TOPIC || event.tenant_id != Some(scope.tenant().0) {
            return Ok(None);
        }
        let rows = Rows::load(&app, &mut scope.begin().await?, scope.tenant()).await?;
        let html = rows.render().map_err(Error::internal)?;
        Ok(Some(Fragment::default().replace(Rows::ID, &html)))
    })
    .await
}

/// What staff take for a tenant.
pub(super) async fn of_tenant(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TenantId>,
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let tenant = tenants::find_tenant(&mut tx, id).await?;
    let base = format!("/staff/tenants/{id}");
    let open = break_glass::open_for(&mut tx, scope.actor.user, id, app.now()).await?;
    let is_open = open.is_some_and(|grant| grant.parts.contains(&Part::Archive));
    let all = ("Tenants".to_owned(), "/staff/tenants".to_owned());
    Ok(Page(Show {
        ctx: ctx.with_crumbs([all, (tenant.name.clone(), base.clone())]),
        whose: tenant.name,
        rows: Rows::load(&app, &mut tx, id).await?,
        live: String::new(),
        download: format!("{base}/archive/download"),
        may_reveal: false,
        is_staff: true,
        ask: if is_open { String::new() } else { asking(id) },
    }))
}

/// What is to be in a download.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct DownloadParams {
    /// Whether servers' secret variables are in it in plain text; this asks for `servers:secrets`, too.
    #[serde(default)]
    pub(super) secrets: Option<bool>,
}

/// Sends it to a member.
pub(super) async fn download(
    State(app): State<App>,
    scope: TenantScope,
    Query(params): Query<DownloadParams>,
) -> Result<Response, Error> {
    let with_secrets = params.secrets.unwrap_or(false);
    Ok(saved(actions::download(&app, &scope, with_secrets).await?))
}

/// Sends it to one of the staff.
pub(super) async fn staff_download(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TenantId>,
) -> Result<Response, Error> {
    match actions::download_of(&app, &scope, id).await {
        Err(Error::Conflict {
            code: "glass-closed", ..
        }) => {
            let text = "An archive is the customer's own. Say why you need it, and for how long.";
            Ok(SeeOther::to(asking(id)).info(text).into_response())
        }
        begun => Ok(saved(begun?)),
    }
}

/// Where staff break the glass for a tenant's archive.
fn asking(tenant: TenantId) -> String {
    format!("/staff/break-glass/new?tenant={tenant}&part=archive")
}

/// An archive, to be saved.
pub(super) fn saved(begun: Begun) -> Response {
    let headers = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-tar"),
    )];
    (headers, [attachment(&begun.name)], begun.body).into_response()
}
