//! What a server prints: the newest lines and the next ones as they come, or those that somebody looks for.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt as _};
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::app::App;
use crate::drivers::engine::{LogLine, LogQuery, ServerKey};
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::events::Event;
use crate::platform::ids::ServerId;
use crate::platform::web::page::{Tone, attachment};
use crate::platform::web::{Ctx, Fragment, Page, Path, Query};

use super::super::logs::{self as log, key, stamp, word};
use super::super::model::{LogFilter, LogFilterText, Server};
use super::super::store;
use super::head::{Head, crumbs};

const TAIL: u32 = 500;
/// Lines of a search on one page.
const FOUND: usize = 500;
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

impl Line {
    /// With so much of its time as tells it from the others of its page.
    fn new(line: LogLine, form: &str) -> Self {
        Self {
            iso: line.at.map(stamp).unwrap_or_default(),
            time: line.at.map(|at| at.format(form).to_string()).unwrap_or_default(),
            text: line.text,
            stream: word(line.stream),
        }
    }
}

const CLOCK: &str = "%H:%M:%S";
const DAY_AND_CLOCK: &str = "%Y-%m-%d %H:%M:%S";

/// What is looked for, as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    q: String,
    from: String,
    to: String,
    stream: String,
    after: String,
}

impl Wanted {
    fn parse(&self) -> Result<LogFilter, FieldErrors> {
        LogFilter::parse(LogFilterText {
            q: &self.q,
            from: &self.from,
            to: &self.to,
            stream: &self.stream,
            after: &self.after,
        })
    }

    fn is_filtered(&self) -> bool {
        [&self.q, &self.from, &self.to, &self.stream, &self.after]
            .iter()
            .any(|field| !field.is_empty())
    }

    /// The query of an address that looks for the same.
    fn address(&self, after: &str) -> String {
        let all = [
            ("q", &*self.q),
            ("from", &self.from),
            ("to", &self.to),
            ("stream", &self.stream),
            ("after", after),
        ];
        let given: Vec<_> = all.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        serde_html_form::to_string(given).unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "servers/logs.html")]
pub struct Logs {
    ctx: Ctx,
    head: Head,
    wanted: Wanted,
    errors: FieldErrors,
    lines: Vec<Line>,
    /// The stream of the next lines; none where somebody looks for older ones.
    live: String,
    /// Where a search goes on.
    next: String,
    /// From where on there are lines.
    oldest: String,
    download: String,
}

impl Logs {
    fn error(&self, field: &str) -> &str {
        self.errors.get(field).unwrap_or_default()
    }
}

async fn find(scope: &TenantScope, id: ServerId) -> Result<Server, Error> {
    let mut tx = scope.begin().await?;
    store::find(&mut tx, id).await
}

/// The newest lines, or those that are looked for. Where the engine does not answer, the page says so.
pub async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
    Query(wanted): Query<Wanted>,
) -> Result<Page<Logs>, Error> {
    let server = find(&scope, id).await?;
    let head = Head::new(&app, &scope, &server, "logs");
    let address = wanted.address("");
    let mut page = Logs {
        ctx: crumbs(ctx, &scope),
        errors: FieldErrors::default(),
        lines: Vec::new(),
        live: String::new(),
        next: String::new(),
        oldest: String::new(),
        download: format!("{}/logs/download?{address}", head.base),
        head,
        wanted,
    };
    let filled = if page.wanted.is_filtered() {
        page.look(&app, id).await
    } else {
        page.follow(&app, &server).await
    };
    match filled {
        Ok(()) => {}
        Err(Error::Unavailable(error)) => {
            tracing::warn!(error = &*error as &dyn std::error::Error, "no logs");
            let words =
                "The container engine does not answer, so there are no logs now. Try again in a moment.";
            page.ctx = page.ctx.with_banner(Tone::Warn, words);
        }
        Err(error) => return Err(error),
    }
    Ok(Page(page))
}

impl Logs {
    /// Shows the newest lines.
    async fn follow(&mut self, app: &App, server: &Server) -> Result<(), Error> {
        self.live = format!("{}/logs/live?after={}", self.head.base, stamp(server.created_at));
        let lines = log::newest(app, server.id, TAIL).await?;
        if let Some(last) = lines.iter().rev().find_map(|line| line.at) {
            self.live = format!("{}/logs/live?after={}", self.head.base, stamp(last));
        }
        self.lines = lines.into_iter().map(|line| Line::new(line, CLOCK)).collect();
        Ok(())
    }

    /// Shows what is looked for.
    async fn look(&mut self, app: &App, id: ServerId) -> Result<(), Error> {
        let filter = match self.wanted.parse() {
            Ok(filter) => filter,
            Err(errors) => {
                self.errors = errors;
                return Ok(());
            }
        };
        let found = log::search(app, id, filter, FOUND).await?;
        let next = found.next.map(|next| self.wanted.address(&stamp(next)));
        self.next = next
            .map(|next| format!("{}/logs?{next}", self.head.base))
            .unwrap_or_default();
        let oldest = log::oldest(app, id).await?;
        self.oldest = oldest
            .map(|at| at.format(DAY_AND_CLOCK).to_string())
            .unwrap_or_default();
        self.lines = found
            .lines
            .into_iter()
            .map(|line| Line::new(line, DAY_AND_CLOCK))
            .collect();
        Ok(())
    }
}

/// All lines that are looked for, as text.
pub async fn download(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, ServerId)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Error> {
    let filter = wanted.parse().map_err(Error::Invalid)?;
    let server = find(&scope, id).await?;
    let text = log::download(&app, id, filter).await?;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    let name = attachment(&format!("{}.log", server.host_name));
    Ok((headers, [name], Body::from_stream(text)).into_response())
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
    let end = app.stream_end_for(&scope);
    let lines = follow(app, id, key(id)?, since).filter_map(async |line| event(line).ok());
    let lines = lines.take_until(end);
    Ok(Sse::new(lines.map(Ok::<_, Infallible>))
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response())
}

/// A line as the page's stream sends it. Its time is its id, so that a broken connection goes on after it.
fn event(line: LogLine) -> Result<SseEvent, askama::Error> {
    let line = Line::new(line, CLOCK);
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
            let query = LogQuery { tail: Some(TAIL), since: Some(since), follow: true, ..LogQuery::default() };
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
