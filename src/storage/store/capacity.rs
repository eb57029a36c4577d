//! What locations have, what of it is sold and used, and what staff say may be sold.

use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::db::{Scoped, StaffTx, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::LocationId;
use crate::servers::model::Resources;

use super::super::model::{Capacity, Stock};

/// What staff choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selling {
    /// MiB of disk that there are for volumes, if not what the pool holds.
    pub disk_mib: Option<i64>,
    /// The share of the processors that may be sold, in percent.
    pub cpu_percent: i32,
    /// That of the memory.
    pub memory_percent: i32,
    /// That of the disk.
    pub disk_percent: i32,
    /// Whether servers are placed beyond that.
    pub oversell: bool,
}

/// A location with what it has.
#[derive(Debug, Clone)]
pub struct Place {
    /// Which.
    pub id: LocationId,
    /// Its name.
    pub name: String,
    /// What it has and has sold.
    pub capacity: Capacity,
    /// What staff chose.
    pub selling: Selling,
    /// MiB that its pool holds; nothing if it has none, or did not answer yet.
    pub pool_mib: Option<i64>,
    /// When the engine was asked; nothing before it was.
    pub measured_at: Option<DateTime<Utc>>,
    /// Grows with each change of what staff chose.
    pub version: i64,
}

/// All locations.
pub async fn places(tx: &mut impl Scoped) -> Result<Vec<Place>, Error> {
    let rows = sqlx::query!(
        r#"select l.id, l.name, c.cpu_millis as "cpu_millis?", c.memory_mib as "memory_mib?", c.measured_at as "measured_at?",
             c.disk_mib as "disk_mib?", c.pool_mib as "pool_mib?", coalesce(c.cpu_percent, 400) as "cpu_percent!",
             coalesce(c.memory_percent, 90) as "memory_percent!", coalesce(c.disk_percent, 90) as "disk_percent!",
             coalesce(c.oversell, true) as "oversell!", coalesce(c.version, 0) as "version!",
             sold.cpu_millis as "sold_cpu!", sold.memory_mib as "sold_memory!", sold.disk_mib as "sold_disk!"
           from location l left join location_capacity c on c.location_id = l.id, lateral location_sold(l.id) as sold
           order by l.name, l.id"#
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| {
            let stock = |total, percent, sold| Stock { total, percent, sold };
            Place {
                id: LocationId(row.id),
                name: row.name,
                capacity: Capacity {
                    cpu: stock(row.cpu_millis, row.cpu_percent, row.sold_cpu),
                    memory: stock(row.memory_mib, row.memory_percent, row.sold_memory),
                    disk: stock(row.disk_mib.or(row.pool_mib), row.disk_percent, row.sold_disk),
                },
                selling: Selling {
                    disk_mib: row.disk_mib,
                    cpu_percent: row.cpu_percent,
                    memory_percent: row.memory_percent,
                    disk_percent: row.disk_percent,
                    oversell: row.oversell,
                },
                pool_mib: row.pool_mib,
                measured_at: row.measured_at,
                version: row.version,
            }
        })
        .collect())
}

/// One location; waits for whoever changes it.
pub async fn place(tx: &mut impl Scoped, id: LocationId) -> Result<Place, Error> {
    sqlx::query!(
        "select from location_capacity where location_id = $1 for update",
        id.0
    )
    .execute(tx.conn())
    .await?;
    let all = places(tx).await?;
    all.into_iter()
        .find(|place| place.id == id)
        .ok_or(Error::NotFound)
}

/// Writes what staff chose.
pub async fn save_selling(tx: &mut StaffTx, id: LocationId, new: &Selling) -> Result<(), Error> {
    sqlx::query!(
        "insert into location_capacity as c (location_id, disk_mib, cpu_percent, memory_percent, disk_percent, oversell) \
         values ($1, $2, $3, $4, $5, $6) on conflict (location_id) do update set disk_mib = excluded.disk_mib, \
           cpu_percent = excluded.cpu_percent, memory_percent = excluded.memory_percent, \
           disk_percent = excluded.disk_percent, oversell = excluded.oversell, version = c.version + 1",
        id.0,
        new.disk_mib,
        new.cpu_percent,
        new.memory_percent,
        new.disk_percent,
        new.oversell
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what the engine of this machine has.
pub async fn save_machine(
    tx: &mut SystemTx,
    (cpu_millis, memory_mib): (i64, i64),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into location_capacity (location_id, cpu_millis, memory_mib, measured_at) \
         select id, $1, $2, $3 from location where slug = 'local' \
         on conflict (location_id) do update set cpu_millis = $1, memory_mib = $2, measured_at = $3",
        cpu_millis,
        memory_mib,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what the pool of this machine holds.
pub async fn save_pool(tx: &mut SystemTx, pool_mib: i64) -> Result<(), Error> {
    sqlx::query!(
        "insert into location_capacity (location_id, pool_mib) select id, $1 from location where slug = 'local' \
         on conflict (location_id) do update set pool_mib = $1",
        pool_mib
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What a location lacks for so much more, by its word.
pub async fn lacks(tx: &mut impl Scoped, id: LocationId, more: Resources) -> Result<Option<String>, Error> {
    let lacks = sqlx::query_scalar!(
        "select location_lacks($1, $2, $3, $4)",
        id.0,
        more.cpu_millis,
        more.memory_mib,
        more.disk_mib
    );
    Ok(lacks.fetch_one(tx.conn()).await?)
}

/// What is in use of it: processors in thousandths, bytes of memory, bytes on disks.
pub async fn in_use(
    tx: &mut impl Scoped,
    id: LocationId,
    now: DateTime<Utc>,
) -> Result<(Option<f64>, Option<i64>, i64), Error> {
    let row = sqlx::query!(
        r#"select sum(u.cpu)::float8 * 1000 as cpu, sum(u.memory)::bigint as memory,
             (select coalesce(sum(d.bytes), 0)::bigint from usage_disk d join server s on s.id = d.server_id
               where s.location_id = $1)
             + (select coalesce(sum(v.used_bytes), 0)::bigint from volume v where v.location_id = $1) as "disk!"
           from usage_10s u join server s on s.id = u.server_id
          where s.location_id = $1 and u.at = (select max(at) from usage_10s where at > $2)"#,
        id.0,
        now - TimeDelta::minutes(2)
    );
    let row = row.fetch_one(tx.conn()).await?;
    Ok((row.cpu, row.memory, row.disk))
}
