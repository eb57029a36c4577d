//! Passwords for one program each. They are made here, never chosen, so that a plain hash of them is enough and can be looked up.

use chrono::{DateTime, Utc};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::platform::ids::AppPasswordId;
use crate::platform::secret::{Secret, hash_token};

/// Base 32 without capitals (RFC 4648, 6): 5 bits a character, and none that people take for another.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// 8 groups of 4 characters: 160 bits.
const GROUPS: usize = 8;
const GROUP: usize = 4;
/// What one is called, at most, in characters.
const MAX_TITLE: usize = 63;

/// What a program may sign in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AppPasswordProtocol {
    /// Read mail where it lies.
    Imap,
    /// Fetch mail.
    Pop3,
    /// Send mail.
    Smtp,
    /// Change filters.
    Sieve,
}

impl AppPasswordProtocol {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Imap, Self::Pop3, Self::Smtp, Self::Sieve];

    /// As it is written down.
    pub fn word(self) -> &'static str {
        match self {
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Smtp => "smtp",
            Self::Sieve => "sieve",
        }
    }

    /// Reads what was written down.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Imap => "IMAP",
            Self::Pop3 => "POP3",
            Self::Smtp => "SMTP",
            Self::Sieve => "ManageSieve",
        }
    }
}

/// A password for one program, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppPassword {
    /// Its id.
    pub id: AppPasswordId,
    /// What it is called.
    pub name: String,
    /// What it is good for.
    pub protocols: Vec<AppPasswordProtocol>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was used last.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// One as it is made, before its text is gone.
#[derive(Debug)]
pub struct NewAppPassword {
    /// What is typed into the program, dashes and all.
    pub text: Secret,
    /// What the database keeps: the SHA-256 of exactly that, in hex.
    pub digest: String,
}

impl NewAppPassword {
    /// A random one.
    pub fn generate() -> Self {
        let mut rng = rand::rng();
        let mut letter = || char::from(LETTERS[rng.random_range(0..LETTERS.len())]);
        let groups: Vec<String> = (0..GROUPS)
            .map(|_| (0..GROUP).map(|_| letter()).collect())
            .collect();
        let text = groups.join("-");
        Self {
            digest: digest(&text),
            text: Secret::new(text),
        }
    }
}

fn digest(text: &str) -> String {
    let digits = b"0123456789abcdef";
    let nibbles = hash_token(text)
        .into_iter()
        .flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles
        .map(|nibble| char::from(digits[usize::from(nibble)]))
        .collect()
}

/// What a password is called: which program on which device has it.
pub fn check_title(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let is_good = (1..=MAX_TITLE).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if is_good {
        Ok(text.to_owned())
    } else {
        Err("Use 1 to 63 characters in one line, such as the program and the device.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_what_is_typed() {
        // FIPS 180-4's own example.
        assert_eq!(
            digest("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let made = NewAppPassword::generate();
        assert_eq!(digest(made.text.expose()), made.digest);
    }

    #[test]
    fn a_new_one_has_160_bits_in_groups() {
        let made = NewAppPassword::generate();
        let groups: Vec<&str> = made.text.expose().split('-').collect();
        assert_eq!(groups.len(), 8);
        for group in groups {
            assert_eq!(group.len(), 4);
            assert!(group.bytes().all(|c| LETTERS.contains(&c)), "{group}");
        }
        assert_ne!(made.digest, NewAppPassword::generate().digest);
    }

    #[test]
    fn titles_and_protocols() {
        assert_eq!(check_title(" Thunderbird 🖥 ").as_deref(), Ok("Thunderbird 🖥"));
        for bad in ["", " ", "a\r\nb", &"x".repeat(64)] {
            assert!(check_title(bad).is_err(), "{bad:?}");
        }
        for protocol in AppPasswordProtocol::ALL {
            assert_eq!(AppPasswordProtocol::read(protocol.word()), Some(protocol));
        }
        assert_eq!(AppPasswordProtocol::read("ftp"), None);
    }
}
