//! What people and programs say of rotas, and what is taken of it.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::UserId;

use super::rota::{DAYS, Rota, Turn, anchor};

/// How many people a rota has at most.
pub const MAX_PEOPLE: usize = 20;
const MAX_NAME: usize = 100;
const MAX_BODY: usize = 20_000;
/// Nobody is away, or on duty in somebody's place, for longer.
const LONGEST: TimeDelta = TimeDelta::days(366);
/// How far from now anything may be written down.
const HORIZON: TimeDelta = TimeDelta::days(3 * 366);

/// A name of a rota or a chain.
pub(super) fn name(text: &str) -> Result<String, String> {
    let name = text.trim();
    if (1..=MAX_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(format!("Use 1 to {MAX_NAME} characters."))
    }
}

/// A time of the day.
pub fn wall_time(text: &str) -> Result<NaiveTime, String> {
    let text = text.trim();
    let parsed =
        NaiveTime::parse_from_str(text, "%H:%M").or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:%S"));
    parsed.map_err(|_| "Use a time such as 09:00.".to_owned())
}

/// What one shift writes to the next.
pub fn body(text: &str) -> Result<&str, Error> {
    let body = text.trim();
    if (1..=MAX_BODY).contains(&body.chars().count()) {
        Ok(body)
    } else {
        Err(Error::invalid(
            "body",
            format!("Write 1 to {MAX_BODY} characters."),
        ))
    }
}

/// A time in which somebody else is on duty, which is not over.
pub fn period(from: DateTime<Utc>, to: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    if (from - now).abs() > HORIZON {
        errors.add("from", "Use a time of the next three years.");
    }
    if to <= from || to <= now {
        errors.add("to", "Use a time after the beginning that is not over.");
    } else if to - from > LONGEST {
        errors.add("to", "Use a time within a year of the beginning.");
    }
    errors.into_result()
}

/// Days on which somebody is away.
pub fn days(first: NaiveDate, last: NaiveDate, now: DateTime<Utc>) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    let away = (first - now.date_naive()).num_days().abs();
    if away > HORIZON.num_days() {
        errors.add("first_on", "Use a day of the next three years.");
    }
    if last < first {
        errors.add("last_on", "Use the first day, or a later one.");
    } else if last - first > LONGEST {
        errors.add("last_on", "Use a day within a year of the first.");
    }
    errors.into_result()
}

/// A rota as programs say it. What is left out stays as it is; a new one needs a name and people.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RotaIn {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// Whose clocks it goes by: a name of the IANA database. `UTC` if nothing is said.
    #[schema(max_length = 64, example = "Europe/Berlin")]
    pub zone: Option<String>,
    /// How long a turn is; `weekly` if nothing is said.
    pub turn: Option<Turn>,
    /// When one turn ends and the next begins; `09:00` if nothing is said.
    #[schema(example = "09:00")]
    pub handover: Option<String>,
    /// On which day, if weekly; `monday` if nothing is said.
    #[schema(example = "monday")]
    pub weekday: Option<String>,
    /// Since when in the day somebody is on duty; all day if this and `hours_to` are empty.
    #[schema(example = "20:00")]
    pub hours_from: Option<String>,
    /// Until when; on the next day if it is not after `hours_from`.
    #[schema(example = "08:00")]
    pub hours_to: Option<String>,
    /// Whether somebody's turn goes to the next while they are on holiday; it does if nothing is said.
    pub skips_holidays: Option<bool>,
    /// Who takes turns, in order. The turn that goes on is the first one's.
    #[schema(min_items = 1, max_items = 20)]
    pub people: Option<Vec<UserId>>,
}

/// A rota as it was typed.
#[derive(Debug, Clone)]
pub struct RotaText {
    /// What people call it.
    pub name: String,
    /// The zone's name.
    pub zone: String,
    /// How long a turn is.
    pub turn: Turn,
    /// When turns end.
    pub handover: String,
    /// On which day.
    pub weekday: String,
    /// Since when in the day.
    pub hours_from: String,
    /// Until when.
    pub hours_to: String,
    /// Whether holidays count.
    pub skips_holidays: bool,
    /// Who, in order.
    pub people: Vec<UserId>,
}

impl Default for RotaText {
    fn default() -> Self {
        Self {
            name: String::new(),
            zone: "UTC".to_owned(),
            turn: Turn::Weekly,
            handover: "09:00".to_owned(),
            weekday: "monday".to_owned(),
            hours_from: String::new(),
            hours_to: String::new(),
            skips_holidays: true,
            people: Vec::new(),
        }
    }
}

/// What a rota is to be.
#[derive(Debug, Clone)]
pub struct NewRota {
    /// What people call it.
    pub name: String,
    /// Whose clocks it goes by.
    pub zone: Tz,
    /// How long a turn is.
    pub turn: Turn,
    /// When turns end.
    pub handover: NaiveTime,
    /// On which day.
    pub weekday: Weekday,
    /// The only hours in which somebody is on duty.
    pub hours: Option<(NaiveTime, NaiveTime)>,
    /// Whether holidays count.
    pub skips_holidays: bool,
    /// Who, in order.
    pub people: Vec<UserId>,
}

impl NewRota {
    /// The day on which the first person's turn began, which goes on.
    pub fn anchor(&self, now: DateTime<Utc>) -> NaiveDate {
        anchor(self.zone, (self.turn, self.handover, self.weekday), now)
    }

    /// Whether turns are the same as a rota's, so that it goes on where it is. Its people stand in the order of turns in both.
    pub fn has_turns_of(&self, rota: &Rota, now: DateTime<Utc>) -> bool {
        (self.turn, self.weekday) == (rota.turn, rota.weekday) && self.people == rota.in_turn(now)
    }
}

impl RotaText {
    /// A rota as it is, with the people in the order of turns.
    pub fn of(rota: &Rota, now: DateTime<Utc>) -> Self {
        let time = |time: NaiveTime| time.format("%H:%M").to_string();
        let (from, to) = rota
            .hours
            .map(|(from, to)| (time(from), time(to)))
            .unwrap_or_default();
        Self {
            name: rota.name.clone(),
            zone: rota.zone.name().to_owned(),
            turn: rota.turn,
            handover: time(rota.handover),
            weekday: DAYS
                .iter()
                .find(|(day, ..)| *day == rota.weekday)
                .map_or("", |(_, word, _)| *word)
                .to_owned(),
            hours_from: from,
            hours_to: to,
            skips_holidays: rota.skips_holidays,
            people: rota.in_turn(now),
        }
    }

    /// With what somebody says.
    #[must_use]
    pub fn with(self, said: RotaIn) -> Self {
        Self {
            name: said.name.unwrap_or(self.name),
            zone: said.zone.unwrap_or(self.zone),
            turn: said.turn.unwrap_or(self.turn),
            handover: said.handover.unwrap_or(self.handover),
            weekday: said.weekday.unwrap_or(self.weekday),
            hours_from: said.hours_from.unwrap_or(self.hours_from),
            hours_to: said.hours_to.unwrap_or(self.hours_to),
            skips_holidays: said.skips_holidays.unwrap_or(self.skips_holidays),
            people: said.people.unwrap_or(self.people),
        }
    }

    fn hours(&self, errors: &mut FieldErrors) -> Option<(NaiveTime, NaiveTime)> {
        if self.hours_from.trim().is_empty() && self.hours_to.trim().is_empty() {
            return None;
        }
        let from = errors.check("hours_from", wall_time(&self.hours_from));
        let to = errors.check("hours_to", wall_time(&self.hours_to));
        from.zip(to)
    }

    /// What it means.
    pub fn parse(&self) -> Result<NewRota, FieldErrors> {
        let mut errors = FieldErrors::default();
        let called = errors.check("name", name(&self.name));
        let zone = self.zone.trim().parse::<Tz>();
        let zone = errors.check(
            "zone",
            zone.map_err(|_| "Choose a time zone, such as Europe/Berlin or UTC."),
        );
        let handover = errors.check("handover", wall_time(&self.handover));
        let weekday = DAYS.iter().find(|(_, word, _)| *word == self.weekday.trim());
        let weekday = errors.check("weekday", weekday.ok_or("Choose a day, monday to sunday."));
        let hours = self.hours(&mut errors);
        if !(1..=MAX_PEOPLE).contains(&self.people.len()) {
            errors.add("people", format!("Choose 1 to {MAX_PEOPLE} people."));
        } else if (1..self.people.len()).any(|place| self.people[..place].contains(&self.people[place])) {
            errors.add("people", "Choose each person once.");
        }
        errors.into_result()?;
        Ok(NewRota {
            name: called.unwrap_or_default(),
            zone: zone.unwrap_or(Tz::UTC),
            turn: self.turn,
            handover: handover.unwrap_or_default(),
            weekday: weekday.map_or(Weekday::Mon, |(day, ..)| *day),
            hours,
            skips_holidays: self.skips_holidays,
            people: self.people.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn all_that_is_wrong_is_told() {
        let one = UserId(Uuid::from_u128(1));
        let text = RotaText {
            zone: "Berlin".to_owned(),
            handover: "25:00".to_owned(),
            weekday: "someday".to_owned(),
            hours_from: "20:00".to_owned(),
            people: vec![one, one],
            ..RotaText::default()
        };
        let fields: Vec<_> = text
            .parse()
            .unwrap_err()
            .0
            .into_iter()
            .map(|error| error.field)
            .collect();
        assert_eq!(
            fields,
            ["name", "zone", "handover", "weekday", "hours_to", "people"]
        );
    }

    #[test]
    fn times_and_days_have_ends() {
        let now: DateTime<Utc> = "2026-03-10T12:00:00Z".parse().unwrap();
        let hour = TimeDelta::hours(1);
        assert!(period(now - hour, now + hour, now).is_ok());
        for (from, to) in [
            (now + hour, now),
            (now - hour * 2, now - hour),
            (now, now + hour * 24 * 400),
        ] {
            assert!(period(from, to, now).is_err(), "{from} {to}");
        }
        let today = now.date_naive();
        assert!(days(today, today, now).is_ok());
        assert!(days(today, today - TimeDelta::days(1), now).is_err());
    }
}
