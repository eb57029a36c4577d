//! Logs. The engine sends a line longer than 16 KiB in several pieces, each with a time of its own, and pieces of
//! the two outputs may alternate.

use bollard::{container::LogOutput, query_parameters::LogsOptionsBuilder};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};

use super::super::super::{
    EngineResult, EngineStream, LogLine, LogQuery, LogStream, MAX_LOG_LINE, ServerKey,
};
use super::super::{connection::Connection, error};

impl Connection {
    pub(in super::super) async fn logs(
        &self,
        server: &ServerKey,
        query: LogQuery,
    ) -> EngineResult<EngineStream<LogLine>> {
        let Some(container) = self.find(server).await? else {
            return Ok(stream::empty().boxed());
        };
        Ok(self.logs_of(&container.id, query))
    }

    /// What a container wrote that is there.
    pub(in super::super) fn logs_of(&self, id: &str, query: LogQuery) -> EngineStream<LogLine> {
        let tail = query
            .tail
            .map_or_else(|| "all".to_owned(), |lines| lines.to_string());
        let mut options = LogsOptionsBuilder::default()
            .stdout(query.stream != Some(LogStream::Stderr))
            .stderr(query.stream != Some(LogStream::Stdout))
            .timestamps(true)
            .follow(query.follow)
            .tail(&tail);
        if let Some(since) = query.since {
            // bollard counts whole seconds; the rest is left out below.
            options = options.since(i32::try_from(since.timestamp()).unwrap_or(i32::MAX));
        }
        if let Some(until) = query.until {
            options = options
                .until(i32::try_from(until.timestamp()).map_or(i32::MAX, |second| second.saturating_add(1)));
        }
        let pieces = self.docker.logs(id, Some(options.build()));
        self.clone().lines(pieces.boxed(), query)
    }

    fn lines(
        self,
        mut pieces: stream::BoxStream<'static, Result<LogOutput, bollard::errors::Error>>,
        query: LogQuery,
    ) -> EngineStream<LogLine> {
        async_stream::try_stream! {
            let mut stdout = Assembler::new(LogStream::Stdout);
            let mut stderr = Assembler::new(LogStream::Stderr);
            while let Some(piece) = pieces.next().await {
                let whole = match piece {
                    Ok(LogOutput::StdErr { message }) => stderr.add(&message),
                    Ok(other) => stdout.add(&other.into_bytes()),
                    // Removed since we looked.
                    Err(failure) if error::status(&failure) == Some(404) => break,
                    Err(failure) => Err(self.failure(failure))?,
                };
                if let Some(line) = whole.filter(|line| query.covers(line)) {
                    yield line;
                }
            }
            for line in [stdout.rest(), stderr.rest()].into_iter().flatten() {
                if query.covers(&line) {
                    yield line;
                }
            }
        }
        .boxed()
    }
}

/// Puts one output's lines together.
struct Assembler {
    stream: LogStream,
    partial: Option<Partial>,
}

#[derive(Default)]
struct Partial {
    at: Option<DateTime<Utc>>,
    text: Vec<u8>,
    cut: bool,
}

impl Assembler {
    fn new(stream: LogStream) -> Self {
        Self {
            stream,
            partial: None,
        }
    }

    fn add(&mut self, piece: &Bytes) -> Option<LogLine> {
        let (at, text) = split_time(piece);
        let ended = text.ends_with(b"\n");
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let partial = self.partial.get_or_insert_with(|| Partial {
            at,
            ..Partial::default()
        });
        let room = MAX_LOG_LINE - partial.text.len();
        partial.cut |= text.len() > room;
        partial.text.extend_from_slice(&text[..text.len().min(room)]);
        if ended { self.rest() } else { None }
    }

    fn rest(&mut self) -> Option<LogLine> {
        let Partial { at, text, cut } = self.partial.take()?;
        let text = text.strip_suffix(b"\r").unwrap_or(&text);
        let text = if cut { without_broken_end(text) } else { text };
        Some(LogLine {
            at,
            stream: self.stream,
            text: String::from_utf8_lossy(text).into_owned(),
            cut,
        })
    }
}

/// The time that the engine puts before every piece, and the piece.
fn split_time(piece: &[u8]) -> (Option<DateTime<Utc>>, &[u8]) {
    let Some(space) = piece.iter().take(40).position(|byte| *byte == b' ') else {
        return (None, piece);
    };
    let time = std::str::from_utf8(&piece[..space])
        .ok()
        .and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    match time {
        Some(time) => (Some(time.with_timezone(&Utc)), &piece[space + 1..]),
        None => (None, piece),
    }
}

/// A cut may go through a character, which is not the server's mistake.
fn without_broken_end(text: &[u8]) -> &[u8] {
    match std::str::from_utf8(text) {
        Err(error) if error.error_len().is_none() => &text[..error.valid_up_to()],
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: &str = "2026-11-23T20:16:00.123456789Z ";

    fn lines(pieces: &[&[u8]]) -> Vec<LogLine> {
        let mut assembler = Assembler::new(LogStream::Stdout);
        let mut lines: Vec<_> = pieces
            .iter()
            .filter_map(|piece| assembler.add(&[TIME.as_bytes(), piece].concat().into()))
            .collect();
        lines.extend(assembler.rest());
        lines
    }

    #[test]
    fn a_line_has_its_time_and_no_end() {
        let lines = lines(&[b"hello\r\n"]);
        assert_eq!(lines[0].text, "hello");
        assert_eq!(
            lines[0].at.unwrap().to_rfc3339(),
            "2026-11-23T20:16:00.123456789+00:00"
        );
    }

    #[test]
    fn pieces_become_one_line_and_too_much_is_cut() {
        let half = vec![b'a'; MAX_LOG_LINE / 2];
        let whole = lines(&[&half, &half, b"\n"]);
        assert_eq!(
            (whole.len(), whole[0].text.len(), whole[0].cut),
            (1, MAX_LOG_LINE, false)
        );
        let cut = lines(&[&half, &half, &half, b"b\n", b"next\n"]);
        assert_eq!(
            (cut.len(), cut[0].text.len(), cut[0].cut),
            (2, MAX_LOG_LINE, true)
        );
        assert_eq!((cut[1].text.as_str(), cut[1].cut), ("next", false));
    }

    #[test]
    fn what_is_not_utf8_is_replaced_and_a_cut_breaks_no_character() {
        assert_eq!(lines(&[b"a\xffb\n"])[0].text, "a\u{fffd}b");
        let mut long = vec![b'a'; MAX_LOG_LINE - 1];
        long.extend("ü".as_bytes());
        let cut = &lines(&[&long, b"\n"])[0];
        assert_eq!((cut.text.len(), cut.cut), (MAX_LOG_LINE - 1, true));
    }

    #[test]
    fn an_end_without_line_end_is_a_line_and_an_empty_line_too() {
        assert_eq!(lines(&[b"last"])[0].text, "last");
        assert_eq!(lines(&[b"\n"])[0].text, "");
        assert!(lines(&[]).is_empty());
    }
}
