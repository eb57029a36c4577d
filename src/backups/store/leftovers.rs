//! Volumes of repositories that are gone.

use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{BackupTargetId, TenantId};

/// A volume that has to go.
#[derive(Debug)]
pub struct Leftover {
    pub(in super::super) id: Uuid,
    pub(in super::super) tenant: TenantId,
    pub(in super::super) target: BackupTargetId,
}

/// All of them.
pub async fn leftovers(tx: &mut SystemTx) -> Result<Vec<Leftover>, Error> {
    let rows = sqlx::query!("select id, former_tenant, target_id from backup_leftover limit 1000");
    let rows = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Leftover {
        id: row.id,
        tenant: TenantId(row.former_tenant),
        target: BackupTargetId(row.target_id),
    });
    Ok(rows.collect())
}

/// It is gone.
pub async fn forget_leftover(tx: &mut SystemTx, id: Uuid) -> Result<(), Error> {
    sqlx::query!("delete from backup_leftover where id = $1", id)
        .execute(tx.conn())
        .await?;
    Ok(())
}
