//! A grant: who of the staff may see what of a customer's, why, and until when. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::error::FieldErrors;
use crate::platform::ids::{BreakGlassId, TenantId, TicketId, UserId};

/// A reason is a sentence.
const REASON: std::ops::RangeInclusive<usize> = 10..=500;
/// How long it may be open, in minutes.
pub const MINUTES: std::ops::RangeInclusive<i64> = 15..=480;

/// What of a customer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BreakGlassPart)]
pub enum Part {
    /// Consoles of servers.
    Console,
    /// Files of servers, to be read.
    Files,
    /// The way of each mail.
    Mail,
    /// All that there is, as one archive.
    Archive,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Console, Self::Files, Self::Mail, Self::Archive];

    /// As the database and forms write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Files => "files",
            Self::Mail => "mail",
            Self::Archive => "archive",
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Console => "consoles",
            Self::Files => "files",
            Self::Mail => "mail",
            Self::Archive => "whole archive",
        }
    }

    /// The part of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.word() == word)
    }
}

/// A grant.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Its id.
    pub id: BreakGlassId,
    /// Whose things.
    pub tenant: TenantId,
    /// What that is called.
    pub tenant_name: String,
    /// The ticket that it is for.
    pub ticket: TicketId,
    /// That ticket's number.
    pub ticket_number: i64,
    /// Who of the staff; nothing once they are gone.
    pub staff: Option<UserId>,
    /// What they were called.
    pub staff_label: String,
    /// What they may see.
    pub parts: Vec<Part>,
    /// Why.
    pub reason: String,
    /// Since when.
    pub opened_at: DateTime<Utc>,
    /// Until when at most.
    pub until: DateTime<Utc>,
    /// When it was ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// By what: `staff`, `time`, or `left` if whoever opened it signed out or may look no more.
    pub ended_by: Option<String>,
    /// How often something was looked at.
    pub uses: i64,
}

impl Grant {
    /// Whether it lasts.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.ended_at.is_none() && now < self.until
    }

    /// When it ended, or will at the latest.
    pub fn end(&self) -> DateTime<Utc> {
        self.ended_at.unwrap_or(self.until)
    }

    /// What they may see, in words.
    pub fn words(&self) -> String {
        let words: Vec<_> = self.parts.iter().map(|part| part.label()).collect();
        words.join(", ")
    }

    /// It as the customer is told.
    pub fn sentence(&self) -> String {
        format!(
            "{} can see your {} until {}, because of ticket #{}: {}",
            self.staff_label,
            self.words(),
            self.until.format("%Y-%m-%d %H:%M UTC"),
            self.ticket_number,
            self.reason
        )
    }
}

/// A look at something.
#[derive(Debug, Clone)]
pub struct Look {
    /// By which grant.
    pub grant: BreakGlassId,
    /// When.
    pub at: DateTime<Utc>,
    /// Of what kind.
    pub part: String,
    /// What it was.
    pub what: String,
}

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What they want to see.
    pub parts: Vec<Part>,
    /// Why.
    pub reason: String,
    /// For how long.
    pub lasts: TimeDelta,
}

impl Wish {
    /// From what was typed, or all that is wrong with it.
    pub fn parse<'a>(
        parts: impl Iterator<Item = &'a str>,
        reason: &str,
        minutes: Option<i64>,
    ) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let known: Option<Vec<Part>> = parts.map(Part::parse).collect();
        let mut parts = known.unwrap_or_default();
        parts.sort_by_key(|part| part.word());
        parts.dedup();
        if parts.is_empty() {
            errors.add("parts", "Choose consoles, files, mail or the archive.");
        }
        let reason = reason.trim();
        let length = reason.chars().count();
        if !REASON.contains(&length) || reason.chars().any(char::is_control) {
            errors.add(
                "reason",
                "Say why in one line of 10 to 500 characters. The customer reads it.",
            );
        }
        let minutes = minutes.filter(|minutes| MINUTES.contains(minutes));
        if minutes.is_none() {
            errors.add("minutes", "Use 15 to 480 minutes.");
        }
        errors.into_result()?;
        Ok(Self {
            parts,
            reason: reason.to_owned(),
            lasts: TimeDelta::minutes(minutes.unwrap_or_default()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_has_parts_a_reason_and_a_time() {
        let parse = |parts: &[&'static str], reason: &str, minutes| {
            let wish = Wish::parse(parts.iter().copied(), reason, minutes);
            wish.map_err(|errors| errors.0.into_iter().map(|error| error.field).collect::<Vec<_>>())
        };
        let good = parse(&["mail", "console", "mail"], " It does not start. ", Some(15)).unwrap();
        assert_eq!(good.parts, [Part::Console, Part::Mail]);
        assert_eq!(
            (&*good.reason, good.lasts),
            ("It does not start.", TimeDelta::minutes(15))
        );
        for (parts, reason, minutes, wrong) in [
            (&[] as &[&str], "It does not start.", Some(60), "parts"),
            (&["console", "secrets"], "It does not start.", Some(60), "parts"),
            (&["files"], "because ", Some(60), "reason"),
            (&["files"], "It does\nnot start.", Some(60), "reason"),
            (&["files"], "It does not start.", Some(14), "minutes"),
            (&["files"], "It does not start.", Some(481), "minutes"),
            (&["files"], "It does not start.", None, "minutes"),
        ] {
            assert_eq!(parse(parts, reason, minutes).unwrap_err(), [wrong]);
        }
    }
}
