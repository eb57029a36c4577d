//! What repositories hold, as the ledger of storage has it: one thing for each, since what backups share belongs to none of them.

use chrono::{DateTime, Utc};

use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::storage::{self, Kind};

use super::model::Backup;
use super::store;

/// Writes what the backup's repository holds, as part of whatever changed that.
pub(super) async fn count(tx: &mut SystemTx, backup: &Backup, now: DateTime<Utc>) -> Result<(), Error> {
    let held = store::held(tx, backup.repository).await?;
    storage::record(tx, backup.tenant, Kind::Backup, backup.repository.0, held, now).await
}
