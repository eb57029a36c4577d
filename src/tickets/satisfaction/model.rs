//! When customers may say how it went, and how many said what. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::error::{Error, FieldErrors};
use crate::tickets::model::Ticket;

/// For so long an answer may be changed.
pub const CHANGEABLE: TimeDelta = TimeDelta::days(7);
const MAX_WORDS: usize = 2_000;

/// What a customer said of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Satisfaction {
    /// Whether it was good.
    pub is_good: bool,
    /// What they said about it; may be empty.
    pub words: String,
    /// Who.
    pub created_by: String,
    /// When they said so first.
    pub answered_at: DateTime<Utc>,
}

impl Satisfaction {
    /// For people.
    pub fn label(&self) -> &'static str {
        if self.is_good { "Good" } else { "Bad" }
    }

    /// How it looks.
    pub fn tone(&self) -> &'static str {
        if self.is_good { "good" } else { "bad" }
    }
}

/// An answer as it is typed, and good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether it was good.
    pub is_good: bool,
    /// What there is to say about it.
    pub words: String,
}

impl Answer {
    /// What was typed.
    ///
    /// # Errors
    /// What is wrong, field by field.
    pub fn parse(rating: &str, words: &str) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        if !["good", "bad"].contains(&rating) {
            errors.add("rating", "Choose good or bad.");
        }
        let words = words.trim().replace("\r\n", "\n");
        let is_odd = |c: char| c.is_control() && c != '\n' && c != '\t';
        if words.chars().count() > MAX_WORDS || words.chars().any(is_odd) {
            errors.add("words", format!("Use at most {MAX_WORDS} characters."));
        }
        errors.into_result()?;
        Ok(Self {
            is_good: rating == "good",
            words,
        })
    }
}

/// Whether the customer may say how a ticket went, or say something else than before.
///
/// # Errors
/// Why not.
pub fn may_answer(ticket: &Ticket, before: Option<&Satisfaction>, now: DateTime<Utc>) -> Result<(), Error> {
    if ticket.merged_into.is_some() {
        let message = "This ticket was merged into another one. Say it there.";
        return Err(Error::conflict("ticket-merged", message));
    }
    match before {
        Some(before) if now - before.answered_at <= CHANGEABLE => Ok(()),
        Some(_) => {
            let message =
                "An answer can be changed for 7 days. If something is left to say, write on the ticket.";
            Err(Error::conflict("satisfaction-settled", message))
        }
        None if ticket.state.is_open() => {
            let message = "Say how it went when the ticket is resolved or closed.";
            Err(Error::conflict("ticket-open", message))
        }
        None => Ok(()),
    }
}

/// What customers said in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    /// Where it begins, in UTC.
    pub begin: DateTime<Utc>,
    /// How many said that it was good.
    pub good: i64,
    /// How many said that it was bad.
    pub bad: i64,
}

impl Month {
    /// How many of a hundred said that it was good.
    pub fn percent(&self) -> i64 {
        let all = self.good + self.bad;
        if all == 0 { 0 } else { self.good * 100 / all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_good_or_bad() {
        let answer = Answer::parse("good", " Thank\r\nyou ").unwrap();
        assert_eq!((answer.is_good, answer.words.as_str()), (true, "Thank\nyou"));
        assert!(!Answer::parse("bad", "").unwrap().is_good);
        let errors = Answer::parse("fair", &"x".repeat(2_001)).unwrap_err();
        assert_eq!(errors.0.len(), 2);
    }

    #[test]
    fn a_month_has_a_ratio() {
        let of = |good, bad| {
            let begin = DateTime::UNIX_EPOCH;
            Month { begin, good, bad }.percent()
        };
        assert_eq!((of(0, 0), of(3, 1), of(2, 1)), (0, 75, 66));
    }
}
