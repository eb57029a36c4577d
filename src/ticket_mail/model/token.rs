//! Addresses that answers go to: `support+TOKEN@example.com`. The token says which ticket, for whom it was made and when, and is
//! signed, so that whoever does not know one cannot make one, nor any other of one.
//!
//! 25 bytes in base 32 of RFC 4648, without a bit to spare and in any size of letters, since servers change those: the ticket's number
//! (6 bytes), the day (2), who (5) and the beginning of an HMAC-SHA-256 over those (12, of which RFC 2104, 5, asks for 10).

use chrono::{DateTime, TimeDelta, Utc};
use ring::hmac;

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const NUMBER: usize = 6;
const SAID: usize = NUMBER + 2 + 5;
const BYTES: usize = SAID + 12;
/// As long as a token is.
pub const LENGTH: usize = BYTES / 5 * 8;
/// So many days an address works.
const WORKS: i64 = 180;

/// Makes and reads tokens.
pub struct Signer(hmac::Key);

/// What a token says that is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The number of the ticket.
    pub number: i64,
    who: [u8; 5],
}

impl Signer {
    /// With a secret of 32 random bytes.
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    fn beginning<const N: usize>(&self, parts: &[&[u8]]) -> [u8; N] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(part);
        }
        let tag = context.sign();
        std::array::from_fn(|at| tag.as_ref()[at])
    }

    fn who(&self, address: &str) -> [u8; 5] {
        self.beginning(&[b"who:", address.to_lowercase().as_bytes()])
    }

    fn mac(&self, said: &[u8]) -> [u8; 12] {
        self.beginning(&[b"reply:", said])
    }

    /// A token for whoever has an address.
    pub fn sign(&self, number: i64, address: &str, now: DateTime<Utc>) -> String {
        let mut said = [0; SAID];
        said[..NUMBER].copy_from_slice(&number.to_be_bytes()[2..]);
        said[NUMBER..NUMBER + 2].copy_from_slice(&day(now).to_be_bytes());
        said[NUMBER + 2..].copy_from_slice(&self.who(address));
        let mut whole = [0; BYTES];
        whole[..SAID].copy_from_slice(&said);
        whole[SAID..].copy_from_slice(&self.mac(&said));
        encode(&whole)
    }

    /// What a token says, if it is one of ours and still works.
    pub fn open(&self, token: &str, now: DateTime<Utc>) -> Option<Opened> {
        let whole = decode(token)?;
        let (said, mac) = whole.split_at(SAID);
        // All bytes are compared, whichever differs, so that the time tells nothing.
        let differs = mac
            .iter()
            .zip(self.mac(said))
            .fold(0, |all, (one, other)| all | (one ^ other));
        let made = i64::from(u16::from_be_bytes([said[NUMBER], said[NUMBER + 1]]));
        let age = i64::from(day(now)) - made;
        if differs != 0 || !(-1..=WORKS).contains(&age) {
            return None;
        }
        let number = said[..NUMBER]
            .iter()
            .fold(0, |all, byte| all << 8 | i64::from(*byte));
        Some(Opened {
            number,
            who: std::array::from_fn(|at| said[NUMBER + 2 + at]),
        })
    }

    /// Whether a token was made for whoever has an address.
    pub fn is_for(&self, opened: &Opened, address: &str) -> bool {
        opened.who == self.who(address)
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(…)")
    }
}

fn day(now: DateTime<Utc>) -> u16 {
    let days = (now - DateTime::UNIX_EPOCH).num_seconds() / TimeDelta::days(1).num_seconds();
    u16::try_from(days).unwrap_or(u16::MAX)
}

fn encode(bytes: &[u8; BYTES]) -> String {
    let groups = bytes.chunks(5).flat_map(|group| {
        let bits = group.iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        (0..8)
            .rev()
            .map(move |place| usize::try_from(bits >> (5 * place) & 31).unwrap_or_default())
    });
    groups.map(|digit| char::from(ALPHABET[digit])).collect()
}

fn decode(text: &str) -> Option<[u8; BYTES]> {
    if text.len() != LENGTH {
        return None;
    }
    let mut bytes = [0; BYTES];
    for (group, letters) in bytes.chunks_mut(5).zip(text.as_bytes().chunks(8)) {
        let mut bits = 0_u64;
        for letter in letters {
            let letter = letter.to_ascii_lowercase();
            let digit = ALPHABET.iter().position(|known| *known == letter)?;
            bits = bits << 5 | u64::try_from(digit).ok()?;
        }
        group.copy_from_slice(&bits.to_be_bytes()[3..]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn noon() -> DateTime<Utc> {
        "2026-03-10T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_token_says_what_it_was_made_of_for_half_a_year() {
        let signer = Signer::new(&[7; 32]);
        let token = signer.sign(4711, "Ada@example.com", noon());
        assert_eq!(token.len(), LENGTH);
        let opened = signer.open(&token.to_uppercase(), noon()).unwrap();
        assert_eq!(opened.number, 4711);
        assert!(signer.is_for(&opened, "ada@Example.com") && !signer.is_for(&opened, "eve@example.com"));
        for (days, works) in [(-2, false), (-1, true), (180, true), (181, false)] {
            let then = noon() + TimeDelta::days(days);
            assert_eq!(signer.open(&token, then).is_some(), works, "{days}");
        }
        assert_eq!(Signer::new(&[8; 32]).open(&token, noon()), None);
    }

    proptest! {
        #[test]
        fn any_altered_letter_is_refused(number in 0..1_i64 << 47, at in 0..LENGTH, by in 1..32_usize) {
            let signer = Signer::new(&[7; 32]);
            let token = signer.sign(number, "ada@example.com", noon());
            prop_assert_eq!(signer.open(&token, noon()).map(|opened| opened.number), Some(number));
            let mut letters = token.into_bytes();
            let digit = ALPHABET.iter().position(|known| *known == letters[at]).unwrap();
            letters[at] = ALPHABET[(digit + by) % 32];
            prop_assert_eq!(signer.open(&String::from_utf8(letters).unwrap(), noon()), None);
        }

        #[test]
        fn nothing_else_is_a_token(text in "\\PC{0,60}") {
            prop_assert_eq!(Signer::new(&[7; 32]).open(&text, noon()), None);
        }
    }
}
