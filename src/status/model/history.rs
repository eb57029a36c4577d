//! What was when: spans of incidents, maintenance and overrides become days. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::Deserialize;

use super::State;

/// So many days are told, today among them.
pub const DAYS: u64 = 90;

/// A time in which something was known of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Span {
    /// What.
    pub state: State,
    /// Somebody said so, whatever was seen.
    pub is_override: bool,
    /// From when.
    pub began: DateTime<Utc>,
    /// Until when; nothing while it lasts.
    pub ended: Option<DateTime<Utc>>,
}

impl Span {
    fn is_at(&self, at: DateTime<Utc>) -> bool {
        self.began <= at && self.ended.is_none_or(|ended| ended > at)
    }

    fn slot(&self) -> usize {
        self.state.index() + if self.is_override { State::ALL.len() } else { 0 }
    }
}

/// How many spans of each kind there are at a moment: those that were seen, then those that somebody said.
type Counts = [i32; 2 * State::ALL.len()];

/// What counts: what somebody says, then that it is in maintenance, then the worst that was seen.
fn judged(counts: &Counts) -> State {
    let (seen, said) = counts.split_at(State::ALL.len());
    let worst = |of: &[i32]| State::ALL.into_iter().rev().find(|state| of[state.index()] > 0);
    match worst(said) {
        Some(said) => said,
        None if seen[State::Maintenance.index()] > 0 => State::Maintenance,
        None => worst(seen).unwrap_or(State::Operational),
    }
}

/// How a component is at a moment.
pub fn state_at(spans: &[Span], at: DateTime<Utc>) -> State {
    let mut counts = Counts::default();
    for span in spans.iter().filter(|span| span.is_at(at)) {
        counts[span.slot()] += 1;
    }
    judged(&counts)
}

/// A day of a component, by UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Which.
    pub date: NaiveDate,
    /// How long it was in each state, in milliseconds, in the order of [`State::ALL`]. What nobody watched is in none.
    pub spent: [i64; State::ALL.len()],
}

impl Day {
    /// The worst that it was; nothing if nobody watched.
    pub fn worst(&self) -> Option<State> {
        State::ALL
            .into_iter()
            .rev()
            .find(|state| self.spent[state.index()] > 0)
    }

    /// How long it was so.
    pub fn time(&self, state: State) -> TimeDelta {
        TimeDelta::milliseconds(self.spent[state.index()])
    }
}

fn midnight(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN).and_utc()
}

/// The last ninety days, the oldest first, of what is watched since `since`.
pub fn days(spans: &[Span], since: DateTime<Utc>, now: DateTime<Utc>) -> Vec<Day> {
    let today = now.date_naive();
    let first = today.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(today);
    let mut days: Vec<Day> = first
        .iter_days()
        .take_while(|date| *date <= today)
        .map(|date| Day {
            date,
            spent: [0; State::ALL.len()],
        })
        .collect();
    for (mut at, until, state) in stretches(spans, since.max(midnight(first)), now) {
        while at < until {
            let date = at.date_naive();
            let end = date.succ_opt().map_or(until, |next| until.min(midnight(next)));
            let place = usize::try_from((date - first).num_days()).ok();
            if let Some(day) = place.and_then(|place| days.get_mut(place)) {
                day.spent[state.index()] += (end - at).num_milliseconds();
            }
            at = end;
        }
    }
    days
}

/// Time from `from` until `to` in pieces, each in one state.
fn stretches(
    spans: &[Span],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Vec<(DateTime<Utc>, DateTime<Utc>, State)> {
    let mut steps: BTreeMap<DateTime<Utc>, Counts> = BTreeMap::new();
    steps.entry(from).or_default();
    steps.entry(to).or_default();
    for span in spans {
        let (begin, end) = (span.began.max(from), span.ended.unwrap_or(to).min(to));
        if begin < end {
            steps.entry(begin).or_default()[span.slot()] += 1;
            steps.entry(end).or_default()[span.slot()] -= 1;
        }
    }
    let (mut counts, mut all, mut last) = (Counts::default(), Vec::new(), from);
    for (at, step) in steps {
        if last < at && last < to {
            all.push((last, at, judged(&counts)));
        }
        for (count, change) in counts.iter_mut().zip(step) {
            *count += change;
        }
        last = at;
    }
    all
}

/// How much of the time it worked, without maintenance: `99.98 %`. Rounded down, so that only what never failed is 100 %. Nothing if
/// nobody watched.
pub fn uptime(days: &[Day]) -> Option<String> {
    let spent = |state: State| days.iter().map(|day| day.spent[state.index()]).sum::<i64>();
    let (down, up) = (
        spent(State::Outage),
        spent(State::Operational) + spent(State::Degraded),
    );
    let share = (up * 10_000).checked_div(up + down)?;
    Some(format!("{}.{:02} %", share / 100, share % 100))
}

/// `40 s`, `12 min`, `3 h 5 min`.
pub fn lasted(time: TimeDelta) -> String {
    match (time.num_hours(), time.num_minutes() % 60) {
        (0, 0) => format!("{} s", time.num_seconds().max(1)),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A quarter past ten.
    fn now() -> DateTime<Utc> {
        "2026-03-10T10:15:00Z".parse().unwrap()
    }

    fn ago(minutes: i64) -> DateTime<Utc> {
        now() - TimeDelta::minutes(minutes)
    }

    fn span(state: State, is_override: bool, began: i64, ended: Option<i64>) -> Span {
        Span {
            state,
            is_override,
            began: ago(began),
            ended: ended.map(ago),
        }
    }

    fn spans() -> impl Strategy<Value = Vec<Span>> {
        let state = prop::sample::select(State::ALL.to_vec());
        let one = (state, any::<bool>(), 0..5000_i64, prop::option::of(0..5000_i64));
        let one = one.prop_map(|(state, is_override, began, length)| {
            // An operational span that nobody said means nothing.
            let is_override = is_override || state == State::Operational;
            span(state, is_override, began, length.map(|length| began - length))
        });
        prop::collection::vec(one, 0..12)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whoever looks once a minute finds the same.
        #[test]
        fn days_are_what_a_look_a_minute_finds(spans in spans(), watched in 0..6000_i64) {
            let since = ago(watched);
            let days = days(&spans, since, now());
            prop_assert_eq!(days.len(), 90);
            let mut expected: BTreeMap<NaiveDate, [i64; 4]> = BTreeMap::new();
            for minute in 1..=watched {
                let at = ago(minute);
                expected.entry(at.date_naive()).or_default()[state_at(&spans, at).index()] += 60_000;
            }
            for day in days {
                let expected = expected.get(&day.date).copied().unwrap_or_default();
                prop_assert_eq!(day.spent, expected, "{}", day.date);
            }
        }
    }

    #[test]
    fn what_counts() {
        let (outage, degraded) = (
            span(State::Outage, false, 60, None),
            span(State::Degraded, false, 90, Some(30)),
        );
        let maintenance = span(State::Maintenance, false, 10, Some(-10));
        let said = span(State::Operational, true, 5, Some(-60));
        assert_eq!(state_at(&[], now()), State::Operational);
        assert_eq!(state_at(&[degraded], now()), State::Operational, "it is over");
        assert_eq!(state_at(&[degraded, outage], now()), State::Outage);
        assert_eq!(state_at(&[outage, maintenance], now()), State::Maintenance);
        assert_eq!(state_at(&[outage, maintenance, said], now()), State::Operational);
        let today = days(&[outage, degraded, maintenance, said], ago(200), now())[89];
        assert_eq!(today.time(State::Outage), TimeDelta::minutes(50));
        assert_eq!(today.time(State::Degraded), TimeDelta::minutes(30));
        assert_eq!(today.time(State::Maintenance), TimeDelta::minutes(5));
        assert_eq!(today.worst(), Some(State::Outage));
    }

    #[test]
    fn shares_and_times_are_told_in_words() {
        let of = |outage: i64, watched: i64| {
            let spans = [span(State::Outage, false, outage, None)];
            uptime(&days(&spans, ago(watched), now()))
        };
        assert_eq!(of(0, 1000).as_deref(), Some("100.00 %"));
        assert_eq!(of(1, 100_000).as_deref(), Some("99.99 %"));
        assert_eq!(of(1000, 1000).as_deref(), Some("0.00 %"));
        assert_eq!(of(0, 0), None, "nobody watched");
        assert_eq!(lasted(TimeDelta::milliseconds(40)), "1 s");
        assert_eq!(lasted(TimeDelta::minutes(185)), "3 h 5 min");
        assert_eq!(lasted(TimeDelta::hours(24)), "24 h");
    }
}
