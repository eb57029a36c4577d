//! The key that certificates are signed with: 32 random bytes, sealed like every secret, from which the pair follows.

use ring::signature::{Ed25519KeyPair, KeyPair as _};
use zeroize::Zeroizing;

use crate::platform::error::Error;
use crate::platform::ids::SigningKeyId;

/// The length of a seed.
const SEED: usize = 32;

/// Where a seed is kept, for sealing.
pub fn context(id: SigningKeyId) -> String {
    format!("signing_key|{id}")
}

/// A pair of keys.
pub struct Pair(Ed25519KeyPair);

impl Pair {
    /// New ones, and the seed that they follow from.
    pub fn generate() -> Result<(Self, Zeroizing<[u8; SEED]>), Error> {
        use rand::RngExt as _;
        let seed = Zeroizing::new(rand::rng().random::<[u8; SEED]>());
        Ok((Self::of(&seed[..])?, seed))
    }

    /// Those of a seed.
    pub fn of(seed: &[u8]) -> Result<Self, Error> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        pair.map(Self)
            .map_err(|_| Error::internal("a signing key is damaged"))
    }

    /// The half that everybody may know.
    pub fn public_key(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_vec()
    }

    /// Signs a text.
    pub fn sign(&self, text: &str) -> Vec<u8> {
        self.0.sign(text.as_bytes()).as_ref().to_vec()
    }
}
