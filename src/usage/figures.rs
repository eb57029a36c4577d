//! Amounts as people read them, and the figures of the last measurement; also what the live stream sends.

use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::web::ago;
use crate::servers::model::Server;

use super::model::Point;
use super::store;

/// A measurement older than this says nothing about now.
const FRESH: TimeDelta = TimeDelta::seconds(60);

/// What is shown where there is no figure.
pub(super) const NONE: &str = "not measured";

/// Bytes in the largest unit that leaves a whole number before the point.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub fn bytes(amount: i64) -> String {
    scaled(amount as f64)
}

fn scaled(amount: f64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut amount, mut unit) = (amount, 0);
    while amount >= 1024.0 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && amount < 10.0);
    format!("{amount:.digits$} {}", UNITS[unit])
}

/// Bytes a second.
pub(super) fn rate(amount: Option<f32>) -> String {
    amount.map_or_else(
        || NONE.to_owned(),
        |amount| format!("{}/s", scaled(f64::from(amount))),
    )
}

/// Of the processors that a server may use.
pub(super) fn percent(cpu: Option<f32>, limit: f64) -> String {
    match cpu {
        Some(cpu) if limit > 0.0 => format!("{:.0} %", f64::from(cpu) / limit * 100.0),
        _ => NONE.to_owned(),
    }
}

/// The last measurement in words.
#[derive(Debug, Template)]
#[template(path = "usage/now.html")]
pub struct Figures {
    newest: Option<Point>,
    cpu: String,
    cpus: f64,
    memory: String,
    memory_limit: String,
    rx: String,
    tx: String,
    read: String,
    write: String,
    disk: String,
    disk_note: String,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Figures {}

impl Figures {
    pub(super) async fn load(
        tx: &mut impl Scoped,
        server: &Server,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let newest = store::newest(tx, server.id, now - FRESH).await?;
        let disk = store::disk(tx, server.id).await?;
        let cpus = server.resources.cpus();
        let of = |value: fn(&Point) -> Option<f32>| rate(newest.as_ref().and_then(value));
        Ok(Self {
            cpu: percent(newest.as_ref().and_then(|point| point.cpu), cpus),
            cpus,
            memory: newest
                .as_ref()
                .map_or_else(|| NONE.to_owned(), |point| bytes(point.memory)),
            memory_limit: bytes(server.resources.memory_mib * 1024 * 1024),
            rx: of(|point| point.rx),
            tx: of(|point| point.tx),
            read: of(|point| point.read),
            write: of(|point| point.write),
            disk_note: match disk {
                Some((_, at)) => format!(
                    "of {}, measured {}",
                    bytes(server.resources.disk_mib * 1024 * 1024),
                    ago(at, now)
                ),
                None => "not measured yet; every half hour".to_owned(),
            },
            disk: disk.map_or_else(|| "–".to_owned(), |(amount, _)| bytes(amount)),
            newest,
        })
    }

    /// A number for the chart's script, or nothing.
    fn number(&self, value: Option<f32>) -> String {
        value.map_or_else(String::new, |value| value.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_unit_that_suits() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(256 * 1024 * 1024), "256 MiB");
        assert_eq!(bytes(5 * 1024 * 1024 * 1024), "5.0 GiB");
        assert_eq!(rate(Some(2048.0)), "2.0 KiB/s");
        assert_eq!(rate(None), NONE);
        assert_eq!(percent(Some(0.125), 0.25), "50 %");
        assert_eq!(percent(None, 0.25), NONE);
    }
}
