//! Checks of repositories: when the next is due, what came of the last, and which repositories none passes of.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::super::model::FailedCheck;
use super::queue::Claimed;
use crate::platform::db::{Scoped, StaffTx, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{BackupRepositoryId, OperationId, TenantId};

/// Takes repositories under a lease whose check is due and which have nothing else to do, at most `limit`; first those whose check
/// somebody asked for.
pub async fn claim_checks(
    tx: &mut SystemTx,
    lease: Uuid,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Claimed>, Error> {
    let rows = sqlx::query!(
        "update backup_repository set lease_id = $1, lease_until = $2 where id in ( \
           select id from backup_repository where (check_at <= $3 or check_operation_id is not null) \
             and next_attempt_at is null and lease_until is null \
           order by check_operation_id is null, check_at limit $4 for update skip locked) \
         returning id, error_count, cut_offs, check_cut_offs",
        lease,
        until,
        now,
        limit
    );
    let claimed = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Claimed {
        id: BackupRepositoryId(row.id),
        lease,
        failures: row.error_count,
        cut_offs: row.cut_offs,
        check_cut_offs: row.check_cut_offs,
        is_check: true,
    });
    Ok(claimed.collect())
}

/// Whether a repository's check is due, or somebody asked for one.
pub async fn is_check_due(
    tx: &mut SystemTx,
    id: BackupRepositoryId,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from backup_repository
             where id = $1 and (check_at <= $2 or check_operation_id is not null)) as "due!""#,
        id.0,
        now
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// There is something whole in a repository: it is checked then, unless a check is ahead already.
pub async fn expect_check(tx: &mut SystemTx, id: BackupRepositoryId, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update backup_repository set check_at = $2 where id = $1 and check_at is null",
        id.0,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The work of whoever asked for a repository's check.
pub async fn check_operation(
    tx: &mut SystemTx,
    id: BackupRepositoryId,
) -> Result<Option<OperationId>, Error> {
    let found = sqlx::query_scalar!(
        "select check_operation_id from backup_repository where id = $1",
        id.0
    );
    Ok(found.fetch_one(tx.conn()).await?.map(OperationId))
}

/// A check that is over.
pub struct EndedCheck {
    /// Whose repository it is.
    pub tenant: TenantId,
    /// The name of where it is.
    pub target: String,
    /// Whether the check before it failed.
    pub was_failing: bool,
    /// The work of whoever asked for it, also while it went on.
    pub operation: Option<OperationId>,
}

/// Writes how a check ended and when the next is due. Nothing if the lease is somebody else's.
pub async fn end_check(
    tx: &mut SystemTx,
    claimed: &Claimed,
    (failure, next): (Option<&str>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<Option<EndedCheck>, Error> {
    let row = sqlx::query!(
        r#"select r.tenant_id, t.name as target, r.check_failed_at is not null as "was_failing!", r.check_operation_id
           from backup_repository r join backup_target t on t.id = r.target_id
           where r.id = $1 and r.lease_id = $2 for update of r"#,
        claimed.id.0,
        claimed.lease
    );
    let Some(row) = row.fetch_optional(tx.conn()).await? else {
        return Ok(None);
    };
    sqlx::query!(
        "update backup_repository set check_at = $2, check_operation_id = null, check_cut_offs = 0, check_error = $3, \
         checked_at = case when $3::text is null then $4 else checked_at end, \
         check_failed_at = case when $3::text is null then null else coalesce(check_failed_at, $4) end where id = $1",
        claimed.id.0,
        next,
        failure,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(Some(EndedCheck {
        tenant: TenantId(row.tenant_id),
        target: row.target,
        was_failing: row.was_failing,
        operation: row.check_operation_id.map(OperationId),
    }))
}

/// A repository that somebody wants to be checked.
pub struct Checked {
    /// Whose it is.
    pub tenant: TenantId,
    /// The name of where it is.
    pub target: String,
    /// Whether there is something in it to be checked.
    pub is_filled: bool,
    /// Whether somebody asked already.
    pub is_asked: bool,
}

/// One that nobody else changes until the transaction ends.
pub async fn lock_repository(tx: &mut StaffTx, id: BackupRepositoryId) -> Result<Checked, Error> {
    let row = sqlx::query!(
        r#"select r.tenant_id, t.name as target, r.check_at is not null as "is_filled!",
             r.check_operation_id is not null as "is_asked!"
           from backup_repository r join backup_target t on t.id = r.target_id where r.id = $1 for update of r"#,
        id.0
    );
    let row = row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    Ok(Checked {
        tenant: TenantId(row.tenant_id),
        target: row.target,
        is_filled: row.is_filled,
        is_asked: row.is_asked,
    })
}

/// A check is wanted at once, and reports to this. What is tried again later is tried now.
pub async fn ask_check(
    tx: &mut StaffTx,
    id: BackupRepositoryId,
    operation: OperationId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update backup_repository set check_operation_id = $3, \
         next_attempt_at = case when next_attempt_at > $2 then $2 else next_attempt_at end where id = $1",
        id.0,
        now,
        operation.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Repositories of a tenant, or of all, that no check passes of, at most so many, the newest first.
pub async fn failed_checks(
    tx: &mut impl Scoped,
    tenant: Option<TenantId>,
    most: i64,
) -> Result<Vec<FailedCheck>, Error> {
    let rows = sqlx::query!(
        r#"select n.name as tenant_name, t.name as target, r.check_error as "reason!", r.check_failed_at as "since!"
           from backup_repository r join backup_target t on t.id = r.target_id join tenant n on n.id = r.tenant_id
           where r.check_failed_at is not null and ($1::uuid is null or r.tenant_id = $1)
           order by r.check_failed_at desc limit $2"#,
        tenant.map(|id| id.0),
        most
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    let all = rows.into_iter().map(|row| FailedCheck {
        tenant_name: row.tenant_name,
        target: row.target,
        reason: row.reason,
        since: row.since,
    });
    Ok(all.collect())
}

/// How many there are.
pub async fn count_failed_checks(tx: &mut impl Scoped, tenant: Option<TenantId>) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from backup_repository
           where check_failed_at is not null and ($1::uuid is null or tenant_id = $1)"#,
        tenant.map(|id| id.0)
    );
    Ok(count.fetch_one(tx.conn()).await?)
}
