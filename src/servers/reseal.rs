//! Changing the key of secrets at rest: servers' secret variables, and what other features say that they have sealed. Whoever
//! seals something else adds it to [`reseal_others`].
//!
//! Every value tells its key, and the key file keeps the old keys, so at every moment each value can be opened: this may be
//! killed between any two steps and is finished by running it again.

use std::path::Path;

use uuid::Uuid;

use crate::backups;
use crate::certificates;
use crate::mail::fetches;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::secret::{KeyError, Keyring, Resealed};
use crate::shares;
use crate::ticket_mail;
use crate::webhooks;

use super::model::seal_context;
use super::store::{self, SealedVariable};

/// Few enough that nobody waits for their locks.
const BATCH: i64 = 200;

/// Why secrets are not all under the newest key.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The key file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The database.
    #[error(transparent)]
    Database(#[from] Error),
    /// Values that no key of the file opens. They were left as they are, and so were the keys.
    #[error("{} can't be opened with any key of the file: {}", .0.len(), .0.join(", "))]
    Unreadable(Vec<String>),
}

/// What a rotation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    /// Whether a new key was made; if not, a rotation that had been begun was finished.
    pub is_new: bool,
    /// How many secrets were sealed again.
    pub sealed: u64,
}

/// Makes a new key and seals every secret with it. If an earlier rotation was not finished, finishes that one instead.
pub async fn rotate_key(scope: &SystemScope, path: &Path) -> Result<Rotated, RotateError> {
    let present = Keyring::open_or_create(path)?;
    let left = store::count_outdated(&mut scope.begin().await?, &present.newest_id()).await?;
    let is_new = left == 0;
    let keyring = if is_new { Keyring::rotate(path)? } else { present };
    let sealed = reseal_all(scope, &keyring).await?;
    Ok(Rotated { is_new, sealed })
}

/// Takes the old keys out of the file, after it has sealed again whatever still needs them.
pub async fn forget_old_keys(scope: &SystemScope, path: &Path) -> Result<u64, RotateError> {
    let keyring = Keyring::open_or_create(path)?;
    let sealed = reseal_all(scope, &keyring).await?;
    Keyring::forget_old(path)?;
    Ok(sealed)
}

async fn reseal_all(scope: &SystemScope, keyring: &Keyring) -> Result<u64, RotateError> {
    let (mut sealed, mut unreadable) = (0, Vec::new());
    let mut after = Some((ServerId(Uuid::nil()), String::new()));
    while let Some(last) = after {
        let batch = reseal_batch(scope, keyring, last, BATCH).await?;
        sealed += batch.sealed;
        unreadable.extend(batch.unreadable);
        after = batch.last;
    }
    for others in reseal_others(scope, keyring).await? {
        sealed += others.sealed;
        unreadable.extend(others.unreadable);
    }
    if unreadable.is_empty() {
        Ok(sealed)
    } else {
        Err(RotateError::Unreadable(unreadable))
    }
}

/// What else is sealed and stays; what is sealed for a day only, such as answers that are kept for repeated requests, is none of it.
async fn reseal_others(scope: &SystemScope, keyring: &Keyring) -> Result<[Resealed; 6], Error> {
    Ok([
        backups::reseal(scope, keyring).await?,
        certificates::reseal(scope, keyring).await?,
        shares::reseal(scope, keyring).await?,
        fetches::reseal(scope, keyring).await?,
        webhooks::reseal(scope, keyring).await?,
        ticket_mail::reseal(scope, keyring).await?,
    ])
}

/// What one transaction did.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// How many were sealed again.
    pub(super) sealed: u64,
    /// Which could not be opened.
    unreadable: Vec<String>,
    /// The last one it looked at; none when there were no more.
    last: Option<(ServerId, String)>,
}

pub(super) async fn reseal_batch(
    scope: &SystemScope,
    keyring: &Keyring,
    after: (ServerId, String),
    limit: i64,
) -> Result<Batch, Error> {
    let mut tx = scope.begin().await?;
    let mut batch = Batch::default();
    for one in store::outdated(&mut tx, &keyring.newest_id(), (after.0, &after.1), limit).await? {
        let SealedVariable {
            server_id,
            key,
            sealed,
        } = one;
        let server = ServerId(server_id);
        let context = seal_context(&key, server);
        match keyring.open(&context, &sealed) {
            Ok(plain) => {
                store::reseal(&mut tx, server, &key, &keyring.seal(&context, &plain)?).await?;
                batch.sealed += 1;
            }
            Err(_) => batch.unreadable.push(format!("{key} of {server}")),
        }
        batch.last = Some((server, key));
    }
    tx.commit().await?;
    Ok(batch)
}
