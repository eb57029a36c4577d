//! The text of API tokens: `brt_<prefix>_<secret>_<checksum>`.
//!
//! The prefix (8 letters and digits) is kept and shown, so that people can tell tokens apart. The secret (43 letters and
//! digits, 256 bits) is shown once. The checksum is the CRC-32 (ISO-HDLC, as in zip) of all before the last underscore, as
//! six digits in base 62 (`0-9A-Za-z`): scanners for leaked secrets use it to tell a token from other text, and we use it
//! to refuse nonsense without asking the database. The database keeps the SHA-256 of the whole text.

use chrono::{DateTime, Duration, Utc};

use crate::platform::access::Permission;
use crate::platform::ids::{ServerId, TenantId, TokenId};
use crate::platform::secret::{Secret, hash_token, random_text};

const MARK: &str = "brt";
const PREFIX: usize = 8;
const SECRET: usize = 43;
const CHECKSUM: usize = 6;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const MAX_NAME: usize = 63;
const MAX_DAYS: i64 = 366;

/// A token as it is made, before its text is gone.
#[derive(Debug)]
pub struct NewToken {
    /// What its owner keeps.
    pub text: Secret,
    /// What the list shows.
    pub prefix: String,
    /// What the database keeps.
    pub hash: Vec<u8>,
}

impl NewToken {
    /// A random one.
    pub fn generate() -> Self {
        let prefix = random_text(PREFIX);
        let text = compose(&prefix, &random_text(SECRET));
        Self {
            hash: hash_token(&text),
            text: Secret::new(text),
            prefix,
        }
    }
}

fn compose(prefix: &str, secret: &str) -> String {
    let body = format!("{MARK}_{prefix}_{secret}");
    format!("{body}_{}", checksum(&body))
}

fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [0_u8; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[usize::try_from(rest % 62).unwrap_or_default()];
        rest /= 62;
    }
    digits.into_iter().map(char::from).collect()
}

/// Whether the text can be one of our tokens at all.
pub(crate) fn is_token(text: &str) -> bool {
    let Some((body, sum)) = text.rsplit_once('_') else {
        return false;
    };
    let mut parts = body.split('_');
    let mut next = |length: usize| {
        parts
            .next()
            .is_some_and(|part| part.len() == length && part.bytes().all(|c| c.is_ascii_alphanumeric()))
    };
    body.starts_with(MARK)
        && next(MARK.len())
        && next(PREFIX)
        && next(SECRET)
        && parts.next().is_none()
        && sum == checksum(body)
}

/// What a token is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenName(String);

/// The text is no name for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Use 1 to 63 characters in one line, such as what the token is for.")]
pub(crate) struct TokenNameError;

impl TokenName {
    /// One line of any script.
    pub(crate) fn parse(text: &str) -> Result<Self, TokenNameError> {
        let text = text.trim();
        let good = (1..=MAX_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(TokenNameError)
        }
    }

    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// How long a token works. There is none without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifetime(i64);

/// The text is no number of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Enter a whole number of days from 1 to 366.")]
pub(crate) struct LifetimeError;

impl Lifetime {
    /// A number of days, 1 to 366.
    pub(crate) fn parse(text: &str) -> Result<Self, LifetimeError> {
        let days = text.trim().parse().map_err(|_| LifetimeError)?;
        if (1..=MAX_DAYS).contains(&days) {
            Ok(Self(days))
        } else {
            Err(LifetimeError)
        }
    }

    /// When it ends.
    pub(crate) fn end(self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + Duration::days(self.0)
    }
}

/// A token as it is listed.
#[derive(Debug, Clone)]
pub struct ApiToken {
    /// Its id.
    pub id: TokenId,
    /// What its owner calls it.
    pub name: String,
    /// What its text starts with, after the mark.
    pub prefix: String,
    /// The tenant that it works in; absent for the staff area.
    pub tenant: Option<TenantId>,
    /// That tenant's name.
    pub tenant_name: Option<String>,
    /// The server that it works for, if it is a guest's.
    pub server: Option<ServerId>,
    /// What it may be used for. A scope that no longer exists is left out.
    pub scopes: Vec<Permission>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl ApiToken {
    /// The state in a word, and its tone on pages.
    pub fn state(&self, now: DateTime<Utc>) -> (&'static str, &'static str) {
        if self.revoked_at.is_some() {
            ("Revoked", "idle")
        } else if self.expires_at.is_some_and(|end| end <= now) {
            ("Expired", "idle")
        } else {
            ("Active", "good")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_checksum_is_the_documented_one() {
        // CRC-32/ISO-HDLC of "123456789" is 0xcbf43926 (the catalogue's check value), 3421780262.
        assert_eq!(checksum("123456789"), "3jZRME");
    }

    #[test]
    fn a_new_token_is_one() {
        let token = NewToken::generate();
        let text = token.text.expose();
        assert_eq!(text.len(), 3 + 1 + 8 + 1 + 43 + 1 + 6);
        assert!(is_token(text));
        assert!(text.starts_with(&format!("brt_{}_", token.prefix)));
        assert_eq!(hash_token(text), token.hash);
        assert_ne!(text, NewToken::generate().text.expose());
    }

    #[test]
    fn a_changed_letter_shows() {
        let text = compose("abcdefgh", &"s".repeat(43));
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'x' { b'y' } else { b'x' };
            assert!(!is_token(std::str::from_utf8(&changed).unwrap()), "at {at}");
        }
    }

    #[test]
    fn lifetimes_and_names_are_checked() {
        let end = Lifetime::parse(" 30 ")
            .unwrap()
            .end("2026-11-23T00:00:00Z".parse().unwrap());
        assert_eq!(end.to_rfc3339(), "2026-12-23T00:00:00+00:00");
        for bad in ["", "0", "-1", "367", "1.5", "never", "99999999999999999999"] {
            assert_eq!(Lifetime::parse(bad), Err(LifetimeError), "{bad}");
        }
        assert_eq!(TokenName::parse(" CI 🚢 ").unwrap().as_str(), "CI 🚢");
        for bad in ["", "  ", "a\nb", &"x".repeat(64)] {
            assert_eq!(TokenName::parse(bad), Err(TokenNameError));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_token_or_not(text in "\\PC*") {
            prop_assert!(!is_token(&text));
        }
    }
}
