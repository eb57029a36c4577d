//! How servers are, for whoever watches over them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{LocationId, ServerId, TenantId};

use super::super::model::{Condition, CrashLog, Goal, Observation, Power, Seen, Stay};

/// What tells whether a server fails.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub struct ServerCondition {
    /// Which.
    pub id: ServerId,
    /// Whose.
    pub tenant: TenantId,
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub location: LocationId,
    /// What is wanted of it.
    pub goal: Goal,
    /// Whether neither it nor its tenant is suspended.
    pub is_allowed: bool,
    /// Whether it holds still to be copied or restored.
    pub is_still: bool,
    /// Whether something is being done to it: a wish that was not reached yet, a step, an installation.
    pub is_busy: bool,
    /// Why Berth stopped it, if it did.
    pub stop_reason: Option<String>,
    /// Whether its location's engine does not answer.
    pub is_engine_away: bool,
    /// What the engine said last.
    pub observed: Observation,
    /// How it ended lately.
    pub crashes: CrashLog,
}

/// A location and whether its engine answers.
#[derive(Debug, Clone)]
pub struct EngineCondition {
    /// Which.
    pub id: LocationId,
    /// What it is called.
    pub name: String,
    /// Why it does not answer.
    pub error: Option<String>,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
}

/// How these servers are; and `with_suspects` all others that may fail: wanted running and not seen so, ill, or stopped by
/// Berth.
pub async fn conditions(
    tx: &mut SystemTx,
    ids: &[ServerId],
    with_suspects: bool,
) -> Result<Vec<ServerCondition>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select s.id as "id!", s.tenant_id as "tenant_id!", s.name as "name!", s.location_id as "location_id!", s.power as "power!", s.stop_reason, s.deleted_at is not null as "is_deleted!",
             s.deleting_at is not null as "is_deleting!", s.still_for is not null as "is_still!",
             t.status = 'active' and s.suspended_at is null as "is_allowed!",
             s.generation <> s.observed_generation or s.restart_seq <> s.observed_restart_seq or s.current_step is not null
               or exists (select from server_egg e where e.server_id = s.id and e.install in ('needed', 'running')) as "is_busy!",
             l.engine_error is not null as "is_engine_away!", s.observed_state as "observed_state!", s.observed_health as "observed_health!", s.observed_complaint,
             s.observed_exit_code, s.observed_oom as "observed_oom!", s.observed_restarts as "observed_restarts!", s.observed_spec, s.running_since, s.observed_at,
             c.crashed_at as "crashed_at?", c.exit_code as "crash_code?", c.exited_at as "exited_at?", c.oom_at as "oom_at?"
           from server s join tenant t on t.id = s.tenant_id join location l on l.id = s.location_id
             left join server_crash c on c.server_id = s.id
           where s.id = any($1) or ($2 and s.deleted_at is null and (s.stop_reason is not null
             or (s.power = 'running' and (s.observed_state <> 'running' or s.observed_health = 'unhealthy'))))"#,
        &ids,
        with_suspects
    );
    let conditions = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| {
        let stay = match (row.is_deleting, row.is_deleted) {
            (true, _) => Stay::Leaves,
            (false, true) => Stay::Kept,
            (false, false) => Stay::Lives,
        };
        ServerCondition {
            id: ServerId(row.id),
            tenant: TenantId(row.tenant_id),
            name: row.name,
            location: LocationId(row.location_id),
            goal: Goal::of(Power::read(&row.power), stay, row.is_allowed && !row.is_still),
            is_allowed: row.is_allowed,
            is_still: row.is_still,
            is_busy: row.is_busy,
            stop_reason: row.stop_reason,
            is_engine_away: row.is_engine_away,
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
            crashes: CrashLog {
                times: row.crashed_at.unwrap_or_default(),
                exit_code: row.crash_code,
                exited_at: row.exited_at,
                oom_at: row.oom_at,
                looked_at: row.observed_at,
            },
        }
    });
    Ok(conditions.collect())
}

/// How the engines of all locations are.
pub async fn engines(tx: &mut SystemTx) -> Result<Vec<EngineCondition>, Error> {
    let rows = sqlx::query!("select id, name, engine_error, engine_error_since from location order by id");
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| EngineCondition {
            id: LocationId(row.id),
            name: row.name,
            error: row.engine_error,
            since: row.engine_error_since,
        })
        .collect())
}
