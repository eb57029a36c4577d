//! What a server printed, read from the engine for pages and programs: the newest lines, a search, all of it.
//!
//! The engine keeps a bounded log, so the work for a request is bounded by that and, for a search, by far less
//! ([`LOOK_AT_MOST`](super::model::LOOK_AT_MOST)). No database connection is held while the engine is asked.

use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use tokio::time::{Instant, timeout_at};

use crate::app::App;
use crate::drivers::engine::{EngineError, EngineStream, LogLine, LogQuery, LogStream, ServerKey};
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

use super::model::{LogFilter, LogSearch};

/// The longest that one request looks.
const PATIENCE: Duration = Duration::from_secs(10);
/// A download's size at most: twice what the engine keeps, with a time before each line.
const DOWNLOAD_AT_MOST: usize = 64 * 1024 * 1024;
/// How much is sent at once.
const PIECE: usize = 32 * 1024;

/// What a search found.
#[derive(Debug)]
pub(super) struct Found {
    /// The lines, oldest first.
    pub(super) lines: Vec<LogLine>,
    /// The moment to go on after, if not everything was looked through.
    pub(super) next: Option<DateTime<Utc>>,
}

/// The server's key on the engine.
pub(super) fn key(id: ServerId) -> Result<ServerKey, Error> {
    ServerKey::new(id.to_string()).map_err(Error::internal)
}

/// The name of an output.
pub(super) fn word(stream: LogStream) -> &'static str {
    match stream {
        LogStream::Stdout => "stdout",
        LogStream::Stderr => "stderr",
    }
}

/// A line's time to the nanosecond, as it travels out and back.
pub(super) fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

fn away(error: EngineError) -> Error {
    Error::Unavailable(error.into())
}

async fn ask(app: &App, id: ServerId, query: LogQuery) -> Result<EngineStream<LogLine>, Error> {
    app.engine.logs(&key(id)?, query).await.map_err(away)
}

/// The newest lines, oldest first.
pub(super) async fn newest(app: &App, id: ServerId, tail: u32) -> Result<Vec<LogLine>, Error> {
    let query = LogQuery {
        tail: Some(tail),
        ..LogQuery::default()
    };
    ask(app, id, query).await?.try_collect().await.map_err(away)
}

/// When the oldest line was printed that the engine still has.
pub(super) async fn oldest(app: &App, id: ServerId) -> Result<Option<DateTime<Utc>>, Error> {
    let mut lines = ask(app, id, LogQuery::default()).await?;
    let first = lines.next().await.transpose().map_err(away)?;
    Ok(first.and_then(|line| line.at))
}

/// About `limit` lines that fit, from the oldest on.
pub(super) async fn search(app: &App, id: ServerId, filter: LogFilter, limit: usize) -> Result<Found, Error> {
    let deadline = Instant::now() + PATIENCE;
    let mut lines = ask(app, id, filter.query()).await?;
    let mut search = LogSearch::new(filter, limit);
    let is_whole = loop {
        match timeout_at(deadline, lines.next()).await {
            Ok(None) => break true,
            Ok(Some(line)) => {
                if !search.take(line.map_err(away)?) {
                    break false;
                }
            }
            Err(_) => break false,
        }
    };
    let (lines, last) = search.end();
    Ok(Found {
        lines,
        next: last.filter(|_| !is_whole),
    })
}

/// All lines that fit, as text, each with its time and output before it.
pub(super) async fn download(
    app: &App,
    id: ServerId,
    filter: LogFilter,
) -> Result<impl Stream<Item = Result<Bytes, EngineError>> + use<>, Error> {
    let lines = ask(app, id, filter.query()).await?;
    Ok(text(lines.try_filter(move |line| {
        std::future::ready(filter.matches(line))
    })))
}

fn text(
    lines: impl Stream<Item = Result<LogLine, EngineError>> + Send,
) -> impl Stream<Item = Result<Bytes, EngineError>> {
    async_stream::try_stream! {
        let (mut piece, mut sent) = (BytesMut::new(), 0);
        let mut lines = pin!(lines);
        while let Some(line) = lines.next().await {
            let line = line?;
            let at = line.at.map(stamp).unwrap_or_default();
            if sent >= DOWNLOAD_AT_MOST {
                let rest = format!("{at} berth  The download ends here. Ask for what is printed from this time on.\n");
                piece.extend_from_slice(rest.as_bytes());
                break;
            }
            let before = piece.len();
            for part in [&*at, " ", word(line.stream), " ", &*line.text, "\n"] {
                piece.extend_from_slice(part.as_bytes());
            }
            sent += piece.len() - before;
            if piece.len() >= PIECE {
                yield piece.split().freeze();
            }
        }
        if !piece.is_empty() {
            yield piece.freeze();
        }
    }
}
