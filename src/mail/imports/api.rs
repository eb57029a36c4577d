//! Imports and exports for programs: the same actions as the pages.

use axum::extract::{FromRequest as _, Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::MailImportId;
use crate::platform::web::{
    Cursor, Json, ListOut, ListQuery, Listing, PageQuery, Path, Query, Routes, operation,
};

use super::actions;
use super::export::{ExportQuery, export};
use super::model::{Import, ImportState, LineKind, LineState, Room, Shown};
use super::store;
use super::upload::{Upload, of_body};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::MailRead), Rule::Tenant(P::MailWrite));
    Routes::new()
        .api(read, operation!(list))
        .api(write, operation!(create))
        .that_may_last()
        .api(read, operation!(show))
        .api(read, operation!(lines))
        .api(write, operation!(start))
        .api(write, operation!(cancel))
        .api(read, operation!(export_all))
        .that_may_last()
}

/// A list of mailboxes and aliases to be made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailImportOut {
    /// Its id.
    id: MailImportId,
    /// What the file was called.
    file_name: String,
    /// How far it is.
    state: ImportState,
    /// How many lines the file has below its head.
    lines: i32,
    /// How many of them can't be used.
    bad: i32,
    /// How many were made.
    done: i32,
    /// How many could not be made.
    failed: i32,
    /// Who uploaded it.
    created_by: String,
    /// When.
    created_at: DateTime<Utc>,
    /// When it was started.
    started_at: Option<DateTime<Utc>>,
    /// When it ended. It is kept for 30 days.
    finished_at: Option<DateTime<Utc>>,
}

impl From<Import> for MailImportOut {
    fn from(import: Import) -> Self {
        Self {
            id: import.id,
            file_name: import.file_name,
            state: import.state,
            lines: import.lines,
            bad: import.bad,
            done: import.done,
            failed: import.failed,
            created_by: import.created_by,
            created_at: import.created_at,
            started_at: import.started_at,
            finished_at: import.finished_at,
        }
    }
}

/// An import, and whether it can be started.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailImportDetailOut {
    #[serde(flatten)]
    import: MailImportOut,
    /// How many mailboxes it would make; null once it is started.
    mailboxes: Option<i64>,
    /// How many aliases it would make; null once it is started.
    aliases: Option<i64>,
    /// Why the plan has no room for it; null if it has.
    refusal: Option<String>,
}

impl MailImportDetailOut {
    fn new(import: Import, room: Option<Room>) -> Self {
        Self {
            import: import.into(),
            mailboxes: room.map(|room| room.mailboxes),
            aliases: room.map(|room| room.aliases),
            refusal: room.and_then(|room| room.lack()),
        }
    }
}

/// List imports
///
/// The newest first.
#[utoipa::path(get, path = "/api/v1/mail/imports", tag = "mail", params(PageQuery),
    responses((status = 200, description = "A page of imports", body = ListOut<MailImportOut>)))]
async fn list(scope: TenantScope, Query(query): Query<PageQuery>) -> Result<Response, Error> {
    let query = ListQuery::from(query);
    let listing = page_of(&scope, &query).await?;
    Ok(listing.map(MailImportOut::from).json(&query))
}

/// A page of imports, as it is asked for.
pub(super) async fn page_of(scope: &TenantScope, query: &ListQuery) -> Result<Listing<Import>, Error> {
    let after = Cursor::decode(query.after.as_deref())?;
    let mut tx = scope.begin().await?;
    let rows = store::list(&mut tx, scope.tenant(), after, query.fetch()?).await?;
    Listing::new(rows, query, |import| (import.created_at, import.id.0))
}

/// A list, as JSON.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailImportIn {
    /// The list: CSV with a head.
    #[schema(
        example = "address,name,quota_mib\nann@example.com,Ann,1024\n",
        max_length = 8_388_608
    )]
    csv: String,
    /// What it is called.
    #[serde(default)]
    #[schema(example = "staff.csv", max_length = 100)]
    file_name: String,
}

/// Upload a list
///
/// CSV in UTF-8, of 8 MiB and 20,000 lines at most, as a body of the type `text/csv`, or as JSON of 1 MiB at most. With an
/// `Idempotency-Key` both have 1 MiB at most. The first line names columns: `address`, and any of `name`, `password`,
/// `password_hash` (as a mailbox takes it; Argon2id without its scheme, too), `quota_mib`, `forward_to`, `keeps_copy`, `is_enabled`,
/// `targets`, `description`. What has `targets` is an alias. Nothing is made before the import is started.
#[utoipa::path(post, path = "/api/v1/mail/imports", tag = "mail",
    request_body(content((MailImportIn = "application/json"), (String = "text/csv"))),
    responses((status = 201, description = "What was read", body = MailImportDetailOut)))]
async fn create(
    State(app): State<App>,
    scope: TenantScope,
    request: Request,
) -> Result<(StatusCode, Json<MailImportDetailOut>), Error> {
    let upload = upload(request, &app).await?;
    let import = actions::create(&app, &scope, upload).await?;
    let mut tx = scope.begin().await?;
    let (import, room) = actions::find(&mut tx, scope.tenant(), import.id).await?;
    Ok((StatusCode::CREATED, Json(MailImportDetailOut::new(import, room))))
}

async fn upload(request: Request, app: &App) -> Result<Upload, Error> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match kind.as_str() {
        "application/json" => {
            let Json(list) = Json::<MailImportIn>::from_request(request, app).await?;
            Ok(Upload {
                name: list.file_name,
                bytes: Bytes::from(list.csv),
            })
        }
        "text/csv" => Ok(Upload {
            name: String::new(),
            bytes: of_body(request.into_body()).await?,
        }),
        _ => Err(Error::UnsupportedMediaType {
            expected: "text/csv or application/json",
        }),
    }
}

/// Show an import
///
/// How far it is, or whether it can be started.
#[utoipa::path(get, path = "/api/v1/mail/imports/{import}", tag = "mail", params(("import" = MailImportId, Path)),
    responses((status = 200, description = "The import", body = MailImportDetailOut)))]
async fn show(scope: TenantScope, Path(id): Path<MailImportId>) -> Result<Json<MailImportDetailOut>, Error> {
    let mut tx = scope.begin().await?;
    let (import, room) = actions::find(&mut tx, scope.tenant(), id).await?;
    Ok(Json(MailImportDetailOut::new(import, room)))
}

/// A line of an import.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailImportLineOut {
    /// Where it stands in the file; its head is line 1.
    line: i32,
    /// What it makes.
    kind: LineKind,
    /// Its address, or what was typed in its place.
    address: String,
    /// What became of it.
    state: LineState,
    /// What is wrong with it.
    reason: Option<String>,
}

impl From<Shown> for MailImportLineOut {
    fn from(line: Shown) -> Self {
        Self {
            line: line.number,
            kind: line.kind,
            address: line.address,
            state: line.state,
            reason: line.reason,
        }
    }
}

/// Which lines.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LinesQuery {
    /// Those of this state only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<LineState>,
}

/// List an import's lines
///
/// In the order of the file.
#[utoipa::path(get, path = "/api/v1/mail/imports/{import}/lines", tag = "mail",
    params(("import" = MailImportId, Path), PageQuery, LinesQuery),
    responses((status = 200, description = "A page of lines", body = ListOut<MailImportLineOut>)))]
async fn lines(
    scope: TenantScope,
    Path(id): Path<MailImportId>,
    Query(query): Query<PageQuery>,
    Query(which): Query<LinesQuery>,
) -> Result<Response, Error> {
    let query = ListQuery::from(query);
    let after: Option<i32> = Cursor::decode(query.after.as_deref())?;
    let states = which
        .state
        .map_or_else(|| LineState::ALL.to_vec(), |state| vec![state]);
    let mut tx = scope.begin().await?;
    store::find(&mut tx, id).await?;
    let rows = store::lines(&mut tx, id, &states, after.unwrap_or_default(), query.fetch()?).await?;
    let listing = Listing::new(rows, &query, |line| line.number)?;
    let word = which
        .state
        .map(|state| ("state".to_owned(), state.word().to_owned()));
    let limit = query.limit.map(|limit| ("limit".to_owned(), limit.to_string()));
    let kept: Vec<(String, String)> = word.into_iter().chain(limit).collect();
    Ok(listing.map(MailImportLineOut::from).json(&kept))
}

/// Start an import
///
/// Its good lines are made in the background. A line that can't be made keeps its reason, and the others go on. What the plan has no
/// room for is refused as a whole, before anything is made.
#[utoipa::path(post, path = "/api/v1/mail/imports/{import}/start", tag = "mail", params(("import" = MailImportId, Path)),
    responses((status = 200, description = "It is worked on", body = MailImportOut)))]
async fn start(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailImportId>,
) -> Result<Json<MailImportOut>, Error> {
    Ok(Json(actions::start(&app, &scope, id).await?.into()))
}

/// Cancel an import
///
/// What was made stays; what waits is left out.
#[utoipa::path(post, path = "/api/v1/mail/imports/{import}/cancel", tag = "mail", params(("import" = MailImportId, Path)),
    responses((status = 200, description = "It has ended", body = MailImportOut)))]
async fn cancel(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailImportId>,
) -> Result<Json<MailImportOut>, Error> {
    Ok(Json(actions::cancel(&app, &scope, id).await?.into()))
}

/// Export mailboxes and aliases
///
/// As CSV that an import reads. Passwords are not in it.
#[utoipa::path(get, path = "/api/v1/mail/export", tag = "mail", params(ExportQuery),
    responses((status = 200, description = "The list", body = String, content_type = "text/csv")))]
async fn export_all(
    State(app): State<App>,
    scope: TenantScope,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Error> {
    let name = format!("mail-{}-{}.csv", scope.member.slug, app.now().format("%Y-%m-%d"));
    export(scope, query.domain, &name).await
}
