//! One server among its tenant's networks.

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{NetworkId, ServerId, TenantId};
use crate::servers::model::Server;

use super::super::model::{Member, Published, Seats};
use super::{common_members, list, places};

/// No plan allows more.
const MOST: i64 = 1_000;

/// Which networks a server is in, who else is there, and which it could join.
pub async fn seats(tx: &mut impl Scoped, tenant: TenantId, server: &Server) -> Result<Seats, Error> {
    let mut networks = list(tx, tenant, None, None, MOST).await?;
    networks.retain(|network| network.location == server.location);
    let mut common = common_members(tx, tenant).await?;
    common.retain(|one| one.server != server.id);
    let others = others(tx, server.id).await?;
    Ok(Seats::new(
        &places(tx, server.id).await?,
        networks,
        common,
        others,
    ))
}

/// Who is in the networks that a server is in, by name.
async fn others(tx: &mut impl Scoped, server: ServerId) -> Result<Vec<(NetworkId, Member)>, Error> {
    let rows = sqlx::query!(
        r#"select o.network_id, s.id, s.name, s.host_name, o.is_wanted, o.is_in,
             s.observed_state = 'running' as "is_running!"
           from network_member m join network_member o on o.network_id = m.network_id
             join server s on s.id = o.server_id
           where m.server_id = $1 and m.is_in and o.server_id <> $1 and o.is_in and s.deleted_at is null
           order by lower(s.name), s.id"#,
        server.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    let pair = rows.map(|row| {
        let member = Member {
            server: ServerId(row.id),
            name: row.name,
            host_name: row.host_name,
            is_wanted: row.is_wanted,
            is_in: row.is_in,
            is_running: row.is_running,
        };
        (NetworkId(row.network_id), member)
    });
    Ok(pair.collect())
}

/// What the world reaches of a server.
pub async fn ports(tx: &mut impl Scoped, server: ServerId) -> Result<Vec<Published>, Error> {
    let rows = sqlx::query!(
        "select name, host_port, container_port, protocol from server_port where server_id = $1 order by host_port, protocol",
        server.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Published {
            name: row.name,
            host_port: row.host_port,
            container_port: row.container_port,
            protocol: row.protocol,
        })
        .collect())
}
