//! Whom to measure, and what was measured: one statement for all servers.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId};

use super::super::model::Rates;

/// A server's use in ten seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSample {
    /// Which.
    pub server: ServerId,
    /// Whose.
    pub tenant: TenantId,
    /// How fast.
    pub rates: Rates,
    /// Bytes in use.
    pub memory: i64,
}

/// The servers that run at a location, as far as is known.
pub async fn running(tx: &mut SystemTx) -> Result<Vec<(ServerId, TenantId)>, Error> {
    let rows = sqlx::query!(
        "select s.id, s.tenant_id from server s join location l on l.id = s.location_id \
         where l.slug = 'local' and s.observed_state = 'running'"
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| (ServerId(row.id), TenantId(row.tenant_id)))
        .collect())
}

/// Writes the samples of one moment. What is there already stays: two panels measure the same once.
pub async fn insert(tx: &mut SystemTx, at: DateTime<Utc>, samples: &[NewSample]) -> Result<u64, Error> {
    let column = |value: fn(&NewSample) -> Option<f32>| samples.iter().map(value).collect::<Vec<_>>();
    let servers: Vec<Uuid> = samples.iter().map(|one| one.server.0).collect();
    let tenants: Vec<Uuid> = samples.iter().map(|one| one.tenant.0).collect();
    let memory: Vec<i64> = samples.iter().map(|one| one.memory).collect();
    let done = sqlx::query!(
        "insert into usage_10s (server_id, tenant_id, at, cpu, memory, rx, tx, read, write) \
         select s.server_id, s.tenant_id, $1, s.cpu, s.memory, s.rx, s.tx, s.read, s.write \
         from unnest($2::uuid[], $3::uuid[], $4::real[], $5::bigint[], $6::real[], $7::real[], $8::real[], $9::real[]) \
           as s (server_id, tenant_id, cpu, memory, rx, tx, read, write) \
         on conflict (server_id, at) do nothing",
        at,
        &servers,
        &tenants,
        &column(|one| one.rates.cpu) as &[Option<f32>],
        &memory,
        &column(|one| one.rates.rx) as &[Option<f32>],
        &column(|one| one.rates.tx) as &[Option<f32>],
        &column(|one| one.rates.read) as &[Option<f32>],
        &column(|one| one.rates.write) as &[Option<f32>]
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
