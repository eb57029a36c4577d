//! Keys of repositories, and what opens targets, when the key of secrets at rest changes.

use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::secret::{Keyring, Resealed};

use super::actions::key_context;
use super::store;
use super::target;

/// Few enough that nobody waits for their locks.
const BATCH: i64 = 200;

/// Seals them with the newest key.
pub async fn reseal(scope: &SystemScope, keyring: &Keyring) -> Result<Resealed, Error> {
    let mut done = Resealed::default();
    let newest = keyring.newest_id();
    let mut tx = scope.begin().await?;
    for (id, sealed) in store::outdated_targets(&mut tx, &newest).await? {
        if let Some(sealed) = done.again(keyring, &target::context(id), &sealed)? {
            store::save_target(&mut tx, id, &sealed).await?;
        }
    }
    tx.commit().await?;
    let mut after = None;
    loop {
        let mut tx = scope.begin().await?;
        let batch = store::outdated_keys(&mut tx, &newest, after, BATCH).await?;
        let Some((last, _)) = batch.last() else { break };
        after = Some(*last);
        for (id, sealed) in &batch {
            if let Some(sealed) = done.again(keyring, &key_context(*id), sealed)? {
                store::save_key(&mut tx, *id, &sealed).await?;
            }
        }
        tx.commit().await?;
    }
    Ok(done)
}
