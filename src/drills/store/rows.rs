//! Drills as people see them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::super::model::{Candidate, Drill, State};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, DrillId, ServerId, TenantId};

/// The columns of a drill.
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) tenant_id: Uuid,
    pub(super) server_id: Option<Uuid>,
    pub(super) server_name: String,
    pub(super) backup_id: Option<Uuid>,
    pub(super) backup_at: DateTime<Utc>,
    pub(super) state: String,
    pub(super) asked_by: Option<String>,
    pub(super) step: Option<String>,
    pub(super) error: Option<String>,
    pub(super) bytes: i64,
    pub(super) attempts: i32,
    pub(super) created_at: DateTime<Utc>,
    pub(super) ended_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Drill {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: DrillId(row.id),
            tenant: TenantId(row.tenant_id),
            server: row.server_id.map(ServerId),
            server_name: row.server_name,
            backup: row.backup_id.map(BackupId),
            backup_at: row.backup_at,
            state: State::parse(&row.state)?,
            asked_by: row.asked_by,
            step: row.step,
            error: row.error,
            bytes: row.bytes,
            attempts: row.attempts,
            created_at: row.created_at,
            ended_at: row.ended_at,
        })
    }
}

/// The checked macro takes literals only, so what all queries of drills have in common is put together here.
macro_rules! select {
    ($rest:expr, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            "select id, tenant_id, server_id, server_name, backup_id, backup_at, state, asked_by, step, error, bytes, attempts, \
             created_at, ended_at from restore_drill " + $rest,
            $($argument),+
        )
    };
}
pub(super) use select;

/// Adds one that waits. Says whether it could: a server has one at a time.
pub async fn add(
    tx: &mut impl Scoped,
    (id, tenant): (DrillId, TenantId),
    of: &Candidate,
    (asked_by, now): (Option<&str>, DateTime<Utc>),
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into restore_drill (id, tenant_id, server_id, server_name, backup_id, backup_at, state, asked_by, created_at, \
           next_attempt_at) values ($1, $2, $3, $4, $5, $6, 'waiting', $7, $8, $8) \
         on conflict (server_id) where ended_at is null do nothing",
        id.0,
        tenant.0,
        of.server.0,
        of.name,
        of.backup.0,
        of.backup_at,
        asked_by,
        now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// A server's drills, the newest first.
pub async fn list(tx: &mut impl Scoped, server: ServerId, limit: i64) -> Result<Vec<Drill>, Error> {
    let rows = select!(
        "where server_id = $1 order by created_at desc, id desc limit $2",
        server.0,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    rows.map(Drill::try_from).collect()
}

/// A tenant's drills, the newest first.
pub async fn of_tenant(tx: &mut impl Scoped, tenant: TenantId, limit: i64) -> Result<Vec<Drill>, Error> {
    let rows = select!(
        "where tenant_id = $1 order by created_at desc, id desc limit $2",
        tenant.0,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    rows.map(Drill::try_from).collect()
}

/// The newest whole backup of a server.
pub async fn newest_backup(tx: &mut impl Scoped, server: ServerId) -> Result<Option<Candidate>, Error> {
    let row = sqlx::query!(
        "select s.name, b.id, b.created_at from backup b join server s on s.id = b.server_id \
         where b.server_id = $1 and b.state = 'done' and s.deleted_at is null order by b.created_at desc, b.id desc limit 1",
        server.0
    );
    let row = row.fetch_optional(tx.conn()).await?;
    Ok(row.map(|row| Candidate {
        server,
        name: row.name,
        backup: BackupId(row.id),
        backup_at: row.created_at,
        looked_at: None,
    }))
}
