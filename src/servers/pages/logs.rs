//! What a server prints: the newest lines, and the next ones as they come.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::app::App;
use crate::drivers::engine::{LogLine, LogQuery, LogStream, ServerKey};
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::events::Event;
use crate::platform::ids::ServerId;
use crate::platform::web::page::Tone;
use crate::platform::web::{Ctx, Fragment, Page, Path, Query};

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
            iso: line.at.map(stamp).unwrap_or_default(),
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

/// A line's time to the nanosecond, as it travels to the browser and back.
fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Nanos, true)
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
    let last = lines
        .iter()
        .rev()
        .find_map(|line| line.at)
        .unwrap_or(server.created_at);
    let live = format!("{}/logs/live?after={}", head.base, stamp(last));
    Ok(Page(Logs {
        ctx,
        head,
        lines: lines.into_iter().map(Line::from).collect(),
        live,
    }))
}

/// From where a page goes on.
#[derive(Debug, Default, Deserialize)]
pub struct After {
    /// The time of the last line that it shows.
    after: Option<DateTime<Utc>>,
}

/// The lines after those of the page, over restarts of the server, until the page is closed.
pub async fn live(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, ServerId)>,
    Query(from): Query<After>,
) -> Result<Response, Error> {
    find(&scope, id).await?;
    let since = from.after.unwrap_or_else(|| app.now());
    let end = app.stream_end();
    let lines = follow(app, id, key(id)?, since).filter_map(async |line| event(line).ok());
    let lines = lines.take_until(end);
    Ok(Sse::new(lines.map(Ok::<_, Infallible>))
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response())
}

/// A line as the page's stream sends it. Its time is its id, so that a broken connection goes on after it.
fn event(line: LogLine) -> Result<SseEvent, askama::Error> {
    let line = Line::from(line);
    let html = Fragment::default().append("log-lines", &line.render()?).html();
    Ok(SseEvent::default().id(line.iso).data(html))
}

/// What the server prints after `since`. An engine's log ends with the container; then this waits for news of the server
/// instead of asking again and again, and goes on with what is printed next.
fn follow(
    app: App,
    id: ServerId,
    key: ServerKey,
    mut since: DateTime<Utc>,
) -> impl Stream<Item = LogLine> + use<> {
    let mut news = app.hub.subscribe();
    async_stream::stream! {
        loop {
            let query = LogQuery { tail: Some(TAIL), since: Some(since), follow: true };
            if let Ok(lines) = app.engine.logs(&key, query).await {
                let mut lines = pin!(lines);
                while let Some(Ok(line)) = lines.next().await {
                    // Engines know whole seconds only, so what was shown already may come again.
                    if line.at.is_some_and(|at| at <= since) { continue; }
                    since = line.at.unwrap_or(since);
                    yield line;
                }
            }
            if !hears_of(id, &mut news).await { break; }
        }
    }
}

/// Waits until something is said about the server; `false` when nothing will be any more.
async fn hears_of(id: ServerId, news: &mut Receiver<Event>) -> bool {
    loop {
        match news.recv().await {
            Ok(event) if event.target_id == Some(id.0) => return true,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return true,
            Err(RecvError::Closed) => return false,
        }
    }
}
