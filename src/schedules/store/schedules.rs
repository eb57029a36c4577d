//! The queries of schedules themselves.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, TenantTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{ScheduleId, ServerId, TenantId};

use super::super::model::{Schedule, Step};

pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) tenant_id: Uuid,
    pub(super) server_id: Uuid,
    pub(super) name: String,
    pub(super) cron: String,
    pub(super) is_paused: bool,
    pub(super) steps: serde_json::Value,
    pub(super) next_run: Option<DateTime<Utc>>,
    pub(super) version: i64,
    pub(super) created_by: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

/// Steps as the database has them. What cannot be read was written by a newer Berth.
pub(super) fn steps(kept: serde_json::Value) -> Result<Vec<Step>, Error> {
    serde_json::from_value(kept).map_err(Error::internal)
}

impl TryFrom<Row> for Schedule {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: ScheduleId(row.id),
            tenant: TenantId(row.tenant_id),
            server: ServerId(row.server_id),
            name: row.name,
            cron: row.cron,
            is_paused: row.is_paused,
            steps: steps(row.steps)?,
            next_run: row.next_run,
            version: row.version,
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// A name that another schedule of the server has is the form's mistake.
fn taken(error: sqlx::Error) -> Error {
    if violates(&error, "schedule_name_key") {
        Error::invalid("name", "Another schedule of this server has this name.")
    } else {
        error.into()
    }
}

/// Locks the server, so that of two who make its last schedule one waits. Says nothing if it is not there.
pub(in super::super) async fn lock_server(tx: &mut TenantTx, server: ServerId) -> Result<(), Error> {
    sqlx::query_scalar!("select id from server where id = $1 for no key update", server.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(())
}

/// How many schedules a server has.
pub(in super::super) async fn count(tx: &mut TenantTx, server: ServerId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from schedule where server_id = $1"#,
        server.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// A server's schedules, by name.
pub(in super::super) async fn list(tx: &mut impl Scoped, server: ServerId) -> Result<Vec<Schedule>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, tenant_id, server_id, name, cron, is_paused, steps, next_run, version, created_by, created_at, updated_at \
         from schedule where server_id = $1 order by lower(name), id",
        server.0
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    rows.into_iter().map(Schedule::try_from).collect()
}

/// One of a server's schedules, if the scope may see it.
pub(in super::super) async fn find(
    tx: &mut impl Scoped,
    (server, id): (ServerId, ScheduleId),
) -> Result<Schedule, Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, tenant_id, server_id, name, cron, is_paused, steps, next_run, version, created_by, created_at, updated_at \
         from schedule where id = $1 and server_id = $2",
        id.0,
        server.0
    );
    row.fetch_optional(tx.conn())
        .await?
        .ok_or(Error::NotFound)?
        .try_into()
}

/// The same, locked until the transaction ends.
pub(in super::super) async fn lock(
    tx: &mut TenantTx,
    (server, id): (ServerId, ScheduleId),
) -> Result<Schedule, Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, tenant_id, server_id, name, cron, is_paused, steps, next_run, version, created_by, created_at, updated_at \
         from schedule where id = $1 and server_id = $2 for update",
        id.0,
        server.0
    );
    row.fetch_optional(tx.conn())
        .await?
        .ok_or(Error::NotFound)?
        .try_into()
}

/// Writes a new schedule.
pub(in super::super) async fn insert(tx: &mut TenantTx, new: &Schedule) -> Result<(), Error> {
    let steps = serde_json::to_value(&new.steps).map_err(Error::internal)?;
    let done = sqlx::query!(
        "insert into schedule (id, tenant_id, server_id, name, cron, is_paused, steps, next_run, created_by, created_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        new.id.0,
        new.tenant.0,
        new.server.0,
        new.name,
        new.cron,
        new.is_paused,
        steps,
        new.next_run,
        new.created_by,
        new.created_at
    );
    done.execute(tx.conn()).await.map_err(taken)?;
    Ok(())
}

/// Writes a changed schedule.
pub(in super::super) async fn save(tx: &mut TenantTx, changed: &Schedule) -> Result<(), Error> {
    let steps = serde_json::to_value(&changed.steps).map_err(Error::internal)?;
    let done = sqlx::query!(
        "update schedule set name = $2, cron = $3, is_paused = $4, steps = $5, next_run = $6, updated_at = $7, \
         version = version + 1 where id = $1",
        changed.id.0,
        changed.name,
        changed.cron,
        changed.is_paused,
        steps,
        changed.next_run,
        changed.updated_at
    );
    done.execute(tx.conn()).await.map_err(taken)?;
    Ok(())
}

/// Pauses or resumes.
pub(in super::super) async fn set_paused(
    tx: &mut TenantTx,
    id: ScheduleId,
    (is_paused, next_run): (bool, Option<DateTime<Utc>>),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update schedule set is_paused = $2, next_run = $3, updated_at = $4, version = version + 1 where id = $1",
        id.0,
        is_paused,
        next_run,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Moves the next run.
pub(in super::super) async fn set_next(
    tx: &mut impl Scoped,
    id: ScheduleId,
    next_run: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    sqlx::query!("update schedule set next_run = $2 where id = $1", id.0, next_run)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// All of a tenant's schedules that are not paused: id and expression, locked.
pub(in super::super) async fn of_tenant(
    tx: &mut impl Scoped,
    tenant: TenantId,
) -> Result<Vec<(ScheduleId, String)>, Error> {
    let rows = sqlx::query!(
        "select id, cron from schedule where tenant_id = $1 and not is_paused order by id for update",
        tenant.0
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows
        .into_iter()
        .map(|row| (ScheduleId(row.id), row.cron))
        .collect())
}

/// Removes a schedule with its runs.
pub(in super::super) async fn delete(tx: &mut TenantTx, id: ScheduleId) -> Result<(), Error> {
    sqlx::query!("delete from schedule where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
