//! Repositories for other features: what is sealed and sealed again, what of a tenant lies on the engine, and the lease of one.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{BackupRepositoryId, BackupTargetId, TenantId};

/// A tenant's repositories that lie in volumes, and their targets.
pub async fn volume_repositories(
    tx: &mut SystemTx,
    tenant: TenantId,
) -> Result<Vec<(BackupRepositoryId, BackupTargetId)>, Error> {
    let rows = sqlx::query!(
        "select r.id, t.id as target_id from backup_repository r join backup_target t on t.id = r.target_id \
         where r.tenant_id = $1 and t.kind = 'volume'",
        tenant.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| (BackupRepositoryId(row.id), BackupTargetId(row.target_id)))
        .collect())
}

/// Targets that are sealed with an older key than the newest; there are few.
pub async fn outdated_targets(
    tx: &mut SystemTx,
    newest: &[u8],
) -> Result<Vec<(BackupTargetId, Vec<u8>)>, Error> {
    let rows = sqlx::query!(
        r#"select id, sealed as "sealed!" from backup_target
           where sealed is not null and substring(sealed from 1 for length($1::bytea)) <> $1::bytea for update"#,
        newest
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (BackupTargetId(row.id), row.sealed)).collect())
}

/// Keeps a target as it is sealed now.
pub async fn save_target(tx: &mut SystemTx, id: BackupTargetId, sealed: &[u8]) -> Result<(), Error> {
    sqlx::query!("update backup_target set sealed = $2 where id = $1", id.0, sealed)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The next repositories whose key is sealed with an older key than the newest.
pub async fn outdated_keys(
    tx: &mut SystemTx,
    newest: &[u8],
    after: Option<BackupRepositoryId>,
    limit: i64,
) -> Result<Vec<(BackupRepositoryId, Vec<u8>)>, Error> {
    let rows = sqlx::query!(
        "select id, sealed_key from backup_repository \
         where substring(sealed_key from 1 for length($1::bytea)) <> $1::bytea and id > $2 order by id limit $3 for update",
        newest,
        after.map_or(Uuid::nil(), |id| id.0),
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| (BackupRepositoryId(row.id), row.sealed_key))
        .collect())
}

/// Keeps a repository's key as it is sealed now.
pub async fn save_key(tx: &mut SystemTx, id: BackupRepositoryId, sealed: &[u8]) -> Result<(), Error> {
    sqlx::query!(
        "update backup_repository set sealed_key = $2 where id = $1",
        id.0,
        sealed
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes the lease of one repository. Says whether it was free.
pub async fn claim_one(
    tx: &mut SystemTx,
    id: BackupRepositoryId,
    lease: Uuid,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update backup_repository set lease_id = $2, lease_until = $3 \
         where id = $1 and (lease_until is null or lease_until <= $4)",
        id.0,
        lease,
        until,
        now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}
