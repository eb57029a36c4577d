//! What an organisation has altogether.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{BackupRepositoryId, TenantId};

use super::super::model::{Checks, Repository};

/// A tenant's repositories, by the name of where they are.
pub async fn repositories(tx: &mut impl Scoped, tenant: TenantId) -> Result<Vec<Repository>, Error> {
    let rows = sqlx::query!(
        r#"select r.id, t.name as target, r.key_shown_at, r.key_shown_by, r.checked_at, r.check_failed_at, r.check_error,
             (select count(*) from backup b where b.repository_id = r.id and b.state = 'done') as "backups!",
             (select coalesce(sum(b.added_bytes), 0)::bigint from backup b where b.repository_id = r.id) as "bytes!",
             (select max(b.finished_at) from backup b where b.repository_id = r.id and b.state = 'done') as newest
           from backup_repository r join backup_target t on t.id = r.target_id
           where r.tenant_id = $1 order by lower(t.name), r.id"#,
        tenant.0
    );
    let rows = rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(|row| Repository {
            id: BackupRepositoryId(row.id),
            target: row.target,
            backups: row.backups,
            bytes: row.bytes,
            newest: row.newest,
            key_shown_at: row.key_shown_at,
            key_shown_by: row.key_shown_by,
            checks: Checks {
                passed_at: row.checked_at,
                failed_at: row.check_failed_at,
                error: row.check_error,
            },
        });
    Ok(rows.collect())
}

/// Notes that a key is shown. Not if it was before.
pub async fn note_key_shown(
    tx: &mut TenantTx,
    id: BackupRepositoryId,
    (by, now): (&str, DateTime<Utc>),
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update backup_repository set key_shown_at = $2, key_shown_by = $3 where id = $1 and key_shown_at is null",
        id.0,
        now,
        by
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// How many backups a tenant has, whatever became of them.
pub async fn count_all(tx: &mut impl Scoped, tenant: TenantId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from backup where tenant_id = $1"#,
        tenant.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// How many things of a tenant's wait to be got back, or are.
pub async fn count_restores(tx: &mut TenantTx, tenant: TenantId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from backup_restore where tenant_id = $1 and state in ('waiting', 'running')"#,
        tenant.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}
