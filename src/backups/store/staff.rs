//! The repositories of all tenants, as staff see them.

use chrono::{DateTime, Utc};

use super::super::model::Checks;
use crate::platform::db::{Scoped as _, StaffTx};
use crate::platform::error::Error;
use crate::platform::ids::{BackupRepositoryId, OperationId, TenantId};

/// A tenant's repository, as staff see it.
pub struct Held {
    /// Its id.
    pub id: BackupRepositoryId,
    /// Whose it is.
    pub tenant: TenantId,
    /// What they are called.
    pub tenant_name: String,
    /// The name of where it is.
    pub target: String,
    /// Backups in it that are whole.
    pub backups: i64,
    /// Bytes that they take together.
    pub bytes: i64,
    /// When the newest of them was made.
    pub newest: Option<DateTime<Utc>>,
    /// What checks of it came to.
    pub checks: Checks,
    /// When the next is due; nothing before there is something to be checked.
    pub check_at: Option<DateTime<Utc>>,
    /// The check that somebody asked for and that is not over.
    pub checking: Option<OperationId>,
}

/// The repositories of all tenants, the largest first, at most so many.
pub async fn all_repositories(tx: &mut StaffTx, most: i64) -> Result<Vec<Held>, Error> {
    let rows = sqlx::query!(
        r#"select r.id, r.tenant_id, n.name as tenant_name, t.name as target, coalesce(h.backups, 0) as "backups!",
             coalesce(h.bytes, 0) as "bytes!", h.newest, r.checked_at, r.check_failed_at, r.check_error, r.check_at,
             r.check_operation_id
           from backup_repository r join backup_target t on t.id = r.target_id join tenant n on n.id = r.tenant_id
           left join (select repository_id, count(*) filter (where state = 'done') as backups,
                        sum(added_bytes)::bigint as bytes, max(finished_at) filter (where state = 'done') as newest
                      from backup group by repository_id) h on h.repository_id = r.id
           order by coalesce(h.bytes, 0) desc, r.id limit $1"#,
        most
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Held {
        id: BackupRepositoryId(row.id),
        tenant: TenantId(row.tenant_id),
        tenant_name: row.tenant_name,
        target: row.target,
        backups: row.backups,
        bytes: row.bytes,
        newest: row.newest,
        checks: Checks {
            passed_at: row.checked_at,
            failed_at: row.check_failed_at,
            error: row.check_error,
        },
        check_at: row.check_at,
        checking: row.check_operation_id.map(OperationId),
    });
    Ok(rows.collect())
}
