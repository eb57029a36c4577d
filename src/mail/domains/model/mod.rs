//! What a mail domain is, and what may be said of it when. Pure.

mod key;
mod limits;
mod place;
mod record;
mod sight;
mod spf;
mod tags;
mod verdict;
mod zone;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::mail::model::DomainName;
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, TenantId};

pub use key::{KEPT_DAYS, Key, MailKeyState, next_selector};
pub use limits::{check_hourly, check_quota, typed};
pub use place::Place;
pub use record::{
    DnsRecord, DnsRecordKind, DnsRecordType, Hosts, all as records, dkim as dkim_record, policy,
    proof as proof_record,
};
pub use sight::{LOST_AFTER, Sight, sight, telling};
pub use verdict::{Checked, Facts, MxSeen, Verdict, judge, missed};

/// How a domain is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MailDomainState)]
pub enum State {
    /// Nobody has proved yet that it is theirs: no mail goes in or out.
    Unverified,
    /// It was switched off: no mail goes in or out.
    Disabled,
    /// Mail goes in and out.
    Active,
}

/// A domain of a tenant that mail goes to.
#[derive(Debug, Clone)]
pub struct Domain {
    /// Its id.
    pub id: MailDomainId,
    /// Whose.
    pub tenant: TenantId,
    /// Its name.
    pub name: DomainName,
    /// What a TXT record has to say to prove it.
    pub proof: String,
    /// When it was proved.
    pub verified_at: Option<DateTime<Utc>>,
    /// Whether it is switched on.
    pub is_enabled: bool,
    /// The domain whose addresses it has as well, instead of its own.
    pub alias_of: Option<MailDomainId>,
    /// That one's name.
    pub alias_name: Option<DomainName>,
    /// What its mailboxes may hold together, in MiB; no limit of its own if nothing.
    pub quota_mib: Option<i64>,
    /// Recipients that its mailboxes may send to in an hour; no limit of its own if nothing.
    pub hourly_limit: Option<i32>,
    /// What its mailboxes hold, in bytes.
    pub used_bytes: i64,
    /// How many mailboxes it has, without deleted ones.
    pub mailboxes: i32,
    /// How many aliases, groups and catch-alls it has.
    pub aliases: i32,
    /// How many domains have its addresses as well.
    pub followers: i64,
    /// When its records were looked at last.
    pub checked_at: Option<DateTime<Utc>>,
    /// What was seen then.
    pub checks: Vec<Checked>,
    /// Since when DNS has shown nothing that says it is its tenant's; nothing while it does.
    pub lost_at: Option<DateTime<Utc>>,
    /// Counts changes that people make.
    pub version: i64,
    /// Who added it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

impl Domain {
    /// How it is.
    pub fn state(&self) -> State {
        match (self.verified_at, self.is_enabled) {
            (None, _) => State::Unverified,
            (Some(_), false) => State::Disabled,
            (Some(_), true) => State::Active,
        }
    }

    /// How many of the records that were looked at last have to be put right. That of the ownership is no matter of mail's, and
    /// may go when it was seen.
    pub fn problems(&self) -> usize {
        let all = self.checks.iter();
        all.filter(|seen| seen.verdict.is_bad() && seen.kind != DnsRecordKind::Proof)
            .count()
    }

    /// Refuses to remove what still has something.
    pub fn check_empty(&self) -> Result<(), Error> {
        let parts = [
            (i64::from(self.mailboxes), "mailbox", "mailboxes"),
            (i64::from(self.aliases), "alias", "aliases"),
            (self.followers, "alias domain", "alias domains"),
        ];
        let parts = parts.into_iter().filter(|(count, ..)| *count > 0);
        let told: Vec<String> = parts
            .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
            .collect();
        if told.is_empty() {
            return Ok(());
        }
        Err(Error::conflict(
            "mail-domain-in-use",
            format!(
                "There are still {} in {}. Delete them first.",
                told.join(" and "),
                self.name.shown()
            ),
        ))
    }

    /// Refuses to give it the addresses of another domain. `other` was found in the same tenant.
    pub fn check_alias(&self, other: &Self) -> Result<(), String> {
        if other.id == self.id {
            return Err("A domain can't be an alias of itself.".to_owned());
        }
        if let Some(third) = &other.alias_name {
            return Err(format!(
                "{} is an alias domain itself. Choose {}.",
                other.name.shown(),
                third.shown()
            ));
        }
        if self.followers > 0 {
            return Err(format!(
                "Other domains are aliases of {}. Make them aliases of {} first.",
                self.name.shown(),
                other.name.shown()
            ));
        }
        if self.mailboxes > 0 || self.aliases > 0 {
            return Err(format!(
                "{} has mailboxes or aliases of its own, which nothing would reach any more. Delete them first.",
                self.name.shown()
            ));
        }
        Ok(())
    }
}

/// What is said of a part that may be absent: nothing, or what it is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Said<T> {
    /// Nothing: it stays as it is.
    #[default]
    Nothing,
    /// What it is to be.
    Be(Option<T>),
}

impl<T> Said<T> {
    /// What it is from now on.
    pub fn or(self, now: Option<T>) -> Option<T> {
        match self {
            Self::Nothing => now,
            Self::Be(then) => then,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Said<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(Self::Be)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A domain that nothing is wrong with.
    fn domain(name: &str) -> Domain {
        Domain {
            id: MailDomainId(uuid::Uuid::from_u128(name.len() as u128)),
            tenant: TenantId(uuid::Uuid::nil()),
            name: DomainName::parse(name).unwrap(),
            proof: "abc".to_owned(),
            verified_at: Some(DateTime::UNIX_EPOCH),
            is_enabled: true,
            alias_of: None,
            alias_name: None,
            quota_mib: None,
            hourly_limit: None,
            used_bytes: 0,
            mailboxes: 0,
            aliases: 0,
            followers: 0,
            checked_at: None,
            checks: Vec::new(),
            lost_at: None,
            version: 1,
            created_by: "Ada".to_owned(),
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn it_is_unverified_before_it_is_anything_else() {
        let mut it = domain("a.example");
        assert_eq!(it.state(), State::Active);
        it.is_enabled = false;
        assert_eq!(it.state(), State::Disabled);
        it.verified_at = None;
        assert_eq!(it.state(), State::Unverified);
    }

    #[test]
    fn the_record_of_ownership_is_no_problem_of_the_mail_s() {
        let seen = |kind, verdict| Checked {
            kind,
            name: String::new(),
            verdict,
            says: String::new(),
            found: Vec::new(),
        };
        let mut it = domain("a.example");
        it.checks = vec![
            seen(DnsRecordKind::Proof, Verdict::Missing),
            seen(DnsRecordKind::Mx, Verdict::Wrong),
            seen(DnsRecordKind::Spf, Verdict::Unreachable),
            seen(DnsRecordKind::MtaSts, Verdict::OptionalMissing),
        ];
        assert_eq!(it.problems(), 1);
    }

    #[test]
    fn what_still_has_something_stays_and_says_what() {
        let mut it = domain("a.example");
        assert!(it.check_empty().is_ok());
        (it.mailboxes, it.aliases, it.followers) = (1, 2, 1);
        let told = it.check_empty().unwrap_err().sentence();
        assert_eq!(
            told,
            "There are still 1 mailbox and 2 aliases and 1 alias domain in a.example. Delete them first."
        );
    }

    #[test]
    fn aliases_of_domains_make_no_chains_and_hide_nothing() {
        let (mut it, mut other) = (domain("a.example"), domain("other.example"));
        assert!(it.check_alias(&other).is_ok());
        assert!(it.check_alias(&it.clone()).unwrap_err().contains("itself"));
        other.alias_name = Some(DomainName::parse("third.example").unwrap());
        assert!(it.check_alias(&other).unwrap_err().contains("third.example"));
        other.alias_name = None;
        it.followers = 1;
        assert!(it.check_alias(&other).unwrap_err().contains("Other domains"));
        it.followers = 0;
        it.mailboxes = 1;
        assert!(it.check_alias(&other).unwrap_err().contains("of its own"));
    }

    #[test]
    fn nothing_said_and_null_are_two_things() {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            quota: Said<i64>,
        }
        let read = |text: &str| serde_json::from_str::<Body>(text).unwrap().quota;
        assert_eq!(read("{}").or(Some(1)), Some(1));
        assert_eq!(read("{\"quota\":null}").or(Some(1)), None);
        assert_eq!(read("{\"quota\":2}").or(Some(1)), Some(2));
    }
}
