//! The reconciler's queue, which is the table of servers itself.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

use super::super::model::{Observation, Server, Step};
use super::rows::select;

/// A server under our lease.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// As it was when it was claimed.
    pub server: Server,
    /// The lease.
    pub lease: Uuid,
}

/// Takes what is due under a lease, at most `limit`, the longest due first. What another process holds is passed over.
pub async fn claim(
    tx: &mut SystemTx,
    lease: Uuid,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Claimed>, Error> {
    let ids = sqlx::query_scalar!(
        "update server set lease_id = $1, lease_until = $2, next_attempt_at = null where id in ( \
           select id from server where (next_attempt_at <= $3 and lease_until is null) or lease_until <= $3 \
           order by next_attempt_at nulls first limit $4 for update skip locked) returning id",
        lease,
        until,
        now,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = select!("where s.id = any($1)", &ids).fetch_all(tx.conn()).await?;
    let claimed = rows.into_iter().map(|row| Claimed {
        server: Server::from(row),
        lease,
    });
    Ok(claimed.collect())
}

/// Holds on to a lease. Tells the server's present generation, or nothing if the lease was lost.
pub async fn renew(
    tx: &mut SystemTx,
    id: ServerId,
    lease: Uuid,
    until: DateTime<Utc>,
) -> Result<Option<i64>, Error> {
    Ok(sqlx::query_scalar!(
        "update server set lease_until = $3 where id = $1 and lease_id = $2 returning generation",
        id.0,
        lease,
        until
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Notes what is being done and holds on to the lease. Tells the server's present generation, or nothing if the lease was
/// lost.
pub async fn set_step(
    tx: &mut SystemTx,
    id: ServerId,
    lease: Uuid,
    step: Step,
    until: DateTime<Utc>,
) -> Result<Option<i64>, Error> {
    Ok(sqlx::query_scalar!(
        "update server set current_step = $3, lease_until = $4 where id = $1 and lease_id = $2 returning generation",
        id.0,
        lease,
        step.word(),
        until
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Notes that the asked-for restart has begun.
pub async fn note_restart(tx: &mut SystemTx, id: ServerId, seq: i64) -> Result<(), Error> {
    sqlx::query!(
        "update server set observed_restart_seq = greatest(observed_restart_seq, $2) where id = $1",
        id.0,
        seq
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What an attempt leaves on the row.
#[derive(Debug, Clone)]
pub struct Finish<'a> {
    /// What the engine says; none if it did not answer.
    pub observed: Option<&'a Observation>,
    /// The generation that was reached, if one was.
    pub reached: Option<i64>,
    /// The restart that was reached with it.
    pub restart_seq: i64,
    /// Why it failed, if it did.
    pub error: Option<&'a str>,
    /// How often it failed in a row.
    pub failures: i32,
    /// Before then nothing is changed on the engine.
    pub retry_at: Option<DateTime<Utc>>,
    /// When to look again, unless a wake came in between.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// The container was made from an older specification.
    pub is_outdated: bool,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Writes an attempt's end and gives the lease back. Says whether the lease was still ours; if not, nothing is written.
/// What failed for an older wish does not hold back a newer one.
pub async fn finish(
    tx: &mut SystemTx,
    (id, lease, generation): (ServerId, Uuid, i64),
    end: &Finish<'_>,
) -> Result<bool, Error> {
    if let Some(observed) = end.observed {
        save_observation(tx, id, lease, observed, end).await?;
    }
    let done = sqlx::query!(
        "update server set lease_id = null, lease_until = null, current_step = null, \
         observed_generation = coalesce($4, observed_generation), \
         observed_restart_seq = case when $4::bigint is null then observed_restart_seq \
                                     else greatest(observed_restart_seq, $5) end, \
         last_error = case when generation = $3 then $6 end, \
         error_count = case when generation = $3 then $7 else 0 end, \
         retry_at = case when generation = $3 then $8::timestamptz end, \
         next_attempt_at = case when generation = $3 then coalesce(next_attempt_at, $9) else $10 end \
         where id = $1 and lease_id = $2",
        id.0,
        lease,
        generation,
        end.reached,
        end.restart_seq,
        end.error,
        end.failures,
        end.retry_at,
        end.next_attempt_at,
        end.now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

async fn save_observation(
    tx: &mut SystemTx,
    id: ServerId,
    lease: Uuid,
    observed: &Observation,
    end: &Finish<'_>,
) -> Result<(), Error> {
    sqlx::query!(
        "update server set observed_state = $3, observed_health = $4, observed_exit_code = $5, observed_oom = $6, \
         observed_restarts = $7, observed_spec = $8, running_since = $9, observed_outdated = $10, observed_at = $11, \
         observed_complaint = $12 \
         where id = $1 and lease_id = $2",
        id.0,
        lease,
        observed.seen.word(),
        observed.health.word(),
        observed.exit_code,
        observed.out_of_memory,
        observed.restarts,
        observed.spec,
        observed.running_since,
        end.is_outdated,
        end.now,
        observed.complaint
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Erases a server with all that hangs on it. Nothing if the lease was lost.
pub async fn forget(tx: &mut SystemTx, id: ServerId, lease: Uuid) -> Result<bool, Error> {
    let done = sqlx::query!("delete from server where id = $1 and lease_id = $2", id.0, lease)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}
