//! The hashes of people's passwords when the key of secrets at rest changes.

use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::ids::SharePersonId;
use crate::platform::secret::{Keyring, Resealed};

use super::store;

/// What a person's hashes are sealed for.
pub(super) fn context(person: SharePersonId) -> String {
    format!("share-person:{person}")
}

/// Seals them with the newest key.
pub async fn reseal(scope: &SystemScope, keyring: &Keyring) -> Result<Resealed, Error> {
    let mut tx = scope.begin().await?;
    let mut done = Resealed::default();
    for (person, sealed) in store::outdated(&mut tx, &keyring.newest_id()).await? {
        if let Some(sealed) = done.again(keyring, &context(person), &sealed)? {
            store::save_sealed(&mut tx, person, &sealed).await?;
        }
    }
    tx.commit().await?;
    Ok(done)
}
