//! Looking for lines in what a server printed: which are wanted, and when it is enough for one request.

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::drivers::engine::{LogLine, LogQuery, LogStream};
use crate::platform::error::FieldErrors;

/// How much of a log one request looks through, in bytes of text. The rest is looked through from there on by the next.
pub const LOOK_AT_MOST: usize = 8 * 1024 * 1024;

/// The longest text to look for, in bytes.
const MAX_TEXT: usize = 200;

/// A filter as typed; empty fields ask for everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogFilterText<'a> {
    /// Text to look for.
    pub q: &'a str,
    /// The first moment.
    pub from: &'a str,
    /// The last one.
    pub to: &'a str,
    /// `stdout` or `stderr`.
    pub stream: &'a str,
    /// The moment up to which an earlier request has looked.
    pub after: &'a str,
}

/// Which lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Found anywhere in the line, whatever the case; all lines if empty.
    text: String,
    /// From this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Up to this moment.
    pub to: Option<DateTime<Utc>>,
    /// Of this output only.
    pub stream: Option<LogStream>,
    /// Later than this moment.
    pub after: Option<DateTime<Utc>>,
}

impl LogFilter {
    /// Reads what was typed.
    pub fn parse(text: LogFilterText<'_>) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let needle = errors.check("q", needle(text.q)).unwrap_or_default();
        let from = errors.check("from", moment(text.from)).flatten();
        let to = errors.check("to", moment(text.to)).flatten();
        let stream = errors.check("stream", stream(text.stream)).flatten();
        let after = errors.check("after", moment(text.after)).flatten();
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            errors.add("to", "Choose an end that is not before the beginning.");
        }
        errors.into_result()?;
        Ok(Self {
            text: needle,
            from,
            to,
            stream,
            after,
        })
    }

    /// What the engine is asked for.
    pub fn query(&self) -> LogQuery {
        LogQuery {
            since: self.from.max(self.after),
            until: self.to,
            stream: self.stream,
            ..LogQuery::default()
        }
    }

    /// Whether a line that the engine gave is wanted.
    pub fn matches(&self, line: &LogLine) -> bool {
        self.text.is_empty() || line.text.to_lowercase().contains(&self.text)
    }
}

fn needle(text: &str) -> Result<String, &'static str> {
    if text.len() > MAX_TEXT {
        return Err("Use at most 200 bytes.");
    }
    if text.contains('\0') {
        return Err("Text may not hold NUL characters.");
    }
    Ok(text.to_lowercase())
}

fn stream(word: &str) -> Result<Option<LogStream>, &'static str> {
    match word {
        "" => Ok(None),
        "stdout" => Ok(Some(LogStream::Stdout)),
        "stderr" => Ok(Some(LogStream::Stderr)),
        _ => Err("Use stdout or stderr."),
    }
}

/// A moment as programs write it, or as a browser's field for date and time does, which is in UTC here.
fn moment(text: &str) -> Result<Option<DateTime<Utc>>, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(Some(time.to_utc()));
    }
    let forms = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
    let mut read = forms
        .iter()
        .filter_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let wrong = "Use a time such as 2026-11-23T14:00:00Z.";
    read.next().map(|time| Some(time.and_utc())).ok_or(wrong)
}

/// A search under way, from the oldest line to the newest.
#[derive(Debug)]
pub struct LogSearch {
    filter: LogFilter,
    limit: usize,
    looked: usize,
    last: Option<DateTime<Utc>>,
    is_enough: bool,
    found: Vec<LogLine>,
}

impl LogSearch {
    /// One that finds about `limit` lines at most: all of the moment with which that is reached are among them.
    pub fn new(filter: LogFilter, limit: usize) -> Self {
        Self {
            filter,
            limit,
            looked: 0,
            last: None,
            is_enough: false,
            found: Vec::new(),
        }
    }

    /// Looks at the next line. `false` when it is enough: that line is left to the next request. A moment is never left
    /// half, as the next request begins after it.
    pub fn take(&mut self, line: LogLine) -> bool {
        if line.at.is_some() && line.at <= self.filter.after {
            return true;
        }
        if self.is_enough && line.at != self.last {
            return false;
        }
        self.looked += line.text.len() + 1;
        self.last = line.at.or(self.last);
        if self.filter.matches(&line) {
            self.found.push(line);
        }
        self.is_enough = self.found.len() >= self.limit || self.looked >= LOOK_AT_MOST;
        true
    }

    /// What was found, and the moment up to which was looked.
    pub fn end(self) -> (Vec<LogLine>, Option<DateTime<Utc>>) {
        (self.found, self.last.or(self.filter.after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(second: i64, text: &str) -> LogLine {
        LogLine {
            at: DateTime::from_timestamp(second, 0),
            stream: LogStream::Stdout,
            text: text.to_owned(),
            cut: false,
        }
    }

    fn texts(lines: &[LogLine]) -> String {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn what_is_typed_is_read_or_told_to_be_wrong() {
        let text = LogFilterText {
            q: "Error",
            from: "2026-11-23T14:00",
            to: "2026-11-23T15:00:30Z",
            stream: "stderr",
            ..LogFilterText::default()
        };
        let filter = LogFilter::parse(text).unwrap();
        assert!(filter.matches(&line(1, "an ERROR")) && !filter.matches(&line(1, "fine")));
        let query = filter.query();
        assert_eq!(query.since.unwrap().to_rfc3339(), "2026-11-23T14:00:00+00:00");
        assert_eq!(query.until.unwrap().to_rfc3339(), "2026-11-23T15:00:30+00:00");
        assert_eq!((query.stream, query.follow), (Some(LogStream::Stderr), false));

        let long = "x".repeat(201);
        let wrong = LogFilterText {
            q: &long,
            from: "yesterday",
            to: "2026",
            stream: "stdin",
            after: "now",
        };
        let errors = LogFilter::parse(wrong).unwrap_err();
        let fields: Vec<_> = errors.0.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["q", "from", "to", "stream", "after"]);
        let turned = LogFilterText {
            from: "2026-11-23T15:00",
            to: "2026-11-23T14:00",
            ..LogFilterText::default()
        };
        assert!(LogFilter::parse(turned).unwrap_err().get("to").is_some());
    }

    #[test]
    fn a_search_stops_between_two_moments_and_goes_on_there() {
        let all = [line(1, "a"), line(2, "b"), line(2, "c"), line(3, "d")];
        let run = |after| {
            let filter = LogFilter {
                after,
                ..LogFilter::default()
            };
            let mut search = LogSearch::new(filter, 2);
            let mut rest = all.iter().cloned();
            let is_whole = rest.all(|line| search.take(line));
            let (found, last) = search.end();
            (texts(&found), is_whole, last)
        };
        assert_eq!(run(None), ("abc".to_owned(), false, all[2].at));
        assert_eq!(run(all[2].at), ("d".to_owned(), true, all[3].at));
        assert_eq!(run(all[3].at), (String::new(), true, all[3].at));
    }

    #[test]
    fn no_request_looks_at_more_than_it_should() {
        let long = "x".repeat(1024 * 1024);
        let nothing = LogFilterText {
            q: "nothing",
            ..LogFilterText::default()
        };
        let mut search = LogSearch::new(LogFilter::parse(nothing).unwrap(), 100);
        let lines = (1..).map(|second| line(second, &long));
        let taken = lines.take_while(|line| search.take(line.clone())).count();
        assert_eq!(taken, 8);
        assert_eq!(search.end(), (Vec::new(), DateTime::from_timestamp(8, 0)));
    }
}
