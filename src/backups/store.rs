//! All SQL about backups.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::drivers::backup::{InBackup, Progress, Summary};
use crate::platform::db::{Scoped, StaffTx, SystemTx, TenantTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{
    BackupId, BackupRepositoryId, BackupRestoreId, BackupTargetId, ServerId, TenantId,
};

use super::model::{Backup, Restore, State};

/// A place that staff know.
pub struct Target {
    /// Its id.
    pub id: BackupTargetId,
    /// What people call it.
    pub name: String,
    /// `volume`, `sftp` or `s3`.
    pub kind: String,
    /// Where it is.
    pub address: String,
    /// Whether backups go there.
    pub is_default: bool,
}

/// All of them, by name.
pub async fn targets(tx: &mut StaffTx) -> Result<Vec<Target>, Error> {
    let rows =
        sqlx::query!("select id, name, kind, address, is_default from backup_target order by lower(name)");
    let all = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Target {
        id: BackupTargetId(row.id),
        name: row.name,
        kind: row.kind,
        address: row.address,
        is_default: row.is_default,
    });
    Ok(all.collect())
}

/// Adds one. Its name is taken: a conflict.
pub async fn add_target(
    tx: &mut StaffTx,
    target: &Target,
    sealed: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into backup_target (id, name, kind, address, sealed, created_at) values ($1, $2, $3, $4, $5, $6)",
        target.id.0,
        target.name,
        target.kind,
        target.address,
        sealed,
        now
    )
    .execute(tx.conn())
    .await
    .map_err(|error| {
        if violates(&error, "backup_target_name_key") {
            Error::invalid("name", "There is a target of this name already.")
        } else {
            error.into()
        }
    })?;
    Ok(())
}

/// Makes one that where backups go from now on.
pub async fn set_default(tx: &mut StaffTx, id: BackupTargetId) -> Result<(), Error> {
    sqlx::query!("update backup_target set is_default = false where is_default")
        .execute(tx.conn())
        .await?;
    let done = sqlx::query!("update backup_target set is_default = true where id = $1", id.0);
    match done.execute(tx.conn()).await?.rows_affected() {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    }
}

/// Where backups go.
pub async fn default_target(tx: &mut TenantTx) -> Result<Option<BackupTargetId>, Error> {
    let found = sqlx::query_scalar!("select id from backup_target where is_default");
    Ok(found.fetch_optional(tx.conn()).await?.map(BackupTargetId))
}

/// The tenant's repository at a target, if it has one.
pub async fn repository(
    tx: &mut TenantTx,
    (tenant, target): (TenantId, BackupTargetId),
) -> Result<Option<BackupRepositoryId>, Error> {
    let found = sqlx::query_scalar!(
        "select id from backup_repository where tenant_id = $1 and target_id = $2",
        tenant.0,
        target.0
    );
    Ok(found.fetch_optional(tx.conn()).await?.map(BackupRepositoryId))
}

/// Makes one, unless somebody else just did.
pub async fn add_repository(
    tx: &mut TenantTx,
    id: BackupRepositoryId,
    (tenant, target): (TenantId, BackupTargetId),
    (sealed_key, now): (&[u8], DateTime<Utc>),
) -> Result<(), Error> {
    sqlx::query!(
        "insert into backup_repository (id, tenant_id, target_id, sealed_key, created_at) values ($1, $2, $3, $4, $5) \
         on conflict on constraint backup_repository_key do nothing",
        id.0,
        tenant.0,
        target.0,
        sealed_key,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Somebody has to look at a repository.
pub async fn poke(tx: &mut TenantTx, id: BackupRepositoryId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update backup_repository set next_attempt_at = $2 where id = $1",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many backups a server has.
pub async fn count(tx: &mut TenantTx, server: ServerId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from backup where server_id = $1"#,
        server.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Adds a backup that waits. Says whether it could: a server has one under way.
pub async fn add(tx: &mut TenantTx, backup: &Backup) -> Result<bool, Error> {
    let added = sqlx::query!(
        "insert into backup (id, tenant_id, repository_id, server_id, server_name, state, asked_by, created_at) \
         values ($1, $2, $3, $4, $5, 'waiting', $6, $7) \
         on conflict (server_id) where state in ('waiting', 'running') do nothing",
        backup.id.0,
        backup.tenant.0,
        backup.repository.0,
        backup.server.map(|server| server.0),
        backup.server_name,
        backup.asked_by,
        backup.created_at
    );
    Ok(added.execute(tx.conn()).await?.rows_affected() > 0)
}

struct Row {
    id: Uuid,
    tenant_id: Uuid,
    repository_id: Uuid,
    server_id: Option<Uuid>,
    server_name: String,
    state: String,
    asked_by: String,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    done_bytes: i64,
    total_bytes: i64,
    added_bytes: i64,
    snapshot: Option<String>,
    error: Option<String>,
}

impl TryFrom<Row> for Backup {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: BackupId(row.id),
            tenant: TenantId(row.tenant_id),
            repository: BackupRepositoryId(row.repository_id),
            server: row.server_id.map(ServerId),
            server_name: row.server_name,
            state: State::parse(&row.state)?,
            asked_by: row.asked_by,
            created_at: row.created_at,
            finished_at: row.finished_at,
            done_bytes: row.done_bytes,
            total_bytes: row.total_bytes,
            added_bytes: row.added_bytes,
            snapshot: row.snapshot,
            error: row.error,
        })
    }
}

/// A server's backups, newest first. There are at most [`MOST`](super::model::MOST).
pub async fn list(tx: &mut TenantTx, server: ServerId) -> Result<Vec<Backup>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, tenant_id, repository_id, server_id, server_name, state, asked_by, created_at, finished_at, done_bytes, \
         total_bytes, added_bytes, snapshot, error from backup where server_id = $1 order by created_at desc, id desc",
        server.0
    );
    rows.fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Backup::try_from)
        .collect()
}

/// One of a server's.
pub async fn find(tx: &mut impl Scoped, (server, id): (ServerId, BackupId)) -> Result<Backup, Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, tenant_id, repository_id, server_id, server_name, state, asked_by, created_at, finished_at, done_bytes, \
         total_bytes, added_bytes, snapshot, error from backup where id = $1 and server_id = $2",
        id.0,
        server.0
    );
    row.fetch_optional(tx.conn())
        .await?
        .ok_or(Error::NotFound)?
        .try_into()
}

/// Says that one is to go. Nothing if it is being made, or goes already.
pub async fn set_deleting(tx: &mut TenantTx, id: BackupId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update backup set state = 'deleting' where id = $1 and state in ('done', 'failed')",
        id.0
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Adds a wish to get something back.
pub async fn add_restore(
    tx: &mut TenantTx,
    backup: &Backup,
    restore: &Restore,
    (asked_by, now): (&str, DateTime<Utc>),
) -> Result<(), Error> {
    sqlx::query!(
        "insert into backup_restore (id, tenant_id, backup_id, server_id, volume, path, name, state, asked_by, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, $9)",
        restore.id.0,
        backup.tenant.0,
        backup.id.0,
        restore.server.0,
        restore.what.volume(),
        restore.what.path(),
        restore.name,
        asked_by,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What was got back from a backup, newest first.
pub async fn restores(tx: &mut impl Scoped, backup: BackupId) -> Result<Vec<Restore>, Error> {
    let rows = sqlx::query!(
        "select id, server_id, volume, path, name, state, error from backup_restore where backup_id = $1 \
         order by created_at desc, id desc limit 20",
        backup.0
    );
    let read = |id, server, (volume, path): (String, String), name, state: String, error| {
        let what = InBackup::new(&volume, &path);
        Ok(Restore {
            id: BackupRestoreId(id),
            server: ServerId(server),
            what: what.ok_or_else(|| Error::Internal("a restore of nowhere".into()))?,
            name,
            state: State::parse(&state)?,
            error,
        })
    };
    let all = rows.fetch_all(tx.conn()).await?.into_iter();
    all.map(|row| {
        read(
            row.id,
            row.server_id,
            (row.volume, row.path),
            row.name,
            row.state,
            row.error,
        )
    })
    .collect()
}

/// A repository under our lease, and what it takes to get there.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Which.
    pub id: BackupRepositoryId,
    /// The lease.
    pub lease: Uuid,
    /// How often it failed in a row.
    pub failures: i32,
}

/// Takes what is due under a lease, at most `limit`.
pub async fn claim(
    tx: &mut SystemTx,
    lease: Uuid,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Claimed>, Error> {
    let rows = sqlx::query!(
        "update backup_repository set lease_id = $1, lease_until = $2, next_attempt_at = null where id in ( \
           select id from backup_repository where (next_attempt_at <= $3 and lease_until is null) or lease_until <= $3 \
           order by next_attempt_at nulls first limit $4 for update skip locked) \
         returning id, error_count",
        lease,
        until,
        now,
        limit
    );
    let claimed = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Claimed {
        id: BackupRepositoryId(row.id),
        lease,
        failures: row.error_count,
    });
    Ok(claimed.collect())
}

/// Keeps the lease. Says whether we still have it.
pub async fn renew(tx: &mut SystemTx, claimed: &Claimed, until: DateTime<Utc>) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update backup_repository set lease_until = $3 where id = $1 and lease_id = $2",
        claimed.id.0,
        claimed.lease,
        until
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Gives the lease back. With `until` it is due again then.
pub async fn release(
    tx: &mut SystemTx,
    claimed: &Claimed,
    (has_failed, until): (bool, Option<DateTime<Utc>>),
) -> Result<(), Error> {
    sqlx::query!(
        "update backup_repository set lease_id = null, lease_until = null, \
         next_attempt_at = least(next_attempt_at, $3), \
         error_count = case when $4 then error_count + 1 else 0 end where id = $1 and lease_id = $2",
        claimed.id.0,
        claimed.lease,
        until,
        has_failed
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What opens a repository, sealed.
pub struct Opener {
    /// Which.
    pub id: BackupRepositoryId,
    /// Whose.
    pub tenant: TenantId,
    /// Where.
    pub target: BackupTargetId,
    /// Its key.
    pub key: Vec<u8>,
    /// The target's address; absent for volumes.
    pub address: Option<Vec<u8>>,
}

/// What opens a repository.
pub async fn opener(tx: &mut SystemTx, id: BackupRepositoryId) -> Result<Opener, Error> {
    let row = sqlx::query!(
        r#"select r.target_id, r.tenant_id, r.sealed_key, t.sealed as "sealed?" from backup_repository r
           join backup_target t on t.id = r.target_id where r.id = $1"#,
        id.0
    );
    let row = row.fetch_one(tx.conn()).await?;
    Ok(Opener {
        id,
        tenant: TenantId(row.tenant_id),
        target: BackupTargetId(row.target_id),
        key: row.sealed_key,
        address: row.sealed,
    })
}

/// What opens one of the tenant's own.
pub async fn own_opener(tx: &mut TenantTx, id: BackupRepositoryId) -> Result<Opener, Error> {
    let row = sqlx::query!(
        r#"select target_id as "target_id!", tenant_id as "tenant_id!", sealed_key as "sealed_key!", sealed as "sealed?"
           from backup_repository_secrets($1)"#,
        id.0
    );
    let row = row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    Ok(Opener {
        id,
        tenant: TenantId(row.tenant_id),
        target: BackupTargetId(row.target_id),
        key: row.sealed_key,
        address: row.sealed,
    })
}

/// What is to be done in a repository, oldest first.
pub enum Job {
    /// Make this backup.
    Make(Backup),
    /// Remove this one.
    Remove(Backup),
    /// Get this back from that backup.
    GetBack(Backup, Restore),
}

/// The next thing to do. What was under way when a panel died comes first.
pub async fn next(tx: &mut SystemTx, repository: BackupRepositoryId) -> Result<Option<Job>, Error> {
    let restore = sqlx::query!(
        r#"select r.id, r.backup_id, b.server_id as "server_id?" from backup_restore r join backup b on b.id = r.backup_id
           where b.repository_id = $1 and r.state in ('waiting', 'running') order by r.created_at limit 1"#,
        repository.0
    );
    if let Some(row) = restore.fetch_optional(tx.conn()).await? {
        let backup = by_id(tx, BackupId(row.backup_id)).await?;
        let all = restores(tx, backup.id).await?;
        let restore = all.into_iter().find(|restore| restore.id.0 == row.id);
        return Ok(restore.map(|restore| Job::GetBack(backup, restore)));
    }
    let due = sqlx::query_scalar!(
        "select id from backup where repository_id = $1 and state in ('waiting', 'running', 'deleting') \
         order by created_at limit 1",
        repository.0
    );
    let Some(id) = due.fetch_optional(tx.conn()).await? else {
        return Ok(None);
    };
    let backup = by_id(tx, BackupId(id)).await?;
    Ok(Some(match backup.state {
        State::Deleting => Job::Remove(backup),
        _ => Job::Make(backup),
    }))
}

async fn by_id(tx: &mut SystemTx, id: BackupId) -> Result<Backup, Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, tenant_id, repository_id, server_id, server_name, state, asked_by, created_at, finished_at, done_bytes, \
         total_bytes, added_bytes, snapshot, error from backup where id = $1",
        id.0
    );
    row.fetch_one(tx.conn()).await?.try_into()
}

/// It has begun, or goes on.
pub async fn note(
    tx: &mut SystemTx,
    id: BackupId,
    progress: Progress,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update backup set state = 'running', started_at = coalesce(started_at, $2), done_bytes = $3, total_bytes = $4 \
         where id = $1 and state in ('waiting', 'running')",
        id.0,
        now,
        i64::try_from(progress.done).unwrap_or(i64::MAX),
        i64::try_from(progress.total).unwrap_or(i64::MAX)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// It is whole.
pub async fn finish(
    tx: &mut SystemTx,
    id: BackupId,
    summary: &Summary,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let bytes = i64::try_from(summary.bytes).unwrap_or(i64::MAX);
    sqlx::query!(
        "update backup set state = 'done', finished_at = $2, snapshot = $3, done_bytes = $4, total_bytes = $4, \
         added_bytes = $5, error = null where id = $1",
        id.0,
        now,
        summary.snapshot,
        bytes,
        i64::try_from(summary.added).unwrap_or(i64::MAX)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// It will not be.
pub async fn fail(tx: &mut SystemTx, id: BackupId, error: &str, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update backup set state = 'failed', finished_at = $2, error = $3 where id = $1",
        id.0,
        now,
        error
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// It is gone.
pub async fn erase(tx: &mut SystemTx, id: BackupId) -> Result<(), Error> {
    sqlx::query!("delete from backup where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// How getting something back ended.
pub async fn end_restore(
    tx: &mut SystemTx,
    id: BackupRestoreId,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update backup_restore set state = case when $2::text is null then 'done' else 'failed' end, error = $2, \
         finished_at = $3 where id = $1",
        id.0,
        error,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The sealed keys of all repositories.
#[cfg(all(test, feature = "testing"))]
pub async fn keys(tx: &mut SystemTx) -> Result<Vec<Vec<u8>>, Error> {
    let keys = sqlx::query_scalar!("select sealed_key from backup_repository");
    Ok(keys.fetch_all(tx.conn()).await?)
}
