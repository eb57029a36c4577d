//! Secrets of webhooks when the key of secrets at rest changes.

use uuid::Uuid;

use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::secret::{Keyring, Resealed};

use super::store;

/// Few enough that nobody waits for their locks.
const BATCH: i64 = 200;

/// What a secret is sealed for.
pub(super) fn context(id: Uuid) -> String {
    format!("webhook_secret|{id}")
}

/// Seals them with the newest key.
pub async fn reseal(scope: &SystemScope, keyring: &Keyring) -> Result<Resealed, Error> {
    let mut done = Resealed::default();
    let newest = keyring.newest_id();
    let mut after = None;
    loop {
        let mut tx = scope.begin().await?;
        let batch = store::outdated(&mut tx, &newest, after, BATCH).await?;
        let Some((last, _)) = batch.last() else { break };
        after = Some(*last);
        for (id, sealed) in &batch {
            if let Some(sealed) = done.again(keyring, &context(*id), sealed)? {
                store::save_sealed(&mut tx, *id, &sealed).await?;
            }
        }
        tx.commit().await?;
    }
    Ok(done)
}
