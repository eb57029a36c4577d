//! A mailbox as it is kept, and how it is in words.

use chrono::{DateTime, Duration, Utc};

use crate::mail::model::Address;
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, MailboxId, TenantId};

/// A mailbox, without what proves who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Its id, by which the mail service calls its folder.
    pub id: MailboxId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The domain that it belongs to.
    pub domain: MailDomainId,
    /// Its address, as the database has it.
    pub address: String,
    /// The person's name; may be empty.
    pub name: String,
    /// Whether a password was set.
    pub has_password: bool,
    /// Until when the set-up link works, if one was made and not used.
    pub setup_until: Option<DateTime<Utc>>,
    /// Whether its person may sign in and send. Mail arrives in any case.
    pub is_enabled: bool,
    /// What it may hold, in MiB; none of its own, or 0 for nothing.
    pub quota_mib: Option<i64>,
    /// Recipients an hour; none of its own, or 0 for nobody.
    pub hourly_limit: Option<i32>,
    /// Where mail goes as well, or instead.
    pub forward_to: Vec<String>,
    /// Whether forwarded mail stays here too.
    pub keeps_copy: bool,
    /// How many aliases its person may make.
    pub max_own_aliases: i32,
    /// What it holds.
    pub used_bytes: i64,
    /// How many mails that is.
    pub used_messages: i64,
    /// The last sign-in by IMAP.
    pub last_imap_at: Option<DateTime<Utc>>,
    /// The last sign-in by POP3.
    pub last_pop3_at: Option<DateTime<Utc>>,
    /// The last sign-in to send.
    pub last_smtp_at: Option<DateTime<Utc>>,
    /// The last sign-in to change filters.
    pub last_sieve_at: Option<DateTime<Utc>>,
    /// Counts its changes.
    pub version: i64,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// When it was deleted, and until when it is kept.
    pub deleted: Option<Kept>,
}

/// How long something deleted is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// When it was deleted.
    pub since: DateTime<Utc>,
    /// When it is erased.
    pub until: DateTime<Utc>,
}

impl Kept {
    /// From now on, for so many days.
    pub fn for_days(days: u32, now: DateTime<Utc>) -> Self {
        Self {
            since: now,
            until: now + Duration::days(i64::from(days)),
        }
    }
}

/// How much of what it may hold a mailbox holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// It has no limit of its own.
    Unlimited,
    /// It takes nothing in.
    Nothing,
    /// So many percent, a hundred at most.
    Percent(u32),
}

impl Mailbox {
    /// Refuses what a deleted mailbox can't have done.
    pub fn check_stays(&self) -> Result<(), Error> {
        if self.deleted.is_some() {
            return Err(Error::conflict(
                "mailbox-deleted",
                "This mailbox is deleted. Restore it first.",
            ));
        }
        Ok(())
    }

    /// Refuses what only a deleted mailbox can have done; says how long it is kept.
    pub fn check_deleted(&self) -> Result<Kept, Error> {
        self.deleted.ok_or_else(|| {
            Error::conflict(
                "mailbox-not-deleted",
                "This mailbox is not deleted. Delete it first.",
            )
        })
    }

    /// The address as people write it.
    pub fn shown(&self) -> String {
        Address::parse(&self.address).map_or_else(|_| self.address.clone(), |address| address.shown())
    }

    /// How full it is.
    pub fn usage(&self) -> Usage {
        match self.quota_mib {
            None => Usage::Unlimited,
            Some(0) => Usage::Nothing,
            Some(quota) => {
                let (used, all) = (i128::from(self.used_bytes.max(0)), i128::from(quota) << 20);
                let percent = (used * 100).checked_div(all).unwrap_or(100).clamp(0, 100);
                Usage::Percent(u32::try_from(percent).unwrap_or(100))
            }
        }
    }

    /// Tone and word for how it is.
    pub fn words(&self, now: DateTime<Utc>) -> (&'static str, &'static str) {
        match (self.setup_until, self.usage()) {
            _ if self.deleted.is_some() => ("idle", "Deleted"),
            _ if !self.is_enabled => ("idle", "Disabled"),
            (Some(until), _) if !self.has_password && until > now => ("busy", "To be set up"),
            _ if !self.has_password => ("warn", "No password"),
            (_, Usage::Nothing) => ("warn", "Takes nothing in"),
            (_, Usage::Percent(100)) => ("bad", "Full"),
            (_, Usage::Percent(90..)) => ("warn", "Nearly full"),
            _ => ("good", "In use"),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// One in use.
    pub(crate) fn ann() -> Mailbox {
        let at = DateTime::UNIX_EPOCH;
        Mailbox {
            id: MailboxId(uuid::Uuid::nil()),
            tenant: TenantId(uuid::Uuid::nil()),
            domain: MailDomainId(uuid::Uuid::nil()),
            address: "ann@xn--bcher-kva.example".to_owned(),
            name: "Ann".to_owned(),
            has_password: true,
            setup_until: None,
            is_enabled: true,
            quota_mib: Some(10),
            hourly_limit: None,
            forward_to: Vec::new(),
            keeps_copy: true,
            max_own_aliases: 0,
            used_bytes: 0,
            used_messages: 0,
            last_imap_at: None,
            last_pop3_at: None,
            last_smtp_at: None,
            last_sieve_at: None,
            version: 1,
            created_by: "ada@example.com".to_owned(),
            created_at: at,
            updated_at: at,
            deleted: None,
        }
    }

    #[test]
    fn how_full_it_is() {
        let used = |bytes, quota_mib| {
            let mailbox = Mailbox {
                used_bytes: bytes,
                quota_mib,
                ..ann()
            };
            mailbox.usage()
        };
        assert_eq!(used(1 << 40, None), Usage::Unlimited);
        assert_eq!(used(0, Some(0)), Usage::Nothing);
        assert_eq!(used(0, Some(10)), Usage::Percent(0));
        assert_eq!(used(5 << 20, Some(10)), Usage::Percent(50));
        assert_eq!(used((10 << 20) - 1, Some(10)), Usage::Percent(99));
        assert_eq!(used(11 << 20, Some(10)), Usage::Percent(100));
        assert_eq!(used(i64::MAX, Some(16_777_216)), Usage::Percent(100));
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn how_it_is_in_words() {
        let now = DateTime::UNIX_EPOCH;
        let kept = Kept::for_days(30, now);
        assert_eq!((kept.until - kept.since).num_days(), 30);
        let later = now + Duration::days(1);
        let cases = [
            (ann(), "In use"),
            (
                Mailbox {
                    is_enabled: false,
                    ..ann()
                },
                "Disabled",
            ),
            (
                Mailbox {
                    deleted: Some(kept),
                    ..ann()
                },
                "Deleted",
            ),
            (
                Mailbox {
                    has_password: false,
                    ..ann()
                },
                "No password",
            ),
            (
                Mailbox {
                    has_password: false,
                    setup_until: Some(later),
                    ..ann()
                },
                "To be set up",
            ),
            (
                Mailbox {
                    has_password: false,
                    setup_until: Some(now),
                    ..ann()
                },
                "No password",
            ),
            (
                Mailbox {
                    quota_mib: Some(0),
                    ..ann()
                },
                "Takes nothing in",
            ),
            (
                Mailbox {
                    used_bytes: 10 << 20,
                    ..ann()
                },
                "Full",
            ),
            (
                Mailbox {
                    used_bytes: 9 << 20,
                    ..ann()
                },
                "Nearly full",
            ),
        ];
        for (mailbox, word) in cases {
            assert_eq!(mailbox.words(now).1, word);
        }
    }

    #[test]
    fn people_read_letters_and_not_what_dns_has() {
        assert_eq!(ann().shown(), "ann@bücher.example");
    }

    #[test]
    fn deleted_ones_are_restored_first_and_others_deleted() {
        let gone = Mailbox {
            deleted: Some(Kept::for_days(0, DateTime::UNIX_EPOCH)),
            ..ann()
        };
        assert_eq!(gone.check_stays().unwrap_err().code(), "mailbox-deleted");
        assert!(gone.check_deleted().is_ok() && ann().check_stays().is_ok());
        assert_eq!(ann().check_deleted().unwrap_err().code(), "mailbox-not-deleted");
    }
}
