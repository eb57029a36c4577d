//! Servers that were never given checks, and what servers used, for checks that look at the panel's own measurements.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{CheckId, ServerId};

/// Servers that were never given any, locked; what others have locked is left to them.
pub async fn ungiven(tx: &mut SystemTx, limit: i64) -> Result<Vec<ServerId>, Error> {
    let ids = sqlx::query_scalar!(
        r#"select id as "id: ServerId" from server where not has_checks order by id limit $1 for update skip locked"#,
        limit
    );
    Ok(ids.fetch_all(tx.conn()).await?)
}

/// Notes that a server was given its checks. Says whether it was not noted before.
pub async fn set_given(tx: &mut SystemTx, server: ServerId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update server set has_checks = true where id = $1 and not has_checks",
        server.0
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// A question about what a server used.
#[derive(Debug, Clone, Copy)]
pub struct UsageQuestion {
    /// Which check asks.
    pub check: CheckId,
    /// About which server.
    pub server: ServerId,
    /// Of how many minutes.
    pub minutes: u8,
}

/// What a server used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Used {
    /// Which check asked.
    pub check: CheckId,
    /// How many measurements there are.
    pub samples: i64,
    /// Processors, on average.
    pub cpu: Option<f64>,
    /// Bytes of memory, on average.
    pub memory: Option<f64>,
    /// Bytes that its volumes held when they were last measured.
    pub disk: Option<i64>,
}

/// Answers all questions at once. The second bound on the time lets PostgreSQL leave out the parts of the table that are too old.
pub async fn used(
    tx: &mut SystemTx,
    asked: &[UsageQuestion],
    now: DateTime<Utc>,
) -> Result<Vec<Used>, Error> {
    let checks: Vec<Uuid> = asked.iter().map(|one| one.check.0).collect();
    let servers: Vec<Uuid> = asked.iter().map(|one| one.server.0).collect();
    let minutes: Vec<i32> = asked.iter().map(|one| i32::from(one.minutes)).collect();
    let used = sqlx::query_as!(
        Used,
        r#"select r.id as "check!: CheckId", count(u.at) as "samples!", avg(u.cpu)::float8 as cpu, avg(u.memory)::float8 as memory,
             (select d.bytes from usage_disk d where d.server_id = r.server) as "disk?"
           from unnest($1::uuid[], $2::uuid[], $3::int[]) as r (id, server, minutes)
           left join usage_10s u on u.server_id = r.server and u.at > $4::timestamptz - make_interval(mins => r.minutes)
             and u.at > $4::timestamptz - interval '1 hour'
           group by r.id, r.server"#,
        &checks,
        &servers,
        &minutes,
        now
    );
    Ok(used.fetch_all(tx.conn()).await?)
}
