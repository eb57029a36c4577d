//! What a server prints, for programs: the newest lines, a search, all of it as text.

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::drivers::engine::LogLine;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::page::attachment;
use crate::platform::web::{Json, Path, Query};

use super::super::logs as log;
use super::super::model::{LogFilter, LogFilterText};
use super::super::store;

const DEFAULT: u32 = 100;
const MOST: u32 = 1000;

/// How many lines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogsQuery {
    /// The newest lines, at most 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    tail: Option<u32>,
}

/// One of a process's two outputs.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(
    dead_code,
    reason = "only described: the filter is read by the parser that pages use"
)]
enum Output {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Which lines.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct LogFilterQuery {
    /// Found anywhere in the line, whatever the case.
    #[param(max_length = 200)]
    q: String,
    /// Printed at this moment or later.
    #[param(value_type = Option<DateTime<Utc>>)]
    from: String,
    /// Printed at this moment or earlier.
    #[param(value_type = Option<DateTime<Utc>>)]
    to: String,
    /// Written to this output.
    #[param(value_type = Option<Output>, inline)]
    stream: String,
    /// Printed later than this moment: `next` of the answer before, with the same filter.
    #[param(value_type = Option<DateTime<Utc>>)]
    after: String,
}

impl LogFilterQuery {
    fn parse(&self) -> Result<LogFilter, Error> {
        let text = LogFilterText {
            q: &self.q,
            from: &self.from,
            to: &self.to,
            stream: &self.stream,
            after: &self.after,
        };
        LogFilter::parse(text).map_err(Error::Invalid)
    }
}

/// How many.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Limit {
    /// About so many lines at most: lines of one moment stay together. 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// A line that a server printed.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogLineOut {
    /// When.
    at: Option<DateTime<Utc>>,
    /// `stdout` or `stderr`.
    #[schema(value_type = String)]
    stream: &'static str,
    /// The text, without the line's end.
    text: String,
}

impl From<LogLine> for LogLineOut {
    fn from(line: LogLine) -> Self {
        Self {
            at: line.at,
            stream: log::word(line.stream),
            text: line.text,
        }
    }
}

/// What a search found.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogFoundOut {
    /// The lines that fit, oldest first.
    lines: Vec<LogLineOut>,
    /// Not everything was looked through: ask again with this as `after`. There may be more even if nothing was found so far.
    next: Option<DateTime<Utc>>,
    /// When the oldest line was printed that is kept; what was printed before is gone.
    oldest: Option<DateTime<Utc>>,
}

fn bounded(field: &str, wanted: Option<u32>) -> Result<u32, Error> {
    let number = wanted.unwrap_or(DEFAULT);
    if (1..=MOST).contains(&number) {
        Ok(number)
    } else {
        Err(Error::invalid(field, format!("Use 1 to {MOST}.")))
    }
}

/// The engine may be slow; the database's connection is not kept waiting for it.
async fn find(scope: &TenantScope, id: ServerId) -> Result<super::super::model::Server, Error> {
    store::find(&mut scope.begin().await?, id).await
}

/// Read what a server prints
///
/// The newest lines, oldest first.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/logs", tag = "servers",
    params(("server_id" = ServerId, Path), LogsQuery),
    responses((status = 200, description = "The lines", body = Vec<LogLineOut>)))]
pub async fn logs(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Query(query): Query<LogsQuery>,
) -> Result<Json<Vec<LogLineOut>>, Error> {
    let tail = bounded("tail", query.tail)?;
    find(&scope, id).await?;
    let lines = log::newest(&app, id, tail).await?;
    Ok(Json(lines.into_iter().map(LogLineOut::from).collect()))
}

/// Search what a server printed
///
/// From the oldest line on. One request looks through 8 MiB at most and says where to go on.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/logs/search", tag = "servers",
    params(("server_id" = ServerId, Path), LogFilterQuery, Limit),
    responses((status = 200, description = "The lines that fit", body = LogFoundOut)))]
pub async fn search(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Query(filter): Query<LogFilterQuery>,
    Query(limit): Query<Limit>,
) -> Result<Json<LogFoundOut>, Error> {
    let limit = bounded("limit", limit.limit)?;
    let filter = filter.parse()?;
    find(&scope, id).await?;
    let found = log::search(&app, id, filter, usize::try_from(limit).unwrap_or(1)).await?;
    Ok(Json(LogFoundOut {
        lines: found.lines.into_iter().map(LogLineOut::from).collect(),
        next: found.next,
        oldest: log::oldest(&app, id).await?,
    }))
}

/// Download what a server printed
///
/// All lines that fit, oldest first, each with its time and output before it; 64 MiB at most.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/logs/download", tag = "servers",
    params(("server_id" = ServerId, Path), LogFilterQuery),
    responses((status = 200, description = "The lines", body = String, content_type = "text/plain; charset=utf-8")))]
pub async fn download(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Query(filter): Query<LogFilterQuery>,
) -> Result<Response, Error> {
    let filter = filter.parse()?;
    let server = find(&scope, id).await?;
    let text = log::download(&app, id, filter).await?;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    let name = attachment(&format!("{}.log", server.host_name));
    Ok((headers, [name], Body::from_stream(text)).into_response())
}
