//! Repositories, backups and what is got back from them, as their tenant has them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::super::model::{Backup, Of, Reason, Restore, State};
use crate::drivers::backup::InBackup;
use crate::platform::db::{Scoped, SystemTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{
    BackupId, BackupRepositoryId, BackupRestoreId, BackupTargetId, OperationId, ScheduleId, ServerId,
    StackId, TenantId, VolumeId,
};

/// Where backups go.
pub async fn default_target(tx: &mut impl Scoped) -> Result<Option<BackupTargetId>, Error> {
    let found = sqlx::query_scalar!("select id from backup_target where is_default");
    Ok(found.fetch_optional(tx.conn()).await?.map(BackupTargetId))
}

/// The tenant's repository at a target, if it has one.
pub async fn repository(
    tx: &mut impl Scoped,
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
    tx: &mut impl Scoped,
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
pub async fn poke(tx: &mut impl Scoped, id: BackupRepositoryId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update backup_repository set next_attempt_at = $2 where id = $1",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many backups a server or volume has.
pub async fn count(tx: &mut impl Scoped, of: Of) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from backup where server_id = $1 or volume_id = $1"#,
        of.uuid()
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Adds a backup that waits. Says whether it could: a server or volume has one under way.
pub async fn add(tx: &mut impl Scoped, backup: &Backup) -> Result<bool, Error> {
    let retention = backup.retention.map(serde_json::to_value).transpose();
    let added = sqlx::query!(
        "insert into backup (id, tenant_id, repository_id, server_id, server_name, state, asked_by, created_at, reason, \
         operation_id, schedule_id, retention, volume_id, is_of_volume) \
         values ($1, $2, $3, $4, $5, 'waiting', $6, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing",
        backup.id.0,
        backup.tenant.0,
        backup.repository.0,
        backup.server.map(|server| server.0),
        backup.server_name,
        backup.asked_by,
        backup.created_at,
        backup.reason.word(),
        backup.operation.map(|operation| operation.0),
        backup.schedule.map(|schedule| schedule.0),
        retention.map_err(Error::internal)?,
        backup.volume.map(|volume| volume.0),
        backup.is_of_volume
    );
    Ok(added.execute(tx.conn()).await?.rows_affected() > 0)
}

struct Row {
    id: Uuid,
    tenant_id: Uuid,
    repository_id: Uuid,
    server_id: Option<Uuid>,
    volume_id: Option<Uuid>,
    is_of_volume: bool,
    server_name: String,
    state: String,
    reason: String,
    operation_id: Option<Uuid>,
    schedule_id: Option<Uuid>,
    retention: Option<serde_json::Value>,
    asked_by: String,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    done_bytes: i64,
    total_bytes: i64,
    added_bytes: i64,
    snapshot: Option<String>,
    error: Option<String>,
    about: Option<serde_json::Value>,
}

impl TryFrom<Row> for Backup {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: BackupId(row.id),
            tenant: TenantId(row.tenant_id),
            repository: BackupRepositoryId(row.repository_id),
            server: row.server_id.map(ServerId),
            volume: row.volume_id.map(VolumeId),
            is_of_volume: row.is_of_volume,
            server_name: row.server_name,
            state: State::parse(&row.state)?,
            reason: Reason::parse(&row.reason)?,
            operation: row.operation_id.map(OperationId),
            schedule: row.schedule_id.map(ScheduleId),
            retention: row
                .retention
                .map(serde_json::from_value)
                .transpose()
                .map_err(Error::internal)?,
            asked_by: row.asked_by,
            created_at: row.created_at,
            finished_at: row.finished_at,
            done_bytes: row.done_bytes,
            total_bytes: row.total_bytes,
            added_bytes: row.added_bytes,
            snapshot: row.snapshot,
            error: row.error,
            about: row
                .about
                .map(serde_json::from_value)
                .transpose()
                .map_err(Error::internal)?,
        })
    }
}

/// The backups that the text says.
macro_rules! backups {
    ($which:literal, $($value:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            "select id, tenant_id, repository_id, server_id, volume_id, is_of_volume, server_name, state, reason, operation_id, \
             schedule_id, retention, asked_by, created_at, finished_at, done_bytes, total_bytes, added_bytes, snapshot, error, about from backup "
                + $which,
            $($value),+
        )
    };
}

/// The backups of a server or volume, newest first. There are at most 60.
pub async fn list(tx: &mut TenantTx, of: Of) -> Result<Vec<Backup>, Error> {
    let rows = backups!(
        "where server_id = $1 or volume_id = $1 order by created_at desc, id desc",
        of.uuid()
    );
    rows.fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Backup::try_from)
        .collect()
}

/// One of a server's or volume's.
pub async fn find(tx: &mut impl Scoped, (of, id): (Of, BackupId)) -> Result<Backup, Error> {
    let row = backups!(
        "where id = $1 and (server_id = $2 or volume_id = $2)",
        id.0,
        of.uuid()
    );
    row.fetch_optional(tx.conn())
        .await?
        .ok_or(Error::NotFound)?
        .try_into()
}

/// Says that one is to go. Nothing if it is being made, or goes already.
pub async fn set_deleting(tx: &mut TenantTx, id: BackupId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update backup set state = 'deleting' where id = $1 and state in ('done', 'failed') and not exists ( \
           select from backup_restore r where $1 in (r.backup_id, r.safety_id) and r.kind <> 'beside' and r.state in ('waiting', 'running'))",
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
        "insert into backup_restore (id, tenant_id, backup_id, server_id, volume, path, name, state, asked_by, created_at, \
         volume_id) values ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, $9, $10)",
        restore.id.0,
        backup.tenant.0,
        backup.id.0,
        restore.into.and_then(Of::server).map(|server| server.0),
        restore.what.volume(),
        restore.what.path(),
        restore.name,
        asked_by,
        now,
        restore.into.and_then(Of::volume).map(|volume| volume.0)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What was got back from a backup, newest first, at most so many.
pub async fn restores(tx: &mut impl Scoped, backup: BackupId, most: i64) -> Result<Vec<Restore>, Error> {
    let rows = sqlx::query!(
        "select id, server_id, volume_id, volume, path, name, state, error from backup_restore \
         where backup_id = $1 and kind = 'beside' order by created_at desc, id desc limit $2",
        backup.0,
        most
    );
    let all = rows.fetch_all(tx.conn()).await?.into_iter();
    all.map(|row| {
        let what = InBackup::new(&row.volume, &row.path);
        Ok(Restore {
            id: BackupRestoreId(row.id),
            into: Of::new(row.server_id.map(ServerId), row.volume_id.map(VolumeId)),
            what: what.ok_or_else(|| Error::Internal("a restore of nowhere".into()))?,
            name: row.name,
            state: State::parse(&row.state)?,
            error: row.error,
        })
    })
    .collect()
}

/// One, whoever has it.
pub async fn by_id(tx: &mut SystemTx, id: BackupId) -> Result<Backup, Error> {
    let row = backups!("where id = $1", id.0);
    row.fetch_one(tx.conn()).await?.try_into()
}

/// Those of a repository that are to go, oldest first.
pub(super) async fn going(tx: &mut SystemTx, repository: BackupRepositoryId) -> Result<Vec<Backup>, Error> {
    let rows = backups!(
        "where repository_id = $1 and state = 'deleting' order by created_at limit 50",
        repository.0
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    rows.into_iter().map(Backup::try_from).collect()
}

/// What the servers of a stack have, newest first.
pub async fn of_stack(tx: &mut TenantTx, stack: StackId, limit: i64) -> Result<Vec<Backup>, Error> {
    let rows = backups!(
        "where server_id in (select id from server where stack_id = $1) order by created_at desc, id desc limit $2",
        stack.0,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    rows.into_iter().map(Backup::try_from).collect()
}

/// One that the scope may see, also of a server that is gone.
pub async fn any(tx: &mut impl Scoped, id: BackupId) -> Result<Backup, Error> {
    let row = backups!("where id = $1", id.0);
    row.fetch_optional(tx.conn())
        .await?
        .ok_or(Error::NotFound)?
        .try_into()
}

/// One of the tenant's that is of a volume, also of one that is gone.
pub async fn any_of_volume(tx: &mut impl Scoped, id: BackupId) -> Result<Backup, Error> {
    let row = backups!("where id = $1 and is_of_volume", id.0);
    row.fetch_optional(tx.conn())
        .await?
        .ok_or(Error::NotFound)?
        .try_into()
}

/// What an organisation has, newest first.
pub async fn of_tenant(tx: &mut impl Scoped, tenant: TenantId, limit: i64) -> Result<Vec<Backup>, Error> {
    let rows = backups!(
        "where tenant_id = $1 order by created_at desc, id desc limit $2",
        tenant.0,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    rows.into_iter().map(Backup::try_from).collect()
}
