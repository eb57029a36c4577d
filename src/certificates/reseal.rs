//! Signing keys when the key of secrets at rest changes.

use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::secret::{Keyring, Resealed};

use super::signing;
use super::store;

/// Seals signing keys with the newest key; there are few.
pub async fn reseal(scope: &SystemScope, keyring: &Keyring) -> Result<Resealed, Error> {
    let mut tx = scope.begin().await?;
    let mut done = Resealed::default();
    for row in store::outdated_keys(&mut tx, &keyring.newest_id()).await? {
        if let Some(sealed) = done.again(keyring, &signing::context(row.id), &row.sealed)? {
            store::save_key(&mut tx, row.id, &sealed).await?;
        }
    }
    tx.commit().await?;
    Ok(done)
}
