//! A quarter of an hour of a server's use as a picture, and the same in words. Drawn from numbers alone, so there is nothing in it
//! that anybody could have written. Pure.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};

use crate::usage::model::Point;

const WIDTH: f64 = 600.0;
const STRIP: f64 = 90.0;
const LEFT: f64 = 8.0;
const TOP: f64 = 22.0;
/// Two measurements further apart have a gap between them.
const GAP: TimeDelta = TimeDelta::seconds(35);
const MIB: f64 = 1_048_576.0;

/// The picture, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// SVG; nothing if nothing was measured.
    pub svg: Option<String>,
    /// In words.
    pub text: String,
}

/// One value over time, as a share of what there is.
struct Strip {
    title: String,
    values: Vec<(DateTime<Utc>, f64)>,
}

/// Draws what was measured between two moments, against the processors and the MiB that the server has.
pub fn draw(
    points: &[Point],
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    (cpus, memory_mib): (f64, i64),
) -> Drawn {
    if points.is_empty() {
        return Drawn {
            svg: None,
            text: "Nothing was measured in the quarter of an hour before.".to_owned(),
        };
    }
    let memory_mib = as_number(memory_mib).max(1.0);
    let shares = |value: fn(&Point) -> Option<f64>, whole: f64| -> Vec<(DateTime<Utc>, f64)> {
        let known = points.iter().filter_map(|point| Some((point.at, value(point)?)));
        known.map(|(at, value)| (at, value / whole)).collect()
    };
    let cpu = shares(|point| point.cpu.map(f64::from), cpus.max(0.001));
    let memory = shares(|point| Some(as_number(point.memory) / MIB), memory_mib);
    let last = points.last().map_or(from, |point| point.at);
    let text = format!(
        "Processor: {}. Memory: {} of {memory_mib:.0} MiB. The last measurement was {} seconds before.",
        said(&cpu),
        said(&memory),
        (to - last).num_seconds().max(0)
    );
    let strips = [
        Strip {
            title: format!("Processor, {cpus:.1} cores"),
            values: cpu,
        },
        Strip {
            title: format!("Memory, {memory_mib:.0} MiB"),
            values: memory,
        },
    ];
    Drawn {
        svg: Some(picture(&strips, (from, to))),
        text,
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is drawn ninety pixels high")]
fn as_number(amount: i64) -> f64 {
    amount as f64
}

fn said(values: &[(DateTime<Utc>, f64)]) -> String {
    let (Some((_, last)), count) = (values.last(), values.len()) else {
        return "not known".to_owned();
    };
    let most = values.iter().fold(0.0_f64, |most, (_, value)| most.max(*value));
    let sum: f64 = values.iter().map(|(_, value)| value).sum();
    let count = u32::try_from(count).map_or(1.0, f64::from);
    format!(
        "{:.0} % on average, {:.0} % at most, {:.0} % at the end",
        sum / count * 100.0,
        most * 100.0,
        last * 100.0
    )
}

fn picture(strips: &[Strip], (from, to): (DateTime<Utc>, DateTime<Utc>)) -> String {
    let count = u32::try_from(strips.len()).map_or(1.0, f64::from);
    let height = (STRIP + TOP) * count + TOP;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0} {height:.0}\" font-family=\"sans-serif\" font-size=\"12\">\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
        WIDTH + 2.0 * LEFT
    );
    let mut top = TOP;
    for strip in strips {
        let line = path(&strip.values, (from, to), top);
        let _ = write!(
            svg,
            "<text x=\"{LEFT}\" y=\"{:.0}\" fill=\"#333333\">{}</text>\
             <rect x=\"{LEFT}\" y=\"{top:.0}\" width=\"{WIDTH:.0}\" height=\"{STRIP:.0}\" fill=\"#f4f4f6\" stroke=\"#c8c8d0\"/>\
             <path d=\"{line}\" fill=\"none\" stroke=\"#2457c5\" stroke-width=\"2\" stroke-linecap=\"round\"/>",
            top - 6.0,
            strip.title
        );
        top += STRIP + TOP;
    }
    let _ = write!(
        svg,
        "<text x=\"{LEFT}\" y=\"{:.0}\" fill=\"#333333\">{} to {} UTC</text></svg>",
        height - 8.0,
        from.format("%H:%M:%S"),
        to.format("%H:%M:%S")
    );
    svg
}

/// A path from the left to the right; each gap begins it anew.
fn path(values: &[(DateTime<Utc>, f64)], (from, to): (DateTime<Utc>, DateTime<Utc>), top: f64) -> String {
    let whole = (to - from).as_seconds_f64().max(1.0);
    let (mut path, mut before): (String, Option<DateTime<Utc>>) = (String::new(), None);
    for (at, value) in values {
        let share = ((*at - from).as_seconds_f64() / whole).clamp(0.0, 1.0);
        let (x, y) = (LEFT + WIDTH * share, top + STRIP * (1.0 - value.clamp(0.0, 1.0)));
        let follows = before.is_some_and(|before| *at - before <= GAP);
        // A lone value is a dot: a line of no length with round ends.
        let _ = if follows {
            write!(path, "L{x:.1} {y:.1}")
        } else {
            write!(path, "M{x:.1} {y:.1}L{x:.1} {y:.1}")
        };
        before = Some(*at);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(second: i64, cpu: Option<f32>, mib: i64) -> Point {
        Point {
            at: DateTime::UNIX_EPOCH + TimeDelta::seconds(second),
            cpu,
            cpu_max: cpu,
            memory: mib * 1024 * 1024,
            memory_max: mib * 1024 * 1024,
            rx: None,
            rx_max: None,
            tx: None,
            tx_max: None,
            read: None,
            read_max: None,
            write: None,
            write_max: None,
        }
    }

    #[test]
    fn a_picture_says_what_its_words_say() {
        let span = (
            DateTime::UNIX_EPOCH,
            DateTime::UNIX_EPOCH + TimeDelta::minutes(15),
        );
        let points = [
            point(0, None, 64),
            point(10, Some(0.5), 128),
            point(800, Some(9.0), 256),
        ];
        let drawn = draw(&points, span, (2.0, 256));
        assert_eq!(
            drawn.text,
            "Processor: 238 % on average, 450 % at most, 450 % at the end. Memory: 58 % on average, 100 % at most, 100 % \
             at the end of 256 MiB. The last measurement was 100 seconds before."
        );
        let svg = drawn.svg.unwrap();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"), "{svg}");
        // What is over the limit is drawn at its edge, and a gap begins anew.
        assert!(
            svg.contains("d=\"M14.7 89.5L14.7 89.5M541.3 22.0L541.3 22.0\""),
            "{svg}"
        );
        assert!(draw(&[], span, (2.0, 256)).svg.is_none());
    }
}
