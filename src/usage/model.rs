//! What a measurement means: readings become rates, moments fall into steps, a span of time becomes a page of points. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use crate::drivers::engine::Stats;
use crate::platform::error::FieldErrors;

/// How often servers are measured.
pub const PERIOD: TimeDelta = TimeDelta::seconds(10);
/// Two readings further apart than this make no rate: what happened in between is not known.
const LONGEST: TimeDelta = TimeDelta::seconds(35);
/// As many points as a chart can show.
const POINTS: i64 = 600;
/// As many points as one answer may have.
const MOST_POINTS: i64 = 2_000;
/// Two years and a day: what is kept at all.
const LONGEST_SPAN: TimeDelta = TimeDelta::days(731);

/// What a server had used at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// When.
    pub at: DateTime<Utc>,
    /// How much since it started.
    pub stats: Stats,
}

/// How fast a server uses things. Each is absent where it is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rates {
    /// Processors: 1 is a whole one.
    pub cpu: Option<f32>,
    /// Bytes received a second.
    pub rx: Option<f32>,
    /// Bytes sent a second.
    pub tx: Option<f32>,
    /// Bytes read from disks a second.
    pub read: Option<f32>,
    /// Bytes written to disks a second.
    pub write: Option<f32>,
}

impl Rates {
    /// From two readings. Nothing if they are too far apart, in the wrong order, or if a counter has fallen: then the
    /// server was started anew in between, and nobody knows what it used before.
    pub fn between(before: &Reading, now: &Reading) -> Self {
        let elapsed = now.at - before.at;
        if elapsed <= TimeDelta::zero() || elapsed > LONGEST {
            return Self::default();
        }
        let (old, new) = (&before.stats, &now.stats);
        let seconds = elapsed.as_seconds_f64();
        let was_started_anew = [
            (old.cpu_nanos, new.cpu_nanos),
            (old.rx_bytes, new.rx_bytes),
            (old.tx_bytes, new.tx_bytes),
            (old.read_bytes, new.read_bytes),
            (old.write_bytes, new.write_bytes),
        ]
        .into_iter()
        .any(|(old, new)| new < old);
        if was_started_anew {
            return Self::default();
        }
        let rate = |old: u64, new: u64| Some(per_second(new - old, seconds));
        Self {
            cpu: Some(per_second(new.cpu_nanos - old.cpu_nanos, seconds * 1e9)),
            rx: rate(old.rx_bytes, new.rx_bytes),
            tx: rate(old.tx_bytes, new.tx_bytes),
            read: rate(old.read_bytes, new.read_bytes),
            write: rate(old.write_bytes, new.write_bytes),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "seven digits are more than a measurement has"
)]
fn per_second(amount: u64, seconds: f64) -> f32 {
    (amount as f64 / seconds) as f32
}

/// The beginning of the step that a moment is in; steps are counted from 1970.
pub fn floor(at: DateTime<Utc>, step: TimeDelta) -> DateTime<Utc> {
    let (at_seconds, step) = (at.timestamp(), step.num_seconds().max(1));
    DateTime::from_timestamp(at_seconds - at_seconds.rem_euclid(step), 0).unwrap_or(at)
}

/// What a server used in one step of time. Only steps with a measurement have one, so a gap is a gap.
#[derive(Debug, Clone, PartialEq, serde::Serialize, utoipa::ToSchema)]
pub struct Point {
    /// The beginning of the step.
    pub at: DateTime<Utc>,
    /// Processors in use on average: 1 is a whole one. Null where no rate is known.
    pub cpu: Option<f32>,
    /// The most of a measurement.
    pub cpu_max: Option<f32>,
    /// Bytes of memory in use on average, without the file cache that the kernel can take back.
    pub memory: i64,
    /// The most of a measurement.
    pub memory_max: i64,
    /// Bytes received a second.
    pub rx: Option<f32>,
    /// The most of a measurement.
    pub rx_max: Option<f32>,
    /// Bytes sent a second.
    pub tx: Option<f32>,
    /// The most of a measurement.
    pub tx_max: Option<f32>,
    /// Bytes read from disks a second.
    pub read: Option<f32>,
    /// The most of a measurement.
    pub read_max: Option<f32>,
    /// Bytes written to disks a second.
    pub write: Option<f32>,
    /// The most of a measurement.
    pub write_max: Option<f32>,
}

/// Where the measurements of a step are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Each measurement.
    TenSeconds,
    /// Averages and maxima of five minutes.
    FiveMinutes,
    /// Those of an hour.
    Hour,
}

impl Source {
    /// How long it is kept.
    pub fn kept(self) -> TimeDelta {
        match self {
            Self::TenSeconds => TimeDelta::days(1),
            Self::FiveMinutes => TimeDelta::days(31),
            Self::Hour => LONGEST_SPAN,
        }
    }
}

/// How much time a point stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    word: &'static str,
    seconds: i64,
}

impl Step {
    /// All, from the finest. Each is a multiple of what it is made from.
    pub const ALL: [Self; 12] = [
        Self::new("10s", 10),
        Self::new("30s", 30),
        Self::new("1m", 60),
        Self::new("5m", 300),
        Self::new("10m", 600),
        Self::new("30m", 1_800),
        Self::new("1h", 3_600),
        Self::new("2h", 7_200),
        Self::new("6h", 21_600),
        Self::new("12h", 43_200),
        Self::new("1d", 86_400),
        Self::new("2d", 172_800),
    ];

    /// An hour, which is kept the longest.
    pub const HOUR: Self = Self::new("1h", 3_600);

    const fn new(word: &'static str, seconds: i64) -> Self {
        Self { word, seconds }
    }

    /// The word in addresses.
    pub fn word(self) -> &'static str {
        self.word
    }

    /// How long it is.
    pub fn length(self) -> TimeDelta {
        TimeDelta::seconds(self.seconds)
    }

    /// What it is made from.
    pub fn source(self) -> Source {
        match self.seconds {
            ..300 => Source::TenSeconds,
            300..3_600 => Source::FiveMinutes,
            _ => Source::Hour,
        }
    }

    fn points(self, length: TimeDelta) -> i64 {
        length.num_seconds() / self.seconds + 1
    }
}

/// A part of the past, in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The beginning of its first step.
    pub from: DateTime<Utc>,
    /// Its end, which is not in it.
    pub to: DateTime<Utc>,
    /// Its steps.
    pub step: Step,
}

impl Span {
    /// With the finest steps that are kept for its beginning and of which there are no more than `points`.
    pub fn fitted(from: DateTime<Utc>, to: DateTime<Utc>, now: DateTime<Utc>, points: i64) -> Self {
        let fits = |step: &&Step| step.points(to - from) <= points + 1 && now - from <= step.source().kept();
        let coarsest = Step::ALL[Step::ALL.len() - 1];
        let step = Step::ALL.iter().find(fits).copied().unwrap_or(coarsest);
        Self {
            from: floor(from, step.length()),
            to,
            step,
        }
    }

    /// The same time in at most so many steps, for a table that somebody reads.
    #[must_use]
    pub fn coarser(self, now: DateTime<Utc>, points: i64) -> Self {
        Self::fitted(self.from, self.to, now, points)
    }

    /// From what a program asks for: the last hour if it says nothing, and steps that suit.
    pub fn parse(asked: &Asked<'_>, now: DateTime<Utc>) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let to = errors.check("to", moment(asked.to)).flatten().unwrap_or(now);
        let from = errors.check("from", moment(asked.from)).flatten();
        let from = from.unwrap_or(to - TimeDelta::hours(1));
        if from >= to {
            errors.add("from", "Use a time before the end.");
        } else if to - from > LONGEST_SPAN || now - from > LONGEST_SPAN {
            errors.add("from", "Use a time of the last two years: more is not kept.");
        }
        let known = |word: &str| Step::ALL.into_iter().find(|step| step.word == word);
        let step = match asked.resolution {
            "" => None,
            word => errors.check("resolution", known(word).ok_or(UNKNOWN)),
        };
        if let Some(step) = step {
            if step.points(to - from) > MOST_POINTS {
                errors.add(
                    "resolution",
                    "That is more than 2,000 points: use a longer one or a shorter time.",
                );
            } else if now - from > step.source().kept() {
                errors.add(
                    "resolution",
                    "This is not kept for so long: use a longer one or a later beginning.",
                );
            }
        }
        errors.into_result()?;
        Ok(match step {
            Some(step) => Self {
                from: floor(from, step.length()),
                to,
                step,
            },
            None => Self::fitted(from, to, now, POINTS),
        })
    }
}

const UNKNOWN: &str = "Use 10s, 30s, 1m, 5m, 10m, 30m, 1h, 2h, 6h, 12h, 1d or 2d.";

/// Which time, as text; what is empty was not said.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    /// Its beginning.
    pub from: &'a str,
    /// Its end.
    pub to: &'a str,
    /// The length of a step.
    pub resolution: &'a str,
}

/// A moment: RFC 3339, or as a browser's field for date and time writes it, which then is UTC.
fn moment(text: &str) -> Result<Option<DateTime<Utc>>, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let full = DateTime::parse_from_rfc3339(text).map(|at| at.with_timezone(&Utc));
    let local = || {
        chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
            .or_else(|_| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"))
            .map(|at| at.and_utc())
    };
    full.or_else(|_| local())
        .map(Some)
        .map_err(|_| "Use a time such as 2026-11-28T12:00:00Z.")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000 + second, 0).unwrap()
    }

    fn reading(second: i64, cpu_nanos: u64, rx_bytes: u64) -> Reading {
        Reading {
            at: at(second),
            stats: Stats {
                cpu_nanos,
                rx_bytes,
                ..Stats::default()
            },
        }
    }

    #[test]
    fn two_readings_make_a_rate() {
        let rates = Rates::between(&reading(0, 1_000_000_000, 500), &reading(10, 6_000_000_000, 1500));
        assert_eq!(
            (rates.cpu, rates.rx, rates.tx),
            (Some(0.5), Some(100.0), Some(0.0))
        );
    }

    #[test]
    fn a_counter_that_fell_makes_no_rate() {
        // The network's counter fell, so the processor's, which is higher already, is of another life, too.
        let rates = Rates::between(&reading(0, 1, 500), &reading(10, 9_000_000_000, 3));
        assert_eq!(rates, Rates::default());
    }

    #[test]
    fn a_gap_and_a_clock_that_went_back_make_no_rate() {
        for second in [-10, 0, 36, 86_400] {
            let rates = Rates::between(&reading(0, 1, 1), &reading(second, 2, 2));
            assert_eq!(rates, Rates::default(), "{second}");
        }
    }

    fn span(from: &str, to: &str, resolution: &str) -> Result<Span, FieldErrors> {
        let now = "2026-11-28T12:00:07Z".parse().unwrap();
        Span::parse(&Asked { from, to, resolution }, now)
    }

    #[test]
    fn a_span_has_the_finest_steps_that_suit_and_are_kept() {
        for (from, word) in [
            ("", "10s"),
            ("2026-11-28T09:00:00Z", "30s"),
            ("2026-11-27T12:00:07Z", "5m"),
            ("2026-11-26T12:00:07Z", "5m"),
            ("2026-10-29T12:00:07Z", "2h"),
            ("2025-11-28T12:00:07Z", "1d"),
            ("2024-11-28T12:00:07Z", "2d"),
        ] {
            assert_eq!(span(from, "", "").unwrap().step.word(), word, "{from}");
        }
        // An hour of last week: ten seconds are not kept so long.
        let old = span("2026-11-21T12:00", "2026-11-21T13:00", "").unwrap();
        assert_eq!(old.step.word(), "5m");
    }

    #[test]
    fn what_cannot_be_answered_says_what_to_do() {
        let field = |asked: Result<Span, FieldErrors>| asked.unwrap_err().0.remove(0).field;
        assert_eq!(field(span("yesterday", "", "")), "from");
        assert_eq!(
            field(span("2026-11-28T12:00:00Z", "2026-11-28T11:00:00Z", "")),
            "from"
        );
        assert_eq!(field(span("1999-01-01T00:00:00Z", "", "")), "from");
        assert_eq!(field(span("", "", "7s")), "resolution");
        assert_eq!(field(span("2026-11-27T13:00:00Z", "", "10s")), "resolution");
        assert_eq!(
            field(span("2026-11-21T12:00:00Z", "2026-11-21T12:10:00Z", "10s")),
            "resolution"
        );
    }

    proptest! {
        #[test]
        fn the_beginning_of_a_step_is_in_it(second in -4_000_000_000_i64..4_000_000_000, step in 0_usize..12) {
            let step = Step::ALL[step].length();
            let begins = floor(at(second), step);
            prop_assert!(begins <= at(second) && at(second) < begins + step);
            prop_assert_eq!(floor(begins, step), begins);
        }

        #[test]
        fn rates_are_never_negative_and_never_wild(old: u64, new: u64, second in -100_i64..100) {
            let rates = Rates::between(&reading(0, old, old), &reading(second, new, new));
            if let Some(cpu) = rates.cpu {
                prop_assert!(cpu >= 0.0 && new >= old && (1..=35).contains(&second));
            }
        }

        #[test]
        fn a_span_that_is_fitted_fits(seconds in 1_i64..63_000_000) {
            let (from, to) = (at(-seconds), at(0));
            let span = Span::fitted(from, to, to, POINTS);
            prop_assert!(span.from <= from && from < span.from + span.step.length());
            prop_assert!(to - from <= span.step.source().kept());
            prop_assert!((to - span.from).num_seconds() / span.step.length().num_seconds() <= POINTS + 1);
        }
    }
}
