//! What came of sealing things again with the newest key.

use super::{Keyring, SealError};

/// How many were sealed again, and what no key opens.
#[derive(Debug, Default)]
pub struct Resealed {
    /// How many.
    pub sealed: u64,
    /// The contexts of those that stay as they were.
    pub unreadable: Vec<String>,
}

impl Resealed {
    /// A value as it is sealed with the newest key; nothing if no key opens it.
    pub fn again(
        &mut self,
        keyring: &Keyring,
        context: &str,
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, SealError> {
        let Ok(plain) = keyring.open(context, sealed) else {
            self.unreadable.push(context.to_owned());
            return Ok(None);
        };
        self.sealed += 1;
        keyring.seal(context, &plain).map(Some)
    }
}
