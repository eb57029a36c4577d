//! All of a tenant's servers and networks at once, for the map.

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{NetworkId, ServerId, TenantId};

use super::super::model::{Link, Map, MapServer, Published};

/// More than anybody looks at.
const MOST: i64 = 200;

/// A tenant's map.
pub async fn map(tx: &mut impl Scoped, tenant: TenantId) -> Result<Map, Error> {
    let mut servers = servers(tx, tenant).await?;
    let is_cut = servers.len() > usize::try_from(MOST).unwrap_or(usize::MAX);
    servers.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    add_ports(tx, tenant, &mut servers).await?;
    let rows = sqlx::query!(
        "select id, name from network where tenant_id = $1 and deleting_at is null order by lower(name)",
        tenant.0
    );
    let networks = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(Map {
        servers,
        networks: networks.map(|row| (NetworkId(row.id), row.name)).collect(),
        links: links(tx, tenant).await?,
        is_cut,
    })
}

async fn servers(tx: &mut impl Scoped, tenant: TenantId) -> Result<Vec<MapServer>, Error> {
    let rows = sqlx::query!(
        r#"select id, name, host_name, observed_state = 'running' as "is_running!" from server
           where tenant_id = $1 and deleted_at is null order by lower(name), id limit $2"#,
        tenant.0,
        MOST + 1
    );
    let servers = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| MapServer {
        id: ServerId(row.id),
        name: row.name,
        host_name: row.host_name,
        is_running: row.is_running,
        ports: Vec::new(),
    });
    Ok(servers.collect())
}

async fn add_ports(tx: &mut impl Scoped, tenant: TenantId, servers: &mut [MapServer]) -> Result<(), Error> {
    let rows = sqlx::query!(
        "select server_id, name, host_port, container_port, protocol from server_port where tenant_id = $1 \
         order by server_id, host_port, protocol",
        tenant.0
    );
    for row in rows.fetch_all(tx.conn()).await? {
        if let Some(server) = servers.iter_mut().find(|server| server.id.0 == row.server_id) {
            server.ports.push(Published {
                name: row.name,
                host_port: row.host_port,
                container_port: row.container_port,
                protocol: row.protocol,
            });
        }
    }
    Ok(())
}

async fn links(tx: &mut impl Scoped, tenant: TenantId) -> Result<Vec<Link>, Error> {
    let rows = sqlx::query!(
        r#"select server_id as "server_id!", network_id as "network_id?", is_wanted as "is_wanted!", is_in as "is_in!"
           from network_member where tenant_id = $1
           union all select server_id, null::uuid, is_wanted, is_in from common_member where tenant_id = $1"#,
        tenant.0
    );
    let links = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Link {
        server: ServerId(row.server_id),
        network: row.network_id.map(NetworkId),
        is_wanted: row.is_wanted,
        is_in: row.is_in,
    });
    Ok(links.collect())
}
