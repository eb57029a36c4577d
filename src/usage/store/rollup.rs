//! From fine to coarse. A roll-up may be computed again at any time: it overwrites itself with the same.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;

use super::super::model::Source;

fn word(source: Source) -> &'static str {
    match source {
        Source::TenSeconds | Source::FiveMinutes => "5m",
        Source::Hour => "1h",
    }
}

/// Until when a table's roll-up was computed, locked until the transaction ends so that nobody else computes it meanwhile.
pub async fn rolled_until(tx: &mut SystemTx, into: Source) -> Result<Option<DateTime<Utc>>, Error> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1, 4))",
        word(into)
    )
    .execute(tx.conn())
    .await?;
    let until = sqlx::query_scalar!(
        "select done_until from usage_rollup where resolution = $1",
        word(into)
    );
    Ok(until.fetch_optional(tx.conn()).await?)
}

/// Computes a table's steps that begin in `[from, to)`, and notes that this was done. Both are beginnings of steps.
pub async fn roll_up(
    tx: &mut SystemTx,
    into: Source,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<u64, Error> {
    let count = match into {
        Source::TenSeconds | Source::FiveMinutes => into_five_minutes(tx, from, to).await?,
        Source::Hour => into_hours(tx, from, to).await?,
    };
    sqlx::query!(
        "insert into usage_rollup (resolution, done_until) values ($1, $2) \
         on conflict (resolution) do update set done_until = $2",
        word(into),
        to
    )
    .execute(tx.conn())
    .await?;
    Ok(count)
}

async fn into_five_minutes(tx: &mut SystemTx, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<u64, Error> {
    let done = sqlx::query!(
        "insert into usage_5m (server_id, tenant_id, at, samples, cpu, cpu_max, memory, memory_max, rx, rx_max, tx, tx_max, \
           read, read_max, write, write_max) \
         select server_id, tenant_id, date_bin('5 minutes', at, timestamptz 'epoch'), count(*)::int, \
           avg(cpu)::real, max(cpu), avg(memory)::bigint, max(memory), avg(rx)::real, max(rx), avg(tx)::real, max(tx), \
           avg(read)::real, max(read), avg(write)::real, max(write) \
         from usage_10s where at >= $1 and at < $2 group by 1, 2, 3 \
         on conflict (server_id, at) do update set samples = excluded.samples, cpu = excluded.cpu, \
           cpu_max = excluded.cpu_max, memory = excluded.memory, memory_max = excluded.memory_max, rx = excluded.rx, \
           rx_max = excluded.rx_max, tx = excluded.tx, tx_max = excluded.tx_max, read = excluded.read, \
           read_max = excluded.read_max, write = excluded.write, write_max = excluded.write_max",
        from,
        to
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

async fn into_hours(tx: &mut SystemTx, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<u64, Error> {
    let done = sqlx::query!(
        "insert into usage_1h (server_id, tenant_id, at, samples, cpu, cpu_max, memory, memory_max, rx, rx_max, tx, tx_max, \
           read, read_max, write, write_max) \
         select server_id, tenant_id, date_bin('1 hour', at, timestamptz 'epoch'), sum(samples)::int, \
           (sum(cpu * samples) / sum(samples) filter (where cpu is not null))::real, max(cpu_max), \
           (sum(memory * samples) / sum(samples))::bigint, max(memory_max), \
           (sum(rx * samples) / sum(samples) filter (where rx is not null))::real, max(rx_max), \
           (sum(tx * samples) / sum(samples) filter (where tx is not null))::real, max(tx_max), \
           (sum(read * samples) / sum(samples) filter (where read is not null))::real, max(read_max), \
           (sum(write * samples) / sum(samples) filter (where write is not null))::real, max(write_max) \
         from usage_5m where at >= $1 and at < $2 group by 1, 2, 3 \
         on conflict (server_id, at) do update set samples = excluded.samples, cpu = excluded.cpu, \
           cpu_max = excluded.cpu_max, memory = excluded.memory, memory_max = excluded.memory_max, rx = excluded.rx, \
           rx_max = excluded.rx_max, tx = excluded.tx, tx_max = excluded.tx_max, read = excluded.read, \
           read_max = excluded.read_max, write = excluded.write, write_max = excluded.write_max",
        from,
        to
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
