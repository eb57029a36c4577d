//! Single servers, sizes and locations.

use chrono::{DateTime, Utc};
use sqlx::types::Uuid;

use crate::platform::db::{Scoped, SystemTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{LocationId, ServerId, TenantId};
use crate::storage;
use crate::tenants::Amounts;

use super::super::model::{Location, PortRange, Resources, Server, Size};
use super::rows::select;

/// One server, if the scope may see it.
pub async fn find(tx: &mut impl Scoped, id: ServerId) -> Result<Server, Error> {
    let row = select!("where s.id = $1", id.0).fetch_optional(tx.conn()).await?;
    row.map(Server::from).ok_or(Error::NotFound)
}

/// Those of these servers that the scope may see, in the order of their names.
pub async fn several(tx: &mut impl Scoped, ids: &[ServerId]) -> Result<Vec<Server>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = select!("where s.id = any($1) order by lower(s.name), s.id", &ids);
    Ok(rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Server::from)
        .collect())
}

/// Whether the tenant's plan has room for so much more, for a guest who may see neither.
pub async fn guest_fits(tx: &mut TenantTx, more: Amounts) -> Result<bool, Error> {
    let fits = sqlx::query_scalar!(
        r#"select guest_fits($1, $2, $3) as "fits!""#,
        more.cpu_millis,
        more.memory_mib,
        more.disk_mib
    );
    Ok(fits.fetch_one(tx.conn()).await?)
}

/// One server, locked until the transaction ends.
pub async fn lock(tx: &mut impl Scoped, id: ServerId) -> Result<Server, Error> {
    let row = select!("where s.id = $1 for update of s", id.0)
        .fetch_optional(tx.conn())
        .await?;
    row.map(Server::from).ok_or(Error::NotFound)
}

/// Makes creations and changes of size of one tenant wait for each other until the transaction ends, so that two can't
/// both take the last of a limit.
pub async fn lock_tenant(tx: &mut impl Scoped, tenant: TenantId) -> Result<(), Error> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1, 2))",
        tenant.to_string()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The sizes that can be chosen, from the smallest.
pub async fn sizes(tx: &mut impl Scoped) -> Result<Vec<Size>, Error> {
    let rows = sqlx::query!(
        "select id, name, summary, cpu_millis, memory_mib, disk_mib from size where archived_at is null \
         order by position, id"
    );
    let sizes = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Size {
        id: row.id,
        name: row.name,
        summary: row.summary,
        resources: Resources {
            cpu_millis: row.cpu_millis,
            memory_mib: row.memory_mib,
            disk_mib: row.disk_mib,
        },
    });
    Ok(sizes.collect())
}

/// One size that can be chosen.
pub async fn find_size(tx: &mut impl Scoped, id: &str) -> Result<Option<Size>, Error> {
    Ok(sizes(tx).await?.into_iter().find(|size| size.id == id))
}

struct LocationRow {
    id: Uuid,
    name: String,
    publish_address: String,
    public_host: String,
    engine_error: Option<String>,
    engine_error_since: Option<DateTime<Utc>>,
}

impl From<LocationRow> for Location {
    fn from(row: LocationRow) -> Self {
        Self {
            id: LocationId(row.id),
            name: row.name,
            publish_address: row.publish_address,
            public_host: row.public_host,
            engine_error: row.engine_error,
            engine_error_since: row.engine_error_since,
        }
    }
}

/// A location.
pub async fn find_location(tx: &mut impl Scoped, id: LocationId) -> Result<Location, Error> {
    let row = sqlx::query_as!(
        LocationRow,
        "select id, name, publish_address, public_host, engine_error, engine_error_since from location where id = $1",
        id.0
    );
    row.fetch_optional(tx.conn())
        .await?
        .map(Location::from)
        .ok_or(Error::NotFound)
}

/// The location that new servers are placed at: this installation's own engine.
pub async fn own_location(tx: &mut impl Scoped) -> Result<Option<Location>, Error> {
    let row = sqlx::query_as!(
        LocationRow,
        "select id, name, publish_address, public_host, engine_error, engine_error_since from location \
         where slug = 'local'"
    );
    Ok(row.fetch_optional(tx.conn()).await?.map(Location::from))
}

/// What pages about servers say on top.
#[derive(Debug)]
pub struct Notices {
    /// Since when the container engine has not answered.
    pub engine_away_since: Option<DateTime<Utc>>,
    /// That the tenant's storage is filling up.
    pub warning: Option<storage::Warning>,
    /// The newest event that the asker may hear of: where a page's stream goes on.
    pub newest: i64,
}

/// All in one question, because nearly every page asks it. The function is called only where a warning may stand.
pub async fn notices(tx: &mut impl Scoped) -> Result<Notices, Error> {
    let row = sqlx::query!(
        r#"select case when l.engine_error is not null then l.engine_error_since end as engine_away_since, w.level as "level?",
             w.bytes as "bytes?", w.allowed as "allowed?", w.full_since as "full_since?", w.policy as "policy?",
             w.grace_days as "grace_days?", (select coalesce(max(o.id), 0) from outbox o) as "newest!"
           from (select) one left join location l on l.slug = 'local'
           left join lateral (select * from storage_warning() where (select exists (
             select from storage_total t where t.tenant_id = berth_tenant() and t.level > 0))) w on true"#
    );
    let row = row.fetch_one(tx.conn()).await?;
    let used = (row.level, row.bytes, row.allowed);
    let plan = (row.policy.as_deref(), row.grace_days);
    Ok(Notices {
        engine_away_since: row.engine_away_since,
        warning: storage::Warning::answered(used, row.full_since, plan),
        newest: row.newest,
    })
}

/// Writes the location that the settings describe.
pub async fn save_location(
    tx: &mut SystemTx,
    id: LocationId,
    (address, host): (&str, &str),
    ports: PortRange,
    pool: &str,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into location (id, slug, name, publish_address, public_host, port_first, port_last, network_pool) \
         values ($1, 'local', 'This machine', $2, $3, $4, $5, $6::text::cidr) \
         on conflict (slug) do update set publish_address = $2, public_host = $3, port_first = $4, port_last = $5, \
         network_pool = $6::text::cidr",
        id.0,
        address,
        host,
        i32::from(ports.first),
        i32::from(ports.last),
        pool
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
