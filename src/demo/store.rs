//! What of the demo is there.

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{PlanId, ServerId, TenantId};

pub(super) async fn tenant(tx: &mut SystemTx, slug: &str) -> Result<Option<TenantId>, Error> {
    let id = sqlx::query_scalar!("select id from tenant where slug = $1", slug)
        .fetch_optional(tx.conn())
        .await?;
    Ok(id.map(TenantId))
}

pub(super) async fn plan(tx: &mut SystemTx, name: &str) -> Result<Option<PlanId>, Error> {
    let id = sqlx::query_scalar!("select id from plan where name = $1", name)
        .fetch_optional(tx.conn())
        .await?;
    Ok(id.map(PlanId))
}

pub(super) async fn has_members(tx: &mut SystemTx, tenant: TenantId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists(select from membership where tenant_id = $1) as "found!""#,
        tenant.0
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

pub(super) async fn server(
    tx: &mut SystemTx,
    tenant: TenantId,
    name: &str,
) -> Result<Option<ServerId>, Error> {
    let id = sqlx::query_scalar!(
        "select id from server where tenant_id = $1 and name = $2 and deleted_at is null",
        tenant.0,
        name
    );
    Ok(id.fetch_optional(tx.conn()).await?.map(ServerId))
}

/// Where the server answers, once it runs and nothing is left to do.
pub(super) async fn address_when_up(tx: &mut SystemTx, server: ServerId) -> Result<Option<String>, Error> {
    let address = sqlx::query_scalar!(
        r#"select p.scheme || '://' || l.public_host || ':' || p.host_port as "address!"
             from server s join location l on l.id = s.location_id join server_port p on p.server_id = s.id
            where s.id = $1 and s.observed_state = 'running' and s.generation = s.observed_generation
            order by p.name limit 1"#,
        server.0
    );
    Ok(address.fetch_optional(tx.conn()).await?)
}
