//! DKIM keys: their names in DNS, and when one takes over from another and goes.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::error::Error;
use crate::platform::ids::MailKeyId;

/// How many days a retired key stays published: mail that it signed may be under way for five (RFC 5321, 4.5.4.1).
pub const KEPT_DAYS: i64 = 7;

/// What a key is for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailKeyState {
    /// It is being published, and signs nothing yet.
    Next,
    /// It signs.
    Active,
    /// It signs no more, and stays published while mail that it signed is under way.
    Retired,
}

impl MailKeyState {
    /// What the database has.
    pub fn read(word: &str) -> Self {
        match word {
            "next" => Self::Next,
            "active" => Self::Active,
            _ => Self::Retired,
        }
    }
}

/// A key, without its private half.
#[derive(Debug, Clone)]
#[expect(clippy::struct_field_names, reason = "RFC 6376 calls it so")]
pub struct Key {
    /// Its id.
    pub id: MailKeyId,
    /// Its name in DNS.
    pub selector: String,
    /// The value of `p=` in its record.
    pub public_key: String,
    /// What it is for now.
    pub state: MailKeyState,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it has signed.
    pub activated_at: Option<DateTime<Utc>>,
    /// Since when it has signed no more.
    pub retired_at: Option<DateTime<Utc>>,
}

impl Key {
    /// From when on it may be removed; nothing if another has to take over first.
    pub fn free_at(&self) -> Option<DateTime<Utc>> {
        match self.state {
            MailKeyState::Next => Some(self.created_at),
            MailKeyState::Active => None,
            MailKeyState::Retired => self.retired_at.map(|at| at + TimeDelta::days(KEPT_DAYS)),
        }
    }

    /// Refuses to remove what receivers may still ask for.
    pub fn check_removable(&self, now: DateTime<Utc>) -> Result<(), Error> {
        match self.free_at() {
            Some(at) if at <= now => Ok(()),
            Some(at) => Err(Error::conflict(
                "mail-key-under-way",
                format!(
                    "Mail that {} signed may still be under way. Keep its record, and remove the key after {}.",
                    self.selector,
                    at.format("%-d %b %Y %H:%M UTC")
                ),
            )),
            None => Err(Error::conflict(
                "mail-key-is-active",
                format!(
                    "{} signs this domain's mail. Let another key take over first.",
                    self.selector
                ),
            )),
        }
    }
}

/// The name of a domain's next key: the year and a letter, after those that are taken.
pub fn next_selector(year: i32, taken: &[String]) -> String {
    let prefix = format!("berth-{year}");
    let last = taken
        .iter()
        .filter_map(|name| number(name.strip_prefix(&prefix)?))
        .max();
    format!("{prefix}{}", letters(last.map_or(0, |last| last + 1)))
}

/// `a` is 0, `z` is 25, `aa` is 26.
fn letters(mut number: u32) -> String {
    let mut text = Vec::new();
    loop {
        let digit = u8::try_from(number % 26).unwrap_or_default();
        text.push(char::from(b'a' + digit));
        match (number / 26).checked_sub(1) {
            Some(rest) => number = rest,
            None => break,
        }
    }
    text.into_iter().rev().collect()
}

fn number(letters: &str) -> Option<u32> {
    let mut number: u32 = 0;
    for letter in letters.bytes() {
        let digit = letter.checked_sub(b'a').filter(|digit| *digit < 26)?;
        number = number.checked_mul(26)?.checked_add(u32::from(digit) + 1)?;
    }
    number.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(state: MailKeyState) -> Key {
        Key {
            id: MailKeyId(uuid::Uuid::nil()),
            selector: "berth-2026a".to_owned(),
            public_key: "MII".to_owned(),
            state,
            created_at: DateTime::UNIX_EPOCH,
            activated_at: None,
            retired_at: Some(DateTime::UNIX_EPOCH),
        }
    }

    #[test]
    fn selectors_go_on_after_the_last() {
        let next = |taken: &[&str]| {
            let taken: Vec<String> = taken.iter().map(|name| (*name).to_owned()).collect();
            next_selector(2026, &taken)
        };
        assert_eq!(next(&[]), "berth-2026a");
        assert_eq!(next(&["berth-2026a", "berth-2025q"]), "berth-2026b");
        assert_eq!(next(&["berth-2026b"]), "berth-2026c");
        assert_eq!(next(&["berth-2026z"]), "berth-2026aa");
        assert_eq!(next(&["berth-2026", "berth-2026-x"]), "berth-2026a");
    }

    #[test]
    fn a_key_goes_when_no_mail_of_its_is_under_way() {
        let now = DateTime::UNIX_EPOCH;
        let week = now + TimeDelta::days(KEPT_DAYS);
        assert!(key(MailKeyState::Next).check_removable(now).is_ok());
        assert_eq!(
            key(MailKeyState::Active)
                .check_removable(week)
                .unwrap_err()
                .code(),
            "mail-key-is-active"
        );
        let early = key(MailKeyState::Retired).check_removable(week - TimeDelta::seconds(1));
        assert_eq!(early.unwrap_err().code(), "mail-key-under-way");
        assert!(key(MailKeyState::Retired).check_removable(week).is_ok());
    }

    proptest! {
        #[test]
        fn letters_count(number in 0_u32..1_000_000) {
            prop_assert_eq!(super::number(&letters(number)), Some(number));
        }
    }
}
