//! A rota, and who is on duty by it at a moment. All of it is computed: nobody has to write shifts down, and none can be missing.
//!
//! What must hold, whatever a time zone does to its clocks: the shifts of a time cover it without gap or overlap, and at every moment
//! of a shift `who` says what the shift says.

use std::collections::BTreeSet;

use chrono::{
    DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc, Weekday,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::platform::ids::{RotaId, RotaOverrideId, UserId};

/// The days of the week: as programs write them, and for people.
pub const DAYS: [(Weekday, &str, &str); 7] = [
    (Weekday::Mon, "monday", "Monday"),
    (Weekday::Tue, "tuesday", "Tuesday"),
    (Weekday::Wed, "wednesday", "Wednesday"),
    (Weekday::Thu, "thursday", "Thursday"),
    (Weekday::Fri, "friday", "Friday"),
    (Weekday::Sat, "saturday", "Saturday"),
    (Weekday::Sun, "sunday", "Sunday"),
];

/// How long a turn is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RotaTurn)]
pub enum Turn {
    /// A day.
    Daily,
    /// A week.
    #[default]
    Weekly,
}

impl Turn {
    /// As the database and forms write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
        }
    }

    /// The turn of a word.
    pub fn read(word: &str) -> Self {
        if word == "daily" {
            Self::Daily
        } else {
            Self::Weekly
        }
    }

    fn days(self) -> i64 {
        match self {
            Self::Daily => 1,
            Self::Weekly => 7,
        }
    }
}

/// A time in which somebody else is on duty.
#[derive(Debug, Clone)]
pub struct Override {
    /// Its id.
    pub id: RotaOverrideId,
    /// Who.
    pub user: UserId,
    /// From when on.
    pub from: DateTime<Utc>,
    /// Until when.
    pub to: DateTime<Utc>,
}

/// A time in which somebody is not there.
#[derive(Debug, Clone)]
pub struct Away {
    /// Who.
    pub user: UserId,
    /// From when on.
    pub from: DateTime<Utc>,
    /// Until when.
    pub to: DateTime<Utc>,
}

/// A rota.
#[derive(Debug, Clone)]
pub struct Rota {
    /// Its id.
    pub id: RotaId,
    /// What people call it.
    pub name: String,
    /// Whose clocks it goes by.
    pub zone: Tz,
    /// How long a turn is.
    pub turn: Turn,
    /// When one ends and the next begins.
    pub handover: NaiveTime,
    /// On which day, if weekly.
    pub weekday: Weekday,
    /// The day on which a turn of the first person began.
    pub starts_on: NaiveDate,
    /// The only hours in which somebody is on duty. They end on the next day if the end is not after the beginning.
    pub hours: Option<(NaiveTime, NaiveTime)>,
    /// Whether somebody's turn goes to the next while they are on holiday.
    pub skips_holidays: bool,
    /// Who takes turns, in order.
    pub people: Vec<UserId>,
    /// Who is away when, as far as it counts here.
    pub away: Vec<Away>,
    /// Who is on duty instead, the newest last.
    pub overrides: Vec<Override>,
    /// Counts changes.
    pub version: i64,
}

/// A time without a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// Who is on duty, if anybody is.
    pub who: Option<UserId>,
    /// Whether in somebody else's place.
    pub is_override: bool,
    /// From when on.
    pub from: DateTime<Utc>,
    /// Until when.
    pub to: DateTime<Utc>,
}

/// The moment of a local time: of two with one name the first, and after a time that is left out the next that there is.
pub fn instant(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    if let Some(at) = zone.from_local_datetime(&local).earliest() {
        return at.with_timezone(&Utc);
    }
    // The end of the gap: the first moment at which clocks show this or more. The longest gap ever was a day.
    let (mut before, mut after) = (
        local.and_utc() - TimeDelta::days(2),
        local.and_utc() + TimeDelta::days(2),
    );
    while after - before > TimeDelta::seconds(1) {
        let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
        if middle.with_timezone(&zone).naive_local() < local {
            before = middle;
        } else {
            after = middle;
        }
    }
    after
}

/// A moment for people of a zone: `Tue 10 Mar 2026, 04:00 CET`.
pub fn moment(zone: Tz, at: DateTime<Utc>) -> String {
    at.with_timezone(&zone)
        .format("%a %-d %b %Y, %H:%M %Z")
        .to_string()
}

impl Rota {
    fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// When a turn begins, counted from that of `starts_on`.
    fn begins(&self, turn: i64) -> DateTime<Utc> {
        let day = self.starts_on + TimeDelta::days(turn * self.turn.days());
        instant(self.zone, day.and_time(self.handover))
    }

    /// Which turn it is.
    fn turn_at(&self, at: DateTime<Utc>) -> i64 {
        let days = (self.day(at) - self.starts_on).num_days();
        let mut turn = days.div_euclid(self.turn.days());
        while self.begins(turn) > at {
            turn -= 1;
        }
        while self.begins(turn + 1) <= at {
            turn += 1;
        }
        turn
    }

    /// When the present turn ends.
    pub fn next_handover(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        self.begins(self.turn_at(at) + 1)
    }

    /// The people in order, whose turn it is first.
    pub fn in_turn(&self, at: DateTime<Utc>) -> Vec<UserId> {
        let mut people = self.people.clone();
        let count = i64::try_from(people.len()).unwrap_or_default();
        if count > 0 {
            let first = self.turn_at(at).rem_euclid(count);
            people.rotate_left(usize::try_from(first).unwrap_or_default());
        }
        people
    }

    /// The hours in which anybody is on duty, as far as they may touch a time.
    fn windows(&self, first: DateTime<Utc>, last: DateTime<Utc>) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        let Some((from, to)) = self.hours else {
            return vec![(DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC)];
        };
        let over_night = TimeDelta::days(i64::from(to <= from));
        let end = self.day(last) + TimeDelta::days(1);
        let days = (self.day(first) - TimeDelta::days(2)).iter_days();
        days.take_while(|day| *day <= end)
            .map(|day| {
                let begin = instant(self.zone, day.and_time(from));
                (begin, instant(self.zone, (day + over_night).and_time(to)))
            })
            .collect()
    }

    /// Who is on duty, and whether in somebody else's place. An override holds whatever the hours are: somebody wrote down its very
    /// moments.
    fn duty(&self, at: DateTime<Utc>) -> Option<(UserId, bool)> {
        let mut newest_first = self.overrides.iter().rev();
        if let Some(one) = newest_first.find(|one| one.from <= at && at < one.to) {
            return Some((one.user, true));
        }
        let is_open = |(from, to): &(DateTime<Utc>, DateTime<Utc>)| *from <= at && at < *to;
        if !self.windows(at, at).iter().any(is_open) {
            return None;
        }
        let is_away = |user: &UserId| {
            let mut times = self.away.iter();
            times.any(|away| away.user == *user && away.from <= at && at < away.to)
        };
        let mut people = self.in_turn(at).into_iter();
        people.find(|user| !is_away(user)).map(|user| (user, false))
    }

    /// The moments of a time at which something may change.
    fn marks(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> BTreeSet<DateTime<Utc>> {
        let turns = (self.turn_at(from)..=self.turn_at(to)).map(|turn| self.begins(turn));
        let hours = self
            .windows(from, to)
            .into_iter()
            .flat_map(|(from, to)| [from, to]);
        let instead = self.overrides.iter().flat_map(|one| [one.from, one.to]);
        let away = self.away.iter().flat_map(|one| [one.from, one.to]);
        let all = turns.chain(hours).chain(instead).chain(away);
        let mut marks: BTreeSet<_> = all.filter(|at| from <= *at && *at < to).collect();
        marks.insert(from);
        marks
    }
}

/// Who is on duty at a moment, if anybody is.
pub fn who(rota: &Rota, at: DateTime<Utc>) -> Option<UserId> {
    rota.duty(at).map(|(user, _)| user)
}

/// The shifts of a time, in order.
pub fn schedule(rota: &Rota, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Shift> {
    let mut shifts: Vec<Shift> = Vec::new();
    if from >= to {
        return shifts;
    }
    for at in rota.marks(from, to) {
        let (who, is_override) = rota.duty(at).unzip();
        let is_override = is_override.unwrap_or_default();
        if let Some(last) = shifts.last_mut() {
            if (last.who, last.is_override) == (who, is_override) {
                continue;
            }
            last.to = at;
        }
        shifts.push(Shift {
            who,
            is_override,
            from: at,
            to,
        });
    }
    shifts
}

/// The day on which the turn began that goes on now.
pub(super) fn anchor(
    zone: Tz,
    (turn, handover, weekday): (Turn, NaiveTime, Weekday),
    now: DateTime<Utc>,
) -> NaiveDate {
    let local = now.with_timezone(&zone).naive_local();
    let today = local.date() - TimeDelta::days(i64::from(local.time() < handover));
    let since = match turn {
        Turn::Daily => 0,
        Turn::Weekly => today.weekday().days_since(weekday),
    };
    today - TimeDelta::days(i64::from(since))
}
