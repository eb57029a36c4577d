//! The queries of the runner: what is due, and what was found. A batch is a statement, whatever its size.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{CheckId, ServerId, TenantId};

use super::super::model::{CheckKind, CheckState, Hour, Memory, Rule};
use super::checks::rule;

/// A check whose time has come, under a lease, with what it takes to look.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question to the database")]
pub struct Claimed {
    /// Which.
    pub id: CheckId,
    /// Whose.
    pub tenant: TenantId,
    /// Of which server.
    pub server: ServerId,
    /// What is looked at.
    pub kind: CheckKind,
    /// How often, and when it fails.
    pub rule: Rule,
    /// What was found until now.
    pub memory: Memory,
    /// Whether somebody waits for it.
    pub is_asked: bool,
    /// What was counted in the newest hour.
    pub hour: Option<Hour>,
    /// When it fell due.
    pub due_at: DateTime<Utc>,
    /// Who claimed it.
    pub lease: Uuid,
    /// Whether the server is meant to run.
    pub is_wanted: bool,
    /// Whether it runs as it is meant to, and has for some time.
    pub is_up: bool,
    /// Whether the engine at its location does not answer.
    pub is_engine_away: bool,
    /// Whether what it depends on fails.
    pub is_held: bool,
    /// The address that its ports are bound to.
    pub address: String,
    /// The address that customers know.
    pub public_host: String,
    /// Its port on the host.
    pub host_port: Option<u16>,
    /// Thousandths of a processor that it may use.
    pub cpu_millis: i64,
    /// MiB of memory.
    pub memory_mib: i64,
    /// MiB of disk.
    pub disk_mib: i64,
}

#[expect(clippy::struct_excessive_bools, reason = "a row as the question answers it")]
struct Row {
    id: CheckId,
    tenant_id: TenantId,
    server_id: ServerId,
    spec: serde_json::Value,
    interval_seconds: i32,
    failures: i32,
    of_last: i32,
    state: String,
    state_at: DateTime<Utc>,
    recent: i32,
    run_at: Option<DateTime<Utc>>,
    flaps: i32,
    flap_at: Option<DateTime<Utc>>,
    outages: i32,
    outage_at: Option<DateTime<Utc>>,
    is_certificate: bool,
    is_asked: bool,
    hour: Option<DateTime<Utc>>,
    hour_good: i32,
    hour_bad: i32,
    hour_ms: i64,
    due_at: DateTime<Utc>,
    is_wanted: bool,
    is_up: bool,
    is_engine_away: bool,
    is_held: bool,
    address: String,
    public_host: String,
    host_port: Option<i32>,
    cpu_millis: i64,
    memory_mib: i64,
    disk_mib: i64,
}

impl Row {
    /// As a check; not one that a newer Berth wrote, which is left to it.
    fn due(self, lease: Uuid) -> Option<Claimed> {
        Some(Claimed {
            id: self.id,
            tenant: self.tenant_id,
            server: self.server_id,
            kind: serde_json::from_value(self.spec).ok()?,
            rule: rule(self.interval_seconds, self.failures, self.of_last),
            memory: Memory {
                state: CheckState::read(&self.state),
                state_at: self.state_at,
                recent: u32::try_from(self.recent).unwrap_or_default(),
                run_at: self.run_at,
                flaps: self.flaps,
                flap_at: self.flap_at,
                outages: u32::try_from(self.outages).unwrap_or_default(),
                outage_at: self.outage_at,
                is_certificate: self.is_certificate,
            },
            is_asked: self.is_asked,
            hour: self.hour.map(|at| Hour {
                at,
                good: self.hour_good,
                bad: self.hour_bad,
                took_ms: self.hour_ms,
            }),
            due_at: self.due_at,
            lease,
            is_wanted: self.is_wanted,
            is_up: self.is_up,
            is_engine_away: self.is_engine_away,
            is_held: self.is_held,
            address: self.address,
            public_host: self.public_host,
            host_port: self.host_port.and_then(|port| u16::try_from(port).ok()),
            cpu_millis: self.cpu_millis,
            memory_mib: self.memory_mib,
            disk_mib: self.disk_mib,
        })
    }
}

/// Takes what is due, at most `limit`, the longest due first; what others look at is left to them.
pub async fn claim(
    tx: &mut SystemTx,
    lease: Uuid,
    (now, until, settled): (DateTime<Utc>, DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Claimed>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"with claimed as (
             update monitor_check set lease_id = $1, lease_until = $3 where id = any(array(
               select c.id from monitor_check c where c.next_at <= $2 and (c.lease_until is null or c.lease_until <= $2)
               order by c.next_at limit $4 for update skip locked))
             returning *
           )
           select c.id as "id!: CheckId", c.tenant_id as "tenant_id!: TenantId", c.server_id as "server_id!: ServerId",
             c.spec as "spec!", c.interval_seconds as "interval_seconds!", c.failures as "failures!", c.of_last as "of_last!",
             c.state as "state!", c.state_at as "state_at!", c.recent as "recent!", c.run_at as "run_at?", c.flaps as "flaps!",
             c.flap_at as "flap_at?", c.outages as "outages!", c.outage_at as "outage_at?",
             c.is_certificate as "is_certificate!", c.is_asked as "is_asked!", c.hour as "hour?",
             c.hour_good as "hour_good!", c.hour_bad as "hour_bad!", c.hour_ms as "hour_ms!", c.next_at as "due_at!",
             s.power = 'running' and s.deleted_at is null and s.deleting_at is null and s.suspended_at is null
               and s.still_for is null and t.status = 'active' as "is_wanted!",
             s.observed_state = 'running' and s.observed_generation = s.generation
               and coalesce(s.running_since <= $5, true) as "is_up!",
             l.engine_error is not null as "is_engine_away!",
             c.needs_engine and s.observed_health = 'unhealthy'
               or coalesce(p.state in ('bad', 'held') or p.recent & 1 = 1, false) as "is_held!",
             l.publish_address as "address!", l.public_host as "public_host!", sp.host_port as "host_port?",
             s.cpu_millis as "cpu_millis!", s.memory_mib as "memory_mib!", s.disk_mib as "disk_mib!"
           from claimed c join server s on s.id = c.server_id join tenant t on t.id = s.tenant_id
             join location l on l.id = s.location_id
             left join server_port sp on sp.server_id = s.id and sp.name = c.spec->>'port'
             left join monitor_check p on p.id = c.depends_on"#,
        lease,
        now,
        until,
        limit,
        settled
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().filter_map(|row| row.due(lease)).collect())
}

/// What became of a check that was claimed.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Which, whose, and under which lease.
    pub of: (CheckId, TenantId, Uuid),
    /// When it is looked at next.
    pub next_at: DateTime<Utc>,
    /// What is known now.
    pub memory: Memory,
    /// Whether its state is another one.
    pub has_turned: bool,
    /// Whether somebody waited for it.
    pub is_asked: bool,
    /// When somebody looked, and how many thousandths of a second that took; nothing if nobody did.
    pub looked: Option<(DateTime<Utc>, i32)>,
    /// What was found.
    pub message: String,
    /// What was counted in the newest hour.
    pub hour: Option<Hour>,
    /// The hour before, if it has just ended.
    pub past: Option<Hour>,
}

/// Writes a batch. Says which were still claimed; what somebody changed meanwhile is not touched.
pub async fn save_outcomes(tx: &mut SystemTx, all: &[Outcome]) -> Result<Vec<CheckId>, Error> {
    fn column<T>(all: &[Outcome], value: impl Fn(&Outcome) -> T) -> Vec<T> {
        all.iter().map(value).collect()
    }
    let hour = |value: fn(&Hour) -> i32| column(all, |one| one.hour.as_ref().map_or(0, value));
    let written = sqlx::query_scalar!(
        r#"update monitor_check c set next_at = r.next_at, lease_id = null, lease_until = null, is_asked = false,
             state = r.state, state_at = r.state_at, recent = r.recent, run_at = r.run_at, flaps = r.flaps, flap_at = r.flap_at,
             outages = r.outages, outage_at = r.outage_at, is_certificate = r.is_certificate,
             last_at = coalesce(r.last_at, c.last_at), took_ms = coalesce(r.took_ms, c.took_ms), message = r.message,
             hour = r.hour, hour_good = r.good, hour_bad = r.bad, hour_ms = r.ms
           from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::timestamptz[], $6::int[], $7::timestamptz[],
             $8::int[], $9::timestamptz[], $10::bool[], $11::timestamptz[], $12::int[], $13::text[], $14::timestamptz[],
             $15::int[], $16::int[], $17::bigint[], $18::int[], $19::timestamptz[])
             as r (id, lease, next_at, state, state_at, recent, run_at, flaps, flap_at, is_certificate, last_at, took_ms,
               message, hour, good, bad, ms, outages, outage_at)
           where c.id = r.id and c.lease_id = r.lease returning c.id as "id: CheckId""#,
        &column(all, |one| one.of.0.0),
        &column(all, |one| one.of.2),
        &column(all, |one| one.next_at),
        &column(all, |one| one.memory.state.word().to_owned()),
        &column(all, |one| one.memory.state_at),
        &column(all, |one| i32::try_from(one.memory.recent).unwrap_or_default()),
        &column(all, |one| one.memory.run_at) as &[Option<DateTime<Utc>>],
        &column(all, |one| one.memory.flaps),
        &column(all, |one| one.memory.flap_at) as &[Option<DateTime<Utc>>],
        &column(all, |one| one.memory.is_certificate),
        &column(all, |one| one.looked.map(|(at, _)| at)) as &[Option<DateTime<Utc>>],
        &column(all, |one| one.looked.map(|(_, took)| took)) as &[Option<i32>],
        &column(all, |one| one.message.clone()),
        &column(all, |one| one.hour.map(|hour| hour.at)) as &[Option<DateTime<Utc>>],
        &hour(|hour| hour.good),
        &hour(|hour| hour.bad),
        &column(all, |one| one.hour.map_or(0, |hour| hour.took_ms)),
        &column(all, |one| i32::try_from(one.memory.outages).unwrap_or_default()),
        &column(all, |one| one.memory.outage_at) as &[Option<DateTime<Utc>>]
    );
    let written = written.fetch_all(tx.conn()).await?;
    let kept = |one: &&Outcome| written.contains(&one.of.0);
    let ended: Vec<&Outcome> = all.iter().filter(|one| one.past.is_some()).filter(kept).collect();
    save_hours(tx, &ended).await?;
    let turned: Vec<&Outcome> = all.iter().filter(|one| one.has_turned).filter(kept).collect();
    save_turns(tx, &turned).await?;
    Ok(written)
}

async fn save_hours(tx: &mut SystemTx, ended: &[&Outcome]) -> Result<(), Error> {
    if ended.is_empty() {
        return Ok(());
    }
    let hours: Vec<Hour> = ended.iter().filter_map(|one| one.past).collect();
    sqlx::query!(
        "insert into check_hour (check_id, tenant_id, at, good, bad, took_ms) \
         select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::int[], $5::int[], $6::bigint[]) \
         on conflict do nothing",
        &ended.iter().map(|one| one.of.0.0).collect::<Vec<_>>(),
        &ended.iter().map(|one| one.of.1.0).collect::<Vec<_>>(),
        &hours.iter().map(|hour| hour.at).collect::<Vec<_>>(),
        &hours.iter().map(|hour| hour.good).collect::<Vec<_>>(),
        &hours.iter().map(|hour| hour.bad).collect::<Vec<_>>(),
        &hours.iter().map(|hour| hour.took_ms).collect::<Vec<_>>()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn save_turns(tx: &mut SystemTx, turned: &[&Outcome]) -> Result<(), Error> {
    if turned.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into check_change (check_id, tenant_id, at, state, message) \
         select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[])",
        &turned.iter().map(|one| one.of.0.0).collect::<Vec<_>>(),
        &turned.iter().map(|one| one.of.1.0).collect::<Vec<_>>(),
        &turned.iter().map(|one| one.memory.state_at).collect::<Vec<_>>(),
        &turned
            .iter()
            .map(|one| one.memory.state.word().to_owned())
            .collect::<Vec<_>>(),
        &turned.iter().map(|one| one.message.clone()).collect::<Vec<_>>()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
