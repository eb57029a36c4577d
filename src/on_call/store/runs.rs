//! Where the paging for each ticket is. Whoever changes a run has locked its ticket before, so that nobody waits in a circle.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{EscalationId, TicketId, UserId};

use super::super::model::{Next, Run};

/// A run whose time has come, under a lease.
#[derive(Debug, Clone, Copy)]
pub struct Claimed {
    /// For which ticket.
    pub ticket: TicketId,
    /// The lease.
    pub lease: Uuid,
}

/// Takes those whose time has come, so that no other process does.
pub async fn claim(
    tx: &mut SystemTx,
    lease: Uuid,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Claimed>, Error> {
    let claimed = sqlx::query_scalar!(
        r#"update on_call_run set lease_id = $1, lease_until = $3 where ticket_id in (
             select ticket_id from on_call_run where state = 'running' and next_at <= $2
               and (lease_until is null or lease_until <= $2) order by next_at limit $4 for update skip locked)
           returning ticket_id as "ticket_id: TicketId""#,
        lease,
        now,
        until,
        limit
    );
    let claimed = claimed.fetch_all(tx.conn()).await?.into_iter();
    Ok(claimed.map(|ticket| Claimed { ticket, lease }).collect())
}

/// Whether the run is still ours, and its time has still come.
pub async fn running(tx: &mut SystemTx, claimed: Claimed, now: DateTime<Utc>) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from on_call_run where ticket_id = $1 and lease_id = $2 and state = 'running'
             and next_at <= $3) as "is_ours!""#,
        claimed.ticket.0,
        claimed.lease,
        now
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// A ticket's run, kept from others' changes.
pub async fn lock_run(tx: &mut SystemTx, ticket: TicketId) -> Result<Option<Run>, Error> {
    let row = sqlx::query!(
        r#"select chain_id as "chain_id: EscalationId", generation, is_escalated, why, state, round, level, next_at, event_id,
             started_at from on_call_run where ticket_id = $1 for update"#,
        ticket.0
    );
    Ok(row.fetch_optional(tx.conn()).await?.map(|row| Run {
        ticket,
        chain: row.chain_id,
        generation: row.generation,
        is_escalated: row.is_escalated,
        why: row.why,
        is_running: row.state == "running",
        next: Next {
            round: row.round,
            level: row.level,
        },
        next_at: row.next_at,
        event: row.event_id,
        started_at: row.started_at,
    }))
}

/// Writes where one is, free of leases. One that does not go on has paged all that there was.
pub async fn save_run(tx: &mut SystemTx, run: &Run) -> Result<(), Error> {
    let state = if run.is_running { "running" } else { "ended" };
    sqlx::query!(
        "insert into on_call_run (ticket_id, chain_id, generation, is_escalated, why, state, round, level, next_at, event_id, \
           started_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         on conflict (ticket_id) do update set chain_id = $2, generation = $3, is_escalated = $4, why = $5, state = $6, round = $7, \
           level = $8, next_at = $9, event_id = $10, started_at = $11, lease_id = null, lease_until = null",
        run.ticket.0,
        run.chain.map(|id| id.0),
        run.generation,
        run.is_escalated,
        run.why,
        state,
        run.next.round,
        run.next.level,
        run.next_at,
        run.event,
        run.started_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends the paging for a ticket, and its pages with it: by somebody's acknowledgement, or otherwise. Says whether there was
/// anything to end.
pub async fn stop(
    tx: &mut impl Scoped,
    ticket: TicketId,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let stopped = sqlx::query!(
        "update on_call_run set state = 'stopped', lease_id = null, lease_until = null where ticket_id = $1 and state = 'running'",
        ticket.0
    );
    let stopped = stopped.execute(tx.conn()).await?.rows_affected();
    let ended = sqlx::query!(
        "update on_call_call set ended_at = $2, ended_by = $3, mail = case when mail = 'waiting' then 'skipped' else mail end \
         where ticket_id = $1 and ended_at is null",
        ticket.0,
        now,
        by.map(|id| id.0)
    );
    Ok(stopped + ended.execute(tx.conn()).await?.rows_affected() > 0)
}
