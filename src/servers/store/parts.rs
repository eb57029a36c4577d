//! What belongs to a server: ports, variables, and its tenant's network.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{LocationId, ServerId, TenantId};

use super::super::model::{NewPort, PublishedPort, StoredVariable};

/// Gives a port of the location to a new server; none if all are taken.
pub async fn allocate_port(
    tx: &mut TenantTx,
    (server, tenant, location): (ServerId, TenantId, LocationId),
    port: &NewPort<'_>,
) -> Result<Option<u16>, Error> {
    let free = sqlx::query_scalar!("select allocate_port($1, $2)", location.0, port.protocol)
        .fetch_one(tx.conn())
        .await?;
    let Some(host_port) = free else { return Ok(None) };
    sqlx::query!(
        "insert into server_port (server_id, tenant_id, location_id, name, container_port, protocol, scheme, host_port) \
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        server.0,
        tenant.0,
        location.0,
        port.name,
        i32::from(port.container_port),
        port.protocol,
        port.scheme,
        host_port
    )
    .execute(tx.conn())
    .await?;
    Ok(Some(narrow(host_port)))
}

/// The database's checks keep ports in range.
fn narrow(port: i32) -> u16 {
    u16::try_from(port).unwrap_or_default()
}

/// A server's ports, in the order of their names.
pub async fn ports(tx: &mut impl Scoped, server: ServerId) -> Result<Vec<PublishedPort>, Error> {
    let rows = sqlx::query!(
        "select name, container_port, protocol, scheme, host_port from server_port where server_id = $1 order by name",
        server.0
    );
    let ports = rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(|row| PublishedPort {
            name: row.name,
            container_port: narrow(row.container_port),
            is_udp: row.protocol == "udp",
            scheme: row.scheme,
            host_port: narrow(row.host_port),
        });
    Ok(ports.collect())
}

/// The host's ports that servers have: number, and whether it is UDP.
pub async fn all_ports(tx: &mut SystemTx) -> Result<Vec<(u16, bool)>, Error> {
    let rows = sqlx::query!("select protocol, host_port from server_port");
    let rows = rows.fetch_all(tx.conn()).await?;
    let ports = rows
        .into_iter()
        .map(|row| (narrow(row.host_port), row.protocol == "udp"));
    Ok(ports.collect())
}

/// Notes that something else on the host holds a port.
pub async fn block_port(
    tx: &mut SystemTx,
    location: LocationId,
    port: u16,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into blocked_port (location_id, host_port, blocked_at) values ($1, $2, $3) \
         on conflict (location_id, host_port) do update set blocked_at = $3",
        location.0,
        i32::from(port),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives a server another port instead of `port`. Says whether there was one.
pub async fn move_port(tx: &mut SystemTx, server: ServerId, port: u16) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update server_port p set host_port = free.port from (select server_id, name, \
         allocate_port(location_id, protocol) as port from server_port where server_id = $1 and host_port = $2) free \
         where p.server_id = free.server_id and p.name = free.name and free.port is not null",
        server.0,
        i32::from(port)
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Whether no other server of the tenant is at the location, but for deleted ones, which need no network.
pub async fn is_last_of_tenant(
    tx: &mut SystemTx,
    server: ServerId,
    tenant: TenantId,
    location: LocationId,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select not exists (select from server where tenant_id = $2 and location_id = $3 and id <> $1 and deleted_at is null) as "is_last!""#,
        server.0,
        tenant.0,
        location.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// A server's variables by key. Secrets stay sealed.
pub async fn variables(tx: &mut impl Scoped, server: ServerId) -> Result<Vec<StoredVariable>, Error> {
    Ok(sqlx::query_as!(
        StoredVariable,
        "select key, value, sealed from server_variable where server_id = $1 order by key",
        server.0
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Writes a variable.
pub async fn save_variable(
    tx: &mut TenantTx,
    server: ServerId,
    tenant: TenantId,
    variable: &StoredVariable,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into server_variable (server_id, tenant_id, key, value, sealed) values ($1, $2, $3, $4, $5) \
         on conflict (server_id, key) do update set value = $4, sealed = $5",
        server.0,
        tenant.0,
        variable.key,
        variable.value,
        variable.sealed
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a variable.
pub async fn delete_variable(tx: &mut TenantTx, server: ServerId, key: &str) -> Result<(), Error> {
    sqlx::query!(
        "delete from server_variable where server_id = $1 and key = $2",
        server.0,
        key
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The subnet of a tenant's network at a location; taken from the location's pool at the first call. It is drawn at
/// random, so that two installations on one host seldom want the same.
pub async fn subnet(
    tx: &mut SystemTx,
    tenant: TenantId,
    location: LocationId,
) -> Result<Option<String>, Error> {
    sqlx::query!(
        "insert into tenant_network (tenant_id, location_id, subnet) \
         select $1, $2, free.subnet from ( \
           select set_masklen((host(network(l.network_pool))::inet + n * 256)::cidr, 24) as subnet \
           from location l, generate_series(0, (1 << (24 - masklen(l.network_pool))) - 1) n where l.id = $2) free \
         where not exists (select from tenant_network x where x.location_id = $2 and x.subnet = free.subnet) \
           and not exists (select from tenant_network x where x.location_id = $2 and x.tenant_id = $1) \
         order by random() limit 1 on conflict do nothing",
        tenant.0,
        location.0
    )
    .execute(tx.conn())
    .await?;
    Ok(sqlx::query_scalar!(
        r#"select subnet::text as "subnet!" from tenant_network where tenant_id = $1 and location_id = $2"#,
        tenant.0,
        location.0
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Gives up a tenant's subnet, because somebody else on the host has it, and draws another.
pub async fn replace_subnet(
    tx: &mut SystemTx,
    tenant: TenantId,
    location: LocationId,
) -> Result<Option<String>, Error> {
    release_subnet(tx, tenant, location).await?;
    subnet(tx, tenant, location).await
}

/// Gives back a tenant's subnet.
pub async fn release_subnet(tx: &mut SystemTx, tenant: TenantId, location: LocationId) -> Result<(), Error> {
    sqlx::query!(
        "delete from tenant_network where tenant_id = $1 and location_id = $2",
        tenant.0,
        location.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
