//! The whole table at once: what the sweep compares with the engine, and whom it wakes.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{LocationId, ServerId, TenantId};

use super::super::model::{Condition, Goal, Observation, Power, Seen, Stay};

/// As much of a server as the sweep needs.
#[derive(Debug, Clone)]
pub struct Brief {
    /// Which.
    pub id: ServerId,
    /// Whose.
    pub tenant: TenantId,
    /// What the reconciler works towards.
    pub goal: Goal,
    /// Whether its last wish was reached.
    pub is_reached: bool,
    /// It is due, or in work.
    pub is_busy: bool,
    /// Its log may tell how it is, and not the engine.
    pub is_heard: bool,
    /// What the engine said last.
    pub observed: Observation,
}

fn stay(is_deleted: bool, is_deleting: bool) -> Stay {
    match (is_deleting, is_deleted) {
        (true, _) => Stay::Leaves,
        (false, true) => Stay::Kept,
        (false, false) => Stay::Lives,
    }
}

/// All servers of a location. One that is kept is due when its time is over, and until then not busy.
pub async fn briefs(tx: &mut SystemTx, location: LocationId) -> Result<Vec<Brief>, Error> {
    let rows = sqlx::query!(
        "select s.id, s.tenant_id, s.power, s.deleted_at is not null as \"is_deleted!\", s.deleting_at is not null as \"is_deleting!\", \
         t.status = 'active' and s.suspended_at is null and s.still_for is null as \"is_active!\", s.generation = s.observed_generation as \"is_reached!\", \
         (s.next_attempt_at is not null and s.next_attempt_at is distinct from s.kept_until) or s.lease_id is not null \
         as \"is_busy!\", s.template like '%@%' as \"is_heard!\", s.observed_state, s.observed_health, \
         s.observed_complaint, s.observed_exit_code, s.observed_oom, s.observed_restarts, s.observed_spec, s.running_since \
         from server s join tenant t on t.id = s.tenant_id where s.location_id = $1",
        location.0
    );
    let briefs = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Brief {
        id: ServerId(row.id),
        tenant: TenantId(row.tenant_id),
        goal: Goal::of(
            Power::read(&row.power),
            stay(row.is_deleted, row.is_deleting),
            row.is_active,
        ),
        is_reached: row.is_reached,
        is_busy: row.is_busy,
        is_heard: row.is_heard,
        observed: Observation {
            seen: Seen::read(&row.observed_state),
            health: Condition::read(&row.observed_health),
            complaint: row.observed_complaint,
            exit_code: row.observed_exit_code,
            out_of_memory: row.observed_oom,
            restarts: row.observed_restarts,
            spec: row.observed_spec,
            running_since: row.running_since,
        },
    });
    Ok(briefs.collect())
}

/// Makes servers due.
pub async fn wake(tx: &mut impl Scoped, ids: &[ServerId], now: DateTime<Utc>) -> Result<(), Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        "update server set next_attempt_at = $2 where id = any($1) \
         and (next_attempt_at is null or next_attempt_at > $2)",
        &ids,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes whether the location's engine answers. Says whether that is news.
pub async fn save_engine_state(
    tx: &mut SystemTx,
    location: LocationId,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update location set engine_error = $2, engine_error_since = case when $2::text is null then null else $3::timestamptz end \
         where id = $1 and (engine_error is null) <> ($2::text is null)",
        location.0,
        error,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Something on an engine that carries our label and has no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// `container`, `network` or `volume`.
    pub kind: String,
    /// Its key.
    pub key: String,
    /// Since when we know.
    pub first_seen_at: DateTime<Utc>,
}

/// Notes orphans; those that are orphans no more are forgotten. Returns all, with the time since when each is known.
pub async fn note_orphans(
    tx: &mut SystemTx,
    found: &[(&str, String)],
    now: DateTime<Utc>,
) -> Result<Vec<Orphan>, Error> {
    let kinds: Vec<String> = found.iter().map(|(kind, _)| (*kind).to_owned()).collect();
    let keys: Vec<String> = found.iter().map(|(_, key)| key.clone()).collect();
    sqlx::query!(
        "insert into engine_orphan (kind, key, first_seen_at, last_seen_at) \
         select kind, key, $3, $3 from unnest($1::text[], $2::text[]) as found (kind, key) \
         on conflict (kind, key) do update set last_seen_at = $3",
        &kinds,
        &keys,
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("delete from engine_orphan where last_seen_at < $1", now)
        .execute(tx.conn())
        .await?;
    Ok(sqlx::query_as!(
        Orphan,
        "select kind, key, first_seen_at from engine_orphan order by kind, key"
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Forgets an orphan that was removed.
pub async fn clear_orphans(tx: &mut SystemTx, removed: &[Orphan]) -> Result<(), Error> {
    for orphan in removed {
        sqlx::query!(
            "delete from engine_orphan where kind = $1 and key = $2",
            orphan.kind,
            orphan.key
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}
