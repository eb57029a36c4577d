//! How often servers ended by themselves, and what was done about it. Kept in the database, so that a panel that dies, or
//! another one, goes on counting.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

use super::super::model::{CrashLog, Server};

/// What is kept about a server's crashes.
pub async fn crash_log(tx: &mut SystemTx, server: ServerId) -> Result<CrashLog, Error> {
    let row = sqlx::query!(
        r#"select s.observed_at, c.crashed_at as "crashed_at?", c.exit_code, c.exited_at, c.oom_at
           from server s left join server_crash c on c.server_id = s.id where s.id = $1"#,
        server.0
    );
    let row = row.fetch_optional(tx.conn()).await?;
    Ok(row.map_or_else(CrashLog::default, |row| CrashLog {
        times: row.crashed_at.unwrap_or_default(),
        exit_code: row.exit_code,
        exited_at: row.exited_at,
        oom_at: row.oom_at,
        looked_at: row.observed_at,
    }))
}

/// Writes when a server crashed lately.
pub async fn save_crashes(tx: &mut SystemTx, server: &Server, times: &[DateTime<Utc>]) -> Result<(), Error> {
    sqlx::query!(
        "insert into server_crash (server_id, tenant_id, crashed_at) values ($1, $2, $3) \
         on conflict (server_id) do update set crashed_at = $3",
        server.id.0,
        server.tenant.0,
        times
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What an event of the engine tells of the end of a server's process.
#[derive(Debug, Clone, Copy)]
pub enum Exit {
    /// It returned this.
    Code(i64),
    /// The kernel ended one of its processes for want of memory.
    OutOfMemory,
}

/// Notes how a server's process ended, if it should run. The look that follows tells whether it ended by itself. The
/// server's row is locked before that of its crashes, as everybody does.
pub async fn note_exit(
    tx: &mut SystemTx,
    server: ServerId,
    exit: Exit,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (code, exited_at, oom_at) = match exit {
        Exit::Code(code) => (Some(code), Some(now), None),
        Exit::OutOfMemory => (None, None, Some(now)),
    };
    sqlx::query!(
        "with known as materialized (select id, tenant_id from server \
           where id = $1 and power = 'running' and deleted_at is null for no key update) \
         insert into server_crash (server_id, tenant_id, exit_code, exited_at, oom_at) \
         select id, tenant_id, $2, $3, $4 from known \
         on conflict (server_id) do update set exit_code = coalesce($2, server_crash.exit_code), \
         exited_at = coalesce($3, server_crash.exited_at), oom_at = coalesce($4, server_crash.oom_at)",
        server.0,
        code,
        exited_at,
        oom_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Begins to count anew.
pub async fn forget_crashes(tx: &mut impl Scoped, server: ServerId) -> Result<(), Error> {
    sqlx::query!("delete from server_crash where server_id = $1", server.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Stops a server by a wish of its own, for this reason. Nothing if somebody wished for something else in between. Says
/// whether it was done.
pub async fn stop_crashing(
    tx: &mut SystemTx,
    server: &Server,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update server set power = 'stopped', stop_reason = $3, generation = generation + 1, next_attempt_at = $4, \
         updated_at = $4, retry_at = null, last_error = null, error_count = 0 where id = $1 and generation = $2",
        server.id.0,
        server.generation,
        reason,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}
