//! Values that must not be seen: hidden from logs, hashed or sealed at rest, wiped from memory.

use std::fmt;

use rand::RngExt as _;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize;

mod resealed;
mod sealed;
pub use resealed::Resealed;
pub use sealed::{KeyError, Keyring, SealError};

/// A value whose `Debug` output is its type's name only.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret<T: Zeroize = String>(T);

impl<T: Zeroize> Secret<T> {
    /// Hides `value`.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one call that needs it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl std::str::FromStr for Secret<String> {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Random text of `length` letters and digits, 5.95 bits each.
pub fn random_text(length: usize) -> String {
    let mut rng = rand::rng();
    (0..length)
        .map(|_| char::from(BASE62[rng.random_range(0..BASE62.len())]))
        .collect()
}

/// 43 letters and digits hold 256 bits.
const TOKEN_LENGTH: usize = 43;

/// A bearer secret: shown once, kept as its hash only.
pub struct OneTimeToken {
    /// What its owner keeps.
    pub text: Secret,
    /// What the database keeps.
    pub hash: Vec<u8>,
}

impl OneTimeToken {
    /// A new random one.
    pub fn generate() -> Self {
        let text = random_text(TOKEN_LENGTH);
        Self {
            hash: hash_token(&text),
            text: Secret::new(text),
        }
    }
}

/// SHA-256 of a token. Tokens have 256 bits of entropy, so a slow hash would add nothing.
pub fn hash_token(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_the_value() {
        assert_eq!(format!("{:?}", Secret::new("hunter42".to_owned())), "Secret(…)");
    }

    #[test]
    fn tokens_differ_and_match_their_hash() {
        let (one, other) = (OneTimeToken::generate(), OneTimeToken::generate());
        assert_ne!(one.text, other.text);
        assert_eq!(hash_token(one.text.expose()), one.hash);
    }
}
