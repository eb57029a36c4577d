//! Single checks and lists of them. One that is deleted is there until its incident is over, and nobody sees it.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::platform::db::{Scoped, TenantTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{CheckId, ServerId, TenantId};

use super::super::model::{Check, CheckState, Dependence, Hour, NewCheck, Rule};

struct Row {
    id: CheckId,
    tenant_id: TenantId,
    tenant_name: String,
    server_id: ServerId,
    server_name: String,
    name: String,
    spec: Value,
    interval_seconds: i32,
    failures: i32,
    of_last: i32,
    needs_engine: bool,
    depends_on: Option<CheckId>,
    is_paused: bool,
    state: String,
    state_at: DateTime<Utc>,
    last_at: Option<DateTime<Utc>>,
    took_ms: Option<i32>,
    message: String,
    next_at: Option<DateTime<Utc>>,
    hour: Option<DateTime<Utc>>,
    hour_good: i32,
    hour_bad: i32,
    hour_ms: i64,
    version: i64,
    created_by: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// The database's numbers, which its check constraints keep small.
pub(super) fn rule(interval_seconds: i32, failures: i32, of_last: i32) -> Rule {
    Rule {
        interval_seconds: u32::try_from(interval_seconds).unwrap_or(u32::MAX),
        failures: u8::try_from(failures).unwrap_or(u8::MAX),
        of_last: u8::try_from(of_last).unwrap_or(u8::MAX),
    }
}

impl TryFrom<Row> for Check {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.id,
            tenant: row.tenant_id,
            tenant_name: row.tenant_name,
            server: row.server_id,
            server_name: row.server_name,
            name: row.name,
            // What cannot be read was written by a newer Berth.
            kind: serde_json::from_value(row.spec).map_err(Error::internal)?,
            rule: rule(row.interval_seconds, row.failures, row.of_last),
            dependence: Dependence {
                engine: row.needs_engine,
                check: row.depends_on,
            },
            is_paused: row.is_paused,
            state: CheckState::read(&row.state),
            state_at: row.state_at,
            last_at: row.last_at,
            took_ms: row.took_ms,
            message: row.message,
            next_at: row.next_at,
            hour: row.hour.map(|at| Hour {
                at,
                good: row.hour_good,
                bad: row.hour_bad,
                took_ms: row.hour_ms,
            }),
            version: row.version,
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// The checked macro takes literals only, so what all queries have in common is put together here.
macro_rules! select {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select c.id as "id: CheckId", c.tenant_id as "tenant_id: TenantId", t.name as tenant_name,
                 c.server_id as "server_id: ServerId", s.name as server_name, c.name, c.spec, c.interval_seconds, c.failures,
                 c.of_last, c.needs_engine, c.depends_on as "depends_on: CheckId", c.is_paused, c.state, c.state_at, c.last_at,
                 c.took_ms, c.message, c.next_at, c.hour, c.hour_good, c.hour_bad, c.hour_ms, c.version, c.created_by,
                 c.created_at, c.updated_at
               from monitor_check c join server s on s.id = c.server_id join tenant t on t.id = c.tenant_id "# + $rest
            $(, $argument)*
        )
    };
}

/// A name that another check of the server has is the form's mistake.
fn taken(error: sqlx::Error) -> Error {
    if violates(&error, "monitor_check_name_key") {
        Error::invalid("name", "Another check of this server has this name.")
    } else {
        error.into()
    }
}

/// One, if the scope may see it.
pub async fn find(tx: &mut impl Scoped, id: CheckId) -> Result<Check, Error> {
    let row = select!("where c.id = $1 and c.deleted_at is null", id.0);
    let row = row.fetch_optional(tx.conn()).await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// The same, locked until the transaction ends.
pub async fn lock(tx: &mut impl Scoped, id: CheckId) -> Result<Check, Error> {
    let row = select!("where c.id = $1 and c.deleted_at is null for update of c", id.0);
    let row = row.fetch_optional(tx.conn()).await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// A server's checks, by name.
pub async fn of_server(tx: &mut impl Scoped, server: ServerId) -> Result<Vec<Check>, Error> {
    let rows = select!(
        "where c.server_id = $1 and c.deleted_at is null order by lower(c.name), c.id",
        server.0
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    rows.into_iter().map(Check::try_from).collect()
}

/// Which checks a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Of this tenant, if not of all.
    pub tenant: Option<TenantId>,
    /// In this state.
    pub state: Option<CheckState>,
    /// Whose name, or server's name, is like this.
    pub pattern: Option<&'a str>,
}

/// A page of them, by name.
pub async fn list(
    tx: &mut impl Scoped,
    wanted: Wanted<'_>,
    after: Option<(String, Uuid)>,
    limit: i64,
) -> Result<Vec<Check>, Error> {
    let (name, id) = after.unzip();
    let rows = select!(
        "where c.deleted_at is null and ($1::uuid is null or c.tenant_id = $1) and ($2::text is null or c.state = $2) \
           and ($3::text is null or c.name ilike $3 or s.name ilike $3) \
           and ($5::uuid is null or (lower(c.name), c.id) > (lower($4::text), $5)) order by lower(c.name), c.id limit $6",
        wanted.tenant.map(|id| id.0),
        wanted.state.map(CheckState::word),
        wanted.pattern,
        name,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    rows.into_iter().map(Check::try_from).collect()
}

/// Makes those who make checks of one server wait for each other until the transaction ends.
pub async fn lock_server(tx: &mut TenantTx, server: ServerId) -> Result<(), Error> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1, 62))",
        server.0.to_string()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many checks a server has.
pub async fn count(tx: &mut impl Scoped, server: ServerId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from monitor_check where server_id = $1 and deleted_at is null"#,
        server.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Whether other checks depend on one.
pub async fn has_dependents(tx: &mut impl Scoped, id: CheckId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from monitor_check c join monitor_check d on d.tenant_id = c.tenant_id and d.depends_on = c.id
             where c.id = $1 and d.deleted_at is null) as "found!""#,
        id.0
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Writes a new one.
pub async fn insert(
    tx: &mut impl Scoped,
    (id, tenant, server): (CheckId, TenantId, ServerId),
    new: &NewCheck,
    by: &str,
    (now, next_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), Error> {
    let spec = serde_json::to_value(&new.kind).map_err(Error::internal)?;
    let done = sqlx::query!(
        "insert into monitor_check (id, tenant_id, server_id, name, spec, interval_seconds, failures, of_last, needs_engine, \
         depends_on, created_by, created_at, updated_at, state_at, next_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $12, $13)",
        id.0,
        tenant.0,
        server.0,
        new.name,
        spec,
        i32::try_from(new.rule.interval_seconds).unwrap_or(i32::MAX),
        i32::from(new.rule.failures),
        i32::from(new.rule.of_last),
        new.dependence.engine,
        new.dependence.check.map(|id| id.0),
        by,
        now,
        next_at
    );
    done.execute(tx.conn()).await.map_err(taken)?;
    Ok(())
}

/// Writes what it is now. What was found by what it was before is forgotten, also by who looks at it meanwhile.
pub async fn save(
    tx: &mut TenantTx,
    id: CheckId,
    new: &NewCheck,
    (now, next_at): (DateTime<Utc>, Option<DateTime<Utc>>),
) -> Result<(), Error> {
    let spec = serde_json::to_value(&new.kind).map_err(Error::internal)?;
    let done = sqlx::query!(
        "update monitor_check set name = $2, spec = $3, interval_seconds = $4, failures = $5, of_last = $6, needs_engine = $7, \
           depends_on = $8, next_at = $10, lease_id = null, lease_until = null, \
           state_at = case state when 'pending' then state_at else $9 end, state = 'pending', recent = 0, run_at = null, \
           flaps = 0, message = '', version = version + 1, updated_at = $9 where id = $1",
        id.0,
        new.name,
        spec,
        i32::try_from(new.rule.interval_seconds).unwrap_or(i32::MAX),
        i32::from(new.rule.failures),
        i32::from(new.rule.of_last),
        new.dependence.engine,
        new.dependence.check.map(|id| id.0),
        now,
        next_at
    );
    done.execute(tx.conn()).await.map_err(taken)?;
    Ok(())
}

/// Pauses or resumes. What was found is forgotten.
pub async fn set_paused(
    tx: &mut impl Scoped,
    id: CheckId,
    next_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update monitor_check set is_paused = $2::timestamptz is null, next_at = $2, lease_id = null, lease_until = null, \
           state_at = case state when 'pending' then state_at else $3 end, state = 'pending', recent = 0, run_at = null, \
           version = version + 1, updated_at = $3 where id = $1",
        id.0,
        next_at,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Has somebody look now.
pub async fn run_now(tx: &mut TenantTx, id: CheckId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update monitor_check set next_at = $2, is_asked = true, lease_id = null, lease_until = null where id = $1",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Deletes one for everybody who asks; its row goes when its incident is over.
pub async fn mark_deleted(tx: &mut TenantTx, id: CheckId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update monitor_check set deleted_at = $2, next_at = null, lease_id = null, lease_until = null, state = 'pending', \
           state_at = $2 where id = $1",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
