//! What a plan allows of mail, and whether one more fits. Pure.

use serde::{Deserialize, Serialize};

use crate::platform::error::{Error, FieldErrors};

/// What becomes of mail to a tenant that is suspended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MailWhenSuspended)]
pub enum WhenSuspended {
    /// It is taken in, and there when the tenant is resumed.
    #[default]
    Accept,
    /// It is refused for now (4xx), so that its senders try again for some days and then learn of it.
    Refuse,
}

impl WhenSuspended {
    /// Both, in the order of the form.
    pub const ALL: [Self; 2] = [Self::Accept, Self::Refuse];

    /// Its word in the database and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Refuse => "refuse",
        }
    }

    /// What it does, for the form.
    pub fn label(self) -> &'static str {
        match self {
            Self::Accept => "Take it in: it is there when the tenant is resumed",
            Self::Refuse => "Refuse it for now: its senders try again for some days",
        }
    }

    /// The choice of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == word)
    }
}

/// What a plan allows of mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Domains of a tenant.
    pub max_domains: i32,
    /// Mailboxes of a tenant.
    pub max_mailboxes: i32,
    /// Aliases, groups and catch-alls of a tenant.
    pub max_aliases: i32,
    /// What all its mailboxes may hold together, in MiB.
    pub max_mail_mib: i64,
    /// Recipients that all its mailboxes may send to in an hour.
    pub hourly_limit: i32,
    /// What becomes of mail while it is suspended.
    pub when_suspended: WhenSuspended,
}

impl Default for Limits {
    /// The defaults of the columns and of `mail_limits`, for plans without a row.
    fn default() -> Self {
        Self {
            max_domains: 5,
            max_mailboxes: 50,
            max_aliases: 500,
            max_mail_mib: 10_240,
            hourly_limit: 2_000,
            when_suspended: WhenSuspended::default(),
        }
    }
}

impl Limits {
    /// The most domains that a plan can allow.
    pub const MAX_DOMAINS: i32 = 10_000;
    /// The most of everything else that is counted.
    pub const MAX_COUNT: i32 = 10_000_000;
    /// The most room: a PiB.
    pub const MAX_MIB: i64 = 1_073_741_824;

    /// The same, if every number is one that the table takes.
    pub fn checked(self) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let fields = [
            (
                "max_domains",
                i64::from(self.max_domains),
                i64::from(Self::MAX_DOMAINS),
            ),
            (
                "max_mailboxes",
                i64::from(self.max_mailboxes),
                i64::from(Self::MAX_COUNT),
            ),
            (
                "max_aliases",
                i64::from(self.max_aliases),
                i64::from(Self::MAX_COUNT),
            ),
            ("max_mail_mib", self.max_mail_mib, Self::MAX_MIB),
            (
                "hourly_limit",
                i64::from(self.hourly_limit),
                i64::from(Self::MAX_COUNT),
            ),
        ];
        for (field, value, most) in fields {
            if !(0..=most).contains(&value) {
                errors.add(field, format!("Use a whole number from 0 to {most}."));
            }
        }
        errors.into_result()?;
        Ok(self)
    }
}

/// What a tenant has of mail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = MailTotals)]
pub struct Totals {
    /// Domains, proven or not.
    pub domains: i32,
    /// Mailboxes that are not deleted.
    pub mailboxes: i32,
    /// Aliases, groups and catch-alls.
    pub aliases: i32,
    /// What its mailboxes hold, deleted ones too.
    pub used_bytes: i64,
}

/// Whether `more` of `what` fits, where `used` of `limit` are there; or what to tell whoever asked.
///
/// `what` is one of "mail domains", "mailboxes" and "mail aliases".
///
/// # Errors
/// [`Error::LimitReached`].
pub fn room_for(what: &'static str, limit: i32, used: i32, more: usize) -> Result<(), Error> {
    let (limit, used) = (i64::from(limit), i64::from(used));
    let more = i64::try_from(more).unwrap_or(i64::MAX);
    if more == 0 || used.saturating_add(more) <= limit {
        Ok(())
    } else {
        Err(Error::LimitReached { what, limit, used })
    }
}

impl Limits {
    /// Whether so many domains more fit.
    ///
    /// # Errors
    /// [`Error::LimitReached`].
    pub fn domains(&self, totals: &Totals, more: usize) -> Result<(), Error> {
        room_for("mail domains", self.max_domains, totals.domains, more)
    }

    /// Whether so many mailboxes more fit.
    ///
    /// # Errors
    /// [`Error::LimitReached`].
    pub fn mailboxes(&self, totals: &Totals, more: usize) -> Result<(), Error> {
        room_for("mailboxes", self.max_mailboxes, totals.mailboxes, more)
    }

    /// What all mailboxes may hold together is more than enough for one: refuses to let one hold more, in a sentence.
    ///
    /// # Errors
    /// The sentence.
    pub fn one_mailbox(&self, quota_mib: Option<i64>) -> Result<(), String> {
        let most = self.max_mail_mib;
        match quota_mib {
            Some(quota) if quota > most => Err(format!(
                "Your plan allows {most} MiB of mail altogether. Use that much or less."
            )),
            _ => Ok(()),
        }
    }

    /// Whether so many aliases more fit.
    ///
    /// # Errors
    /// [`Error::LimitReached`].
    pub fn aliases(&self, totals: &Totals, more: usize) -> Result<(), Error> {
        room_for("mail aliases", self.max_aliases, totals.aliases, more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_exactly_fits() {
        for (limit, used, more, fits) in [
            (5, 4, 1, true),
            (5, 5, 0, true),
            (5, 5, 1, false),
            (0, 0, 1, false),
            (3, 7, 0, true),
            (10, 0, usize::MAX, false),
        ] {
            assert_eq!(
                room_for("mailboxes", limit, used, more).is_ok(),
                fits,
                "{limit} {used} {more}"
            );
        }
        let limits = Limits {
            max_mailboxes: 2,
            ..Limits::default()
        };
        let totals = Totals {
            mailboxes: 2,
            ..Totals::default()
        };
        let refused = limits.mailboxes(&totals, 1).unwrap_err();
        assert_eq!(
            refused.sentence(),
            "The plan allows 2 mailboxes, and 2 are in use."
        );
        assert!(limits.domains(&totals, 5).is_ok());
        assert!(limits.aliases(&totals, 501).is_err());
        assert_eq!(limits.one_mailbox(None), Ok(()));
        assert_eq!(limits.one_mailbox(Some(10_240)), Ok(()));
        assert!(
            limits
                .one_mailbox(Some(10_241))
                .unwrap_err()
                .contains("10240 MiB")
        );
    }

    #[test]
    fn numbers_that_the_table_does_not_take_are_named() {
        assert_eq!(Limits::default().checked(), Ok(Limits::default()));
        let wrong = Limits {
            max_domains: 10_001,
            max_mail_mib: -1,
            ..Limits::default()
        };
        let errors = wrong.checked().unwrap_err();
        assert_eq!(errors.0.len(), 2);
        assert_eq!(
            errors.get("max_domains"),
            Some("Use a whole number from 0 to 10000.")
        );
        assert!(errors.get("max_mail_mib").is_some());
    }

    #[test]
    fn every_word_is_its_choices() {
        for choice in WhenSuspended::ALL {
            assert_eq!(WhenSuspended::parse(choice.name()), Some(choice));
        }
        assert_eq!(WhenSuspended::parse("drop"), None);
    }
}
