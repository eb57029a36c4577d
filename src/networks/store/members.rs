//! Who is in which network, and who should be.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{LocationId, NetworkId, ServerId, TenantId};

use super::super::model::{Member, Place, Places, key_text};

struct Row {
    id: Uuid,
    name: String,
    host_name: String,
    is_wanted: bool,
    is_in: bool,
    is_running: bool,
}

impl From<Row> for Member {
    fn from(row: Row) -> Self {
        Self {
            server: ServerId(row.id),
            name: row.name,
            host_name: row.host_name,
            is_wanted: row.is_wanted,
            is_in: row.is_in,
            is_running: row.is_running,
        }
    }
}

/// The servers that are in a network, or should be, by name.
pub async fn members(tx: &mut impl Scoped, network: NetworkId) -> Result<Vec<Member>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select s.id, s.name, s.host_name, m.is_wanted, m.is_in, s.observed_state = 'running' as "is_running!"
           from network_member m join server s on s.id = m.server_id
           where m.network_id = $1 and s.deleted_at is null and (m.is_wanted or m.is_in) order by lower(s.name), s.id"#,
        network.0
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Member::from).collect())
}

/// All of a tenant's servers by name, each with its place in the common network.
pub async fn common_members(tx: &mut impl Scoped, tenant: TenantId) -> Result<Vec<Member>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select s.id, s.name, s.host_name, coalesce(c.is_wanted, true) as "is_wanted!",
             coalesce(c.is_in, true) as "is_in!", s.observed_state = 'running' as "is_running!"
           from server s left join common_member c on c.server_id = s.id
           where s.tenant_id = $1 and s.deleted_at is null order by lower(s.name), s.id"#,
        tenant.0
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Member::from).collect())
}

/// What was said about one server's networks.
pub async fn places(tx: &mut impl Scoped, server: ServerId) -> Result<Places, Error> {
    let rows = sqlx::query!(
        r#"select network_id as "network_id?", is_wanted as "is_wanted!", is_in as "is_in!"
           from network_member where server_id = $1
           union all select null::uuid, is_wanted, is_in from common_member where server_id = $1 order by 1"#,
        server.0
    );
    let place = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Place {
        network: row.network_id.map(NetworkId),
        is_wanted: row.is_wanted,
        is_in: row.is_in,
    });
    Ok(Places(place.collect()))
}

/// The same about all servers of a location of which anything was said.
pub async fn all_places(
    tx: &mut impl Scoped,
    location: LocationId,
) -> Result<HashMap<ServerId, Places>, Error> {
    let rows = sqlx::query!(
        r#"select m.server_id as "server_id!", m.network_id as "network_id?", m.is_wanted as "is_wanted!", m.is_in as "is_in!"
           from network_member m join server s on s.id = m.server_id where s.location_id = $1
           union all select c.server_id, null::uuid, c.is_wanted, c.is_in
           from common_member c join server s on s.id = c.server_id where s.location_id = $1"#,
        location.0
    );
    let mut all: HashMap<ServerId, Places> = HashMap::new();
    for row in rows.fetch_all(tx.conn()).await? {
        all.entry(ServerId(row.server_id)).or_default().0.push(Place {
            network: row.network_id.map(NetworkId),
            is_wanted: row.is_wanted,
            is_in: row.is_in,
        });
    }
    Ok(all)
}

/// The keys that networks of a location have on the engine.
pub async fn all_keys(tx: &mut impl Scoped, location: LocationId) -> Result<HashSet<String>, Error> {
    let rows = sqlx::query!(
        "select id, tenant_id from network where location_id = $1",
        location.0
    );
    let keys = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(keys
        .map(|row| key_text(TenantId(row.tenant_id), NetworkId(row.id)))
        .collect())
}

/// Says whether a server should be in a network.
pub async fn set_member(
    tx: &mut impl Scoped,
    (network, server): (NetworkId, ServerId),
    tenant: TenantId,
    is_wanted: bool,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into network_member (network_id, server_id, tenant_id, is_wanted, created_at) values ($1, $2, $3, $4, $5) \
         on conflict (network_id, server_id) do update set is_wanted = $4",
        network.0,
        server.0,
        tenant.0,
        is_wanted,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The names besides their own that a server has in its networks.
pub async fn aliases(tx: &mut impl Scoped, server: ServerId) -> Result<HashMap<NetworkId, String>, Error> {
    let rows = sqlx::query!(
        r#"select network_id, alias as "alias!" from network_member where server_id = $1 and alias is not null"#,
        server.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (NetworkId(row.network_id), row.alias)).collect())
}

/// Puts a new server into a network and nowhere else, where it is also found by `alias`.
pub async fn settle_in(
    tx: &mut impl Scoped,
    (network, server): (NetworkId, ServerId),
    tenant: TenantId,
    alias: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into network_member (network_id, server_id, tenant_id, alias, created_at) values ($1, $2, $3, $4, $5)",
        network.0,
        server.0,
        tenant.0,
        alias,
        now
    )
    .execute(tx.conn())
    .await?;
    set_common(tx, server, tenant, false).await
}

/// Says whether a server should be in the common network.
pub async fn set_common(
    tx: &mut impl Scoped,
    server: ServerId,
    tenant: TenantId,
    is_wanted: bool,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into common_member (server_id, tenant_id, is_wanted, is_in) values ($1, $2, $3, true) \
         on conflict (server_id) do update set is_wanted = $3",
        server.0,
        tenant.0,
        is_wanted
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets a new server be where another of its tenant should be. A network that is about to go takes nobody any more,
/// and a stack's own has only the stack's servers.
pub async fn join_as(
    tx: &mut impl Scoped,
    (source, server): (ServerId, ServerId),
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into network_member (network_id, server_id, tenant_id, is_wanted, created_at) \
         select n.id, $2, $3, true, $4 from network n join network_member m on m.network_id = n.id \
         where m.server_id = $1 and m.is_wanted and n.deleting_at is null \
         and not exists (select from stack k where k.network_id = n.id) for share of n",
        source.0,
        server.0,
        tenant.0,
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into common_member (server_id, tenant_id, is_wanted, is_in) \
         select $2, $3, false, false from common_member where server_id = $1 and not is_wanted \
         and exists (select from network_member where server_id = $2)",
        source.0,
        server.0,
        tenant.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes where a server is now. What somebody has said meanwhile stays; what there is nothing to say about any more goes.
pub async fn settle(tx: &mut SystemTx, server: ServerId, places: &[Place]) -> Result<(), Error> {
    for place in places {
        match place.network {
            Some(network) => {
                sqlx::query!(
                    "update network_member set is_in = $3 where network_id = $1 and server_id = $2",
                    network.0,
                    server.0,
                    place.is_in
                )
                .execute(tx.conn())
                .await?
            }
            None => {
                sqlx::query!(
                    "update common_member set is_in = $2 where server_id = $1",
                    server.0,
                    place.is_in
                )
                .execute(tx.conn())
                .await?
            }
        };
    }
    sqlx::query!(
        "delete from network_member where server_id = $1 and not is_wanted and not is_in",
        server.0
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from common_member where server_id = $1 and is_wanted and is_in",
        server.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A network's subnet; drawn from its location's pool at the first call, and anew if somebody else on the host has it.
pub async fn subnet(tx: &mut SystemTx, network: NetworkId, another: bool) -> Result<Option<String>, Error> {
    sqlx::query!(
        "update network n set subnet = ( \
           select free.subnet from ( \
             select set_masklen((host(network(l.network_pool))::inet + step * 256)::cidr, 24) as subnet \
             from location l, generate_series(0, (1 << (24 - masklen(l.network_pool))) - 1) step \
             where l.id = n.location_id) free \
           where not exists (select from tenant_network x where x.location_id = n.location_id and x.subnet = free.subnet) \
             and not exists (select from network x where x.location_id = n.location_id and x.subnet = free.subnet) \
           order by random() limit 1) \
         where n.id = $1 and (n.subnet is null or $2)",
        network.0,
        another
    )
    .execute(tx.conn())
    .await?;
    let found = sqlx::query_scalar!("select subnet::text from network where id = $1", network.0);
    Ok(found.fetch_optional(tx.conn()).await?.flatten())
}
