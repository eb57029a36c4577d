//! The last hour as a small line, drawn by the server: for lists, where a chart would be too much.

use std::collections::HashMap;
use std::fmt::Write as _;

use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::servers::model::{Seen, Server};

use super::figures::{bytes, percent};
use super::store;

const WIDTH: f64 = 60.0;
const HEIGHT: f64 = 16.0;
/// What each value stands for.
const STEP: TimeDelta = TimeDelta::minutes(5);

/// One small line and what it ends with.
#[derive(Debug, Clone)]
struct Line {
    label: &'static str,
    /// An SVG path; each gap begins it anew.
    path: String,
    last: String,
}

/// Processor and memory of a server in the last hour. Nothing if it was not measured.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "usage/sparks.html")]
pub struct Sparks {
    lines: Vec<Line>,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Sparks {}

impl Sparks {
    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// The small lines of the servers of a list that run, in one question; none if none runs, for what one that is stopped used last
/// is not what it uses.
pub async fn sparks(
    tx: &mut impl Scoped,
    servers: &[Server],
    now: DateTime<Utc>,
) -> Result<HashMap<ServerId, Sparks>, Error> {
    let running = servers
        .iter()
        .filter(|server| server.observed.seen == Seen::Running);
    let ids: Vec<ServerId> = running.map(|server| server.id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut found = store::sparks(tx, &ids, now).await?;
    let drawn = servers.iter().filter_map(|server| {
        let spark = found.remove(&server.id)?;
        Some((server.id, draw(server, &spark, now)))
    });
    Ok(drawn.collect())
}

#[expect(clippy::cast_precision_loss, reason = "it is drawn sixteen pixels high")]
fn draw(server: &Server, spark: &store::Spark, now: DateTime<Utc>) -> Sparks {
    let cpus = server.resources.cpus();
    let limit = server.resources.memory_mib * 1024 * 1024;
    let cpu = spark
        .points
        .iter()
        .map(|(at, cpu, _)| (*at, cpu.map(|cpu| f64::from(cpu) / cpus)));
    let memory = spark
        .points
        .iter()
        .map(|(at, _, memory)| (*at, Some(*memory as f64 / limit as f64)));
    let Some((_, last_cpu, last_memory)) = spark.points.last() else {
        return Sparks::default();
    };
    Sparks {
        lines: vec![
            Line {
                label: "CPU",
                path: path(cpu, now),
                last: percent(*last_cpu, cpus),
            },
            Line {
                label: "Memory",
                path: path(memory, now),
                last: bytes(*last_memory),
            },
        ],
    }
}

/// From values between 0 and 1, the last at the right edge.
fn path(values: impl Iterator<Item = (DateTime<Utc>, Option<f64>)>, now: DateTime<Utc>) -> String {
    let mut path = String::new();
    let mut before: Option<DateTime<Utc>> = None;
    for (at, value) in values {
        let Some(value) = value else {
            before = None;
            continue;
        };
        let age = (now - at - STEP).as_seconds_f64() / TimeDelta::hours(1).as_seconds_f64();
        let (x, y) = (
            WIDTH * (1.0 - age).clamp(0.0, 1.0),
            HEIGHT - 1.0 - (HEIGHT - 2.0) * value.clamp(0.0, 1.0),
        );
        let verb = if before.is_some_and(|before| at - before <= STEP) {
            'L'
        } else {
            'M'
        };
        // A lone value is a dot: a line of no length with round ends.
        let dot = if verb == 'M' { "h0" } else { "" };
        let _ = write!(path, "{verb}{x:.1} {y:.1}{dot}");
        before = Some(at);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_begins_the_line_anew() {
        let now: DateTime<Utc> = "2026-11-28T12:00:00Z".parse().unwrap();
        let at = |minutes: i64| now - TimeDelta::minutes(minutes);
        let values = [
            (at(20), Some(0.0)),
            (at(15), Some(1.0)),
            (at(5), Some(2.0)),
            (at(0), None),
        ];
        assert_eq!(path(values.into_iter(), now), "M45.0 15.0h0L50.0 1.0M60.0 1.0h0");
    }
}
