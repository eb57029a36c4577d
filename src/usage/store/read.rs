//! What servers used, as pages and programs ask for it: one statement for a chart, one for all lines of a list.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

use super::super::model::{Point, Source, Span};

/// A coarse table's rows in steps. The names of tables cannot be parameters.
macro_rules! coarse {
    ($table:literal, $tx:ident, $server:ident, $span:ident, $seconds:ident) => {
        sqlx::query_as!(
            Point,
            r#"select date_bin(make_interval(secs => $4), at, timestamptz 'epoch') as "at!",
                      (sum(cpu * samples) / sum(samples) filter (where cpu is not null))::real as cpu, max(cpu_max) as cpu_max,
                      (sum(memory * samples) / sum(samples))::bigint as "memory!", max(memory_max) as "memory_max!",
                      (sum(rx * samples) / sum(samples) filter (where rx is not null))::real as rx, max(rx_max) as rx_max,
                      (sum(tx * samples) / sum(samples) filter (where tx is not null))::real as tx, max(tx_max) as tx_max,
                      (sum(read * samples) / sum(samples) filter (where read is not null))::real as read,
                      max(read_max) as read_max,
                      (sum(write * samples) / sum(samples) filter (where write is not null))::real as write,
                      max(write_max) as write_max
                 from "# + $table + r#" where server_id = $1 and at >= $2 and at < $3 group by 1 order by 1"#,
            $server.0,
            $span.from,
            $span.to,
            $seconds
        )
        .fetch_all($tx.conn())
        .await?
    };
}

/// A server's use in the steps of a span. Steps without a measurement are absent.
pub async fn points(tx: &mut impl Scoped, server: ServerId, span: &Span) -> Result<Vec<Point>, Error> {
    let seconds = span.step.length().as_seconds_f64();
    Ok(match span.step.source() {
        Source::TenSeconds => fine(tx, server, span, seconds).await?,
        Source::FiveMinutes => coarse!("usage_5m", tx, server, span, seconds),
        Source::Hour => coarse!("usage_1h", tx, server, span, seconds),
    })
}

async fn fine(
    tx: &mut impl Scoped,
    server: ServerId,
    span: &Span,
    seconds: f64,
) -> Result<Vec<Point>, Error> {
    let rows = sqlx::query_as!(
        Point,
        r#"select date_bin(make_interval(secs => $4), at, timestamptz 'epoch') as "at!",
                  avg(cpu)::real as cpu, max(cpu) as cpu_max, avg(memory)::bigint as "memory!", max(memory) as "memory_max!",
                  avg(rx)::real as rx, max(rx) as rx_max, avg(tx)::real as tx, max(tx) as tx_max,
                  avg(read)::real as read, max(read) as read_max, avg(write)::real as write, max(write) as write_max
             from usage_10s where server_id = $1 and at >= $2 and at < $3 group by 1 order by 1"#,
        server.0,
        span.from,
        span.to,
        seconds
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// The newest measurement since `since`.
pub async fn newest(
    tx: &mut impl Scoped,
    server: ServerId,
    since: DateTime<Utc>,
) -> Result<Option<Point>, Error> {
    let row = sqlx::query_as!(
        Point,
        "select at, cpu, cpu as cpu_max, memory, memory as memory_max, rx, rx as rx_max, tx, tx as tx_max, read, \
         read as read_max, write, write as write_max from usage_10s where server_id = $1 and at >= $2 \
         order by at desc limit 1",
        server.0,
        since
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}

/// The last hour of a server, in five minutes each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spark {
    /// When, processors, bytes of memory; in the order of time.
    pub points: Vec<(DateTime<Utc>, Option<f32>, i64)>,
}

/// The last hour of many servers, in one question. Servers without a measurement are absent.
pub async fn sparks(
    tx: &mut impl Scoped,
    servers: &[ServerId],
    now: DateTime<Utc>,
) -> Result<HashMap<ServerId, Spark>, Error> {
    let ids: Vec<Uuid> = servers.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "select server_id, at, cpu, memory from usage_5m where server_id = any($1) and at >= $2 and at < $3 \
         order by server_id, at",
        &ids,
        now - TimeDelta::hours(1) - TimeDelta::minutes(5),
        now
    );
    let mut sparks: HashMap<ServerId, Spark> = HashMap::new();
    for row in rows.fetch_all(tx.conn()).await? {
        let spark = sparks.entry(ServerId(row.server_id)).or_default();
        spark.points.push((row.at, row.cpu, row.memory));
    }
    Ok(sparks)
}
