//! What a server prints: the newest lines, and the next ones as they come.

use std::convert::Infallible;
use std::time::Duration;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, TryStreamExt as _};

use crate::app::App;
use crate::drivers::engine::{LogLine, LogQuery, LogStream, ServerKey};
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::page::Tone;
use crate::platform::web::{Ctx, Fragment, Page, Path};

use super::super::store;
use super::show::{Head, crumbs};

const TAIL: u32 = 500;
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// A line of the log; also what the live stream sends.
#[derive(Debug, Template)]
#[template(path = "servers/line.html")]
pub struct Line {
    iso: String,
    time: String,
    text: String,
    stream: &'static str,
}

// A template is HTML already: a page that holds one must not escape it a second time.
impl HtmlSafe for Line {}

impl From<LogLine> for Line {
    fn from(line: LogLine) -> Self {
        Self {
            iso: line.at.map(|at| at.to_rfc3339()).unwrap_or_default(),
            time: line
                .at
                .map(|at| at.format("%H:%M:%S").to_string())
                .unwrap_or_default(),
            text: line.text,
            stream: match line.stream {
                LogStream::Stdout => "stdout",
                LogStream::Stderr => "stderr",
            },
        }
    }
}

#[derive(Template)]
#[template(path = "servers/logs.html")]
pub struct Logs {
    ctx: Ctx,
    head: Head,
    lines: Vec<Line>,
    live: String,
}

async fn find(scope: &TenantScope, id: ServerId) -> Result<super::super::model::Server, Error> {
    let mut tx = scope.begin().await?;
    store::find(&mut tx, id).await
}

fn key(id: ServerId) -> Result<ServerKey, Error> {
    ServerKey::new(id.to_string()).map_err(Error::internal)
}

/// The newest lines. Where the engine does not answer, the page says so.
pub async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
) -> Result<Page<Logs>, Error> {
    let server = find(&scope, id).await?;
    let head = Head::new(&app, &scope, &server, "logs");
    let query = LogQuery {
        tail: Some(TAIL),
        ..LogQuery::default()
    };
    let lines: Result<Vec<LogLine>, _> = match app.engine.logs(&key(id)?, query).await {
        Ok(stream) => stream.try_collect().await,
        Err(error) => Err(error),
    };
    let ctx = crumbs(ctx, &scope);
    let (ctx, lines) = match lines {
        Ok(lines) => (ctx, lines),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "no logs");
            let words =
                "The container engine does not answer, so there are no logs now. Try again in a moment.";
            (ctx.with_banner(Tone::Warn, words), Vec::new())
        }
    };
    let live = format!("{}/logs/live", head.base);
    Ok(Page(Logs {
        ctx,
        head,
        lines: lines.into_iter().map(Line::from).collect(),
        live,
    }))
}

/// The lines from now on.
pub async fn live(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, ServerId)>,
) -> Result<Response, Error> {
    find(&scope, id).await?;
    let query = LogQuery {
        tail: Some(0),
        follow: true,
        ..LogQuery::default()
    };
    let lines = app
        .engine
        .logs(&key(id)?, query)
        .await
        .map_err(|error| Error::Unavailable(error.into()))?;
    let stop = app.tasks.token();
    let stream = lines
        .take_until(stop.cancelled_owned())
        .filter_map(async |line| Line::from(line.ok()?).render().ok())
        .map(|html| {
            Ok::<_, Infallible>(
                SseEvent::default().data(Fragment::default().append("log-lines", &html).html()),
            )
        });
    Ok(Sse::new(stream)
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response())
}
