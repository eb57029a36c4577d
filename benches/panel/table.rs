//! The table.

use std::fmt::Write as _;

/// One measurement beside its floor.
pub(crate) struct Row {
    what: String,
    measured: String,
    floor: String,
    ratio: String,
    bar: String,
    is_ok: Option<bool>,
}

impl Row {
    /// A ratio of `measured` to `floor`, which may be at most `bar`.
    pub(crate) fn at_most(what: &str, (measured, floor): (f64, f64), unit: &str, bar: f64) -> Self {
        let ratio = measured / floor;
        Self::ratio(
            what,
            (measured, floor),
            unit,
            (ratio, format!("≤ {bar:.2}×"), ratio <= bar),
        )
    }

    /// A ratio that must be at least `bar`.
    pub(crate) fn at_least(what: &str, (measured, floor): (f64, f64), unit: &str, bar: f64) -> Self {
        let ratio = measured / floor;
        Self::ratio(
            what,
            (measured, floor),
            unit,
            (ratio, format!("≥ {bar:.2}×"), ratio >= bar),
        )
    }

    fn ratio(
        what: &str,
        (measured, floor): (f64, f64),
        unit: &str,
        (ratio, bar, is_ok): (f64, String, bool),
    ) -> Self {
        Self {
            what: what.to_owned(),
            measured: format!("{} {unit}", number(measured)),
            floor: format!("{} {unit}", number(floor)),
            ratio: format!("{ratio:.2}×"),
            bar,
            is_ok: Some(is_ok),
        }
    }

    /// A figure that nothing is asked of.
    pub(crate) fn told(what: &str, measured: f64, unit: &str) -> Self {
        Self {
            what: what.to_owned(),
            measured: format!("{} {unit}", number(measured)),
            floor: "–".to_owned(),
            ratio: "–".to_owned(),
            bar: "–".to_owned(),
            is_ok: None,
        }
    }

    /// A figure without a floor, which may be at most `bar`.
    pub(crate) fn figure(what: &str, measured: f64, unit: &str, bar: f64) -> Self {
        Self {
            what: what.to_owned(),
            measured: format!("{} {unit}", number(measured)),
            floor: "–".to_owned(),
            ratio: "–".to_owned(),
            bar: format!("≤ {} {unit}", number(bar)),
            is_ok: Some(measured <= bar),
        }
    }

    /// A figure that must be just this.
    pub(crate) fn exactly(what: &str, measured: u64, unit: &str, bar: u64) -> Self {
        Self {
            what: what.to_owned(),
            measured: format!("{measured} {unit}"),
            floor: "–".to_owned(),
            ratio: "–".to_owned(),
            bar: format!("{bar} {unit}"),
            is_ok: Some(measured == bar),
        }
    }

    /// What could not be measured, and why.
    pub(crate) fn missing(what: &str, why: &str) -> Self {
        Self {
            what: what.to_owned(),
            measured: why.to_owned(),
            floor: "–".to_owned(),
            ratio: "–".to_owned(),
            bar: "–".to_owned(),
            is_ok: None,
        }
    }

    fn cells(&self) -> [&str; 6] {
        let ok = match self.is_ok {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "?",
        };
        [
            &self.what,
            &self.measured,
            &self.floor,
            &self.ratio,
            &self.bar,
            ok,
        ]
    }
}

fn number(value: f64) -> String {
    if value < 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

/// All rows as Markdown, so that they can be kept in `docs/benchmarks.md` as they are.
pub(crate) fn draw(rows: &[Row]) -> String {
    let head = ["what", "measured", "floor", "ratio", "bar", "ok?"];
    let lines: Vec<[&str; 6]> = std::iter::once(head).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        for (column, cell) in line.iter().enumerate() {
            let _ = write!(
                text,
                "| {cell}{} ",
                " ".repeat(width(column) - cell.chars().count())
            );
        }
        text.push_str("|\n");
        if index == 0 {
            let rule = |column| "-".repeat(width(column) + 2);
            let rules: Vec<String> = (0..head.len()).map(rule).collect();
            let _ = writeln!(text, "|{}|", rules.join("|"));
        }
    }
    text
}
