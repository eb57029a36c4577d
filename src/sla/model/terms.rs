//! What is promised: how soon somebody answers and restores, how available servers are, and what is given back if not.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::tickets::Severity;

use super::Hours;

/// A moment.
pub type At = DateTime<Utc>;

/// Steps of credit of a policy at most.
pub const MAX_CREDITS: usize = 10;

/// What has a time by which it is due.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = SlaWhat)]
pub enum What {
    /// The first public reply of staff. To acknowledge is no answer.
    FirstAnswer,
    /// The next public reply, as long as the ticket is open.
    Update,
    /// That it works again.
    Restore,
}

impl What {
    /// All, in order.
    pub const ALL: [Self; 3] = [Self::FirstAnswer, Self::Update, Self::Restore];

    /// As the database writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::FirstAnswer => "first_answer",
            Self::Update => "update",
            Self::Restore => "restore",
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::FirstAnswer => "First answer",
            Self::Update => "Update",
            Self::Restore => "Restore",
        }
    }

    /// What a word means.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.word() == word)
    }
}

/// A share of a whole, in thousandths of a percent; written as `99.95`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Percent(u32);

impl Percent {
    /// All of it.
    pub const WHOLE: Self = Self(100_000);

    /// What `part` is of `whole`, rounded down so that nothing passes that just fails; all of nothing.
    pub fn of(part: TimeDelta, whole: TimeDelta) -> Self {
        let (part, whole) = (
            i128::from(part.num_milliseconds()),
            i128::from(whole.num_milliseconds()),
        );
        let share = (part * i128::from(Self::WHOLE.0)).checked_div(whole);
        share.map_or(Self::WHOLE, |share| {
            Self(u32::try_from(share).unwrap_or(0).min(Self::WHOLE.0))
        })
    }
}

impl std::str::FromStr for Percent {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FAULT: &str = "Use a percentage of at most three decimals, such as 99.9.";
        let text = text.trim().trim_end_matches('%').trim_end();
        let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
        let is_plain = |digits: &str, most: usize| {
            (1..=most).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !is_plain(whole, 3) || !is_plain(rest, 3) {
            return Err(FAULT);
        }
        let value = format!("{whole}{rest:0<3}").parse().map_err(|_| FAULT)?;
        Some(Self(value))
            .filter(|found| *found <= Self::WHOLE)
            .ok_or(FAULT)
    }
}

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rest = format!("{:03}", self.0 % 1000);
        match rest.trim_end_matches('0') {
            "" => write!(f, "{}", self.0 / 1000),
            rest => write!(f, "{}.{rest}", self.0 / 1000),
        }
    }
}

impl TryFrom<String> for Percent {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Percent> for String {
    fn from(percent: Percent) -> Self {
        percent.to_string()
    }
}

/// What is promised for one severity, in minutes that count; nothing where nothing is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targets {
    /// Until the first answer.
    pub first_answer: Option<u32>,
    /// Between answers.
    pub update: Option<u32>,
    /// Until it works again.
    pub restore: Option<u32>,
}

/// What is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// If the month's availability is below this,
    pub below: Percent,
    /// so many percent of its price.
    pub credit: u8,
}

/// What a policy says, whole: nothing that changes later changes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The policy's name.
    pub name: String,
    /// When time counts.
    pub hours: Hours,
    /// By severity, P1 first.
    pub targets: [Targets; 4],
    /// How available servers are, if that is promised.
    pub availability: Option<Percent>,
    /// What is given back, from the least on.
    pub credits: Vec<Credit>,
}

impl Terms {
    /// What is promised for a severity.
    pub fn target(&self, severity: Severity, what: What) -> Option<TimeDelta> {
        let place = match severity {
            Severity::P1 => 0,
            Severity::P2 => 1,
            Severity::P3 => 2,
            Severity::P4 => 3,
        };
        let targets = &self.targets[place];
        let minutes = match what {
            What::FirstAnswer => targets.first_answer,
            What::Update => targets.update,
            What::Restore => targets.restore,
        };
        minutes.map(|minutes| TimeDelta::minutes(i64::from(minutes)))
    }

    /// What an availability gives back, in percent of the month's price.
    pub fn credit(&self, availability: Percent) -> u8 {
        let steps = self.credits.iter().filter(|step| availability < step.below);
        steps.map(|step| step.credit).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_read_as_they_are_written() {
        for (text, shown) in [
            ("99.9", "99.9"),
            ("100", "100"),
            (" 99.950 % ", "99.95"),
            ("0.001", "0.001"),
            ("99.0", "99"),
        ] {
            assert_eq!(text.parse::<Percent>().unwrap().to_string(), shown);
        }
        for bad in [
            "", ".", "99.", ".9", "100.001", "-1", "99.9999", "nine", "1e3", "99,9",
        ] {
            assert!(bad.parse::<Percent>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_share_is_rounded_down() {
        let month = TimeDelta::days(30);
        let of = |down: i64| Percent::of(month - TimeDelta::seconds(down), month).to_string();
        assert_eq!(
            (of(0), of(1), of(2_592)),
            ("100".to_owned(), "99.999".to_owned(), "99.9".to_owned())
        );
        assert_eq!(Percent::of(TimeDelta::zero(), TimeDelta::zero()), Percent::WHOLE);
    }

    #[test]
    fn the_largest_credit_that_is_due_is_given() {
        let below = |text: &str, credit| Credit {
            below: text.parse().unwrap(),
            credit,
        };
        let terms = Terms {
            name: String::new(),
            hours: Hours::Always,
            targets: [Targets::default(); 4],
            availability: None,
            credits: vec![below("99.9", 5), below("99", 10)],
        };
        let credit = |text: &str| terms.credit(text.parse().unwrap());
        assert_eq!((credit("99.9"), credit("99.899"), credit("98")), (0, 5, 10));
    }
}
