//! Single networks and lists of them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{LocationId, NetworkId, TenantId};

use super::super::model::Network;

struct Row {
    id: Uuid,
    tenant_id: Uuid,
    location_id: Uuid,
    name: String,
    subnet: Option<String>,
    version: i64,
    created_at: DateTime<Utc>,
    deleting_at: Option<DateTime<Utc>>,
    last_error: Option<String>,
    members: i64,
    stack: Option<String>,
}

impl From<Row> for Network {
    fn from(row: Row) -> Self {
        Self {
            id: NetworkId(row.id),
            tenant: TenantId(row.tenant_id),
            location: LocationId(row.location_id),
            name: row.name,
            subnet: row.subnet,
            version: row.version,
            created_at: row.created_at,
            deleting_at: row.deleting_at,
            error: row.last_error,
            members: row.members,
            stack: row.stack,
        }
    }
}

/// One network, if the scope may see it.
pub async fn find(tx: &mut impl Scoped, id: NetworkId) -> Result<Network, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select n.id, n.tenant_id, n.location_id, n.name, n.subnet::text, n.version, n.created_at, n.deleting_at,
             n.last_error,
             (select count(*) from network_member m where m.network_id = n.id and m.is_wanted) as "members!",
             (select k.name from stack k where k.network_id = n.id) as stack
           from network n where n.id = $1"#,
        id.0
    );
    let found = row.fetch_optional(tx.conn()).await?;
    found.map(Network::from).ok_or(Error::NotFound)
}

/// One network, locked until the transaction ends.
pub async fn lock(tx: &mut impl Scoped, id: NetworkId) -> Result<Network, Error> {
    sqlx::query!("select from network where id = $1 for update", id.0)
        .fetch_optional(tx.conn())
        .await?
        .ok_or(Error::NotFound)?;
    find(tx, id).await
}

/// Makes all that changes one tenant's networks wait for each other until the transaction ends, so that neither the limit is
/// passed nor a server left without any.
pub async fn lock_tenant(tx: &mut impl Scoped, tenant: TenantId) -> Result<(), Error> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1, 8))",
        tenant.to_string()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many networks the tenant's plan allows, and how many there are.
pub async fn max_networks(tx: &mut impl Scoped, tenant: TenantId) -> Result<(i64, i64), Error> {
    let row = sqlx::query!(
        r#"select p.max_networks::bigint as "limit!",
             (select count(*) from network n where n.tenant_id = t.id and n.deleting_at is null) as "used!"
           from tenant t join plan p on p.id = t.plan_id where t.id = $1"#,
        tenant.0
    );
    let found = row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    Ok((found.limit, found.used))
}

/// A page of a tenant's networks by name, those after `after`.
pub async fn list(
    tx: &mut impl Scoped,
    tenant: TenantId,
    pattern: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Network>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select n.id, n.tenant_id, n.location_id, n.name, n.subnet::text, n.version, n.created_at, n.deleting_at,
             n.last_error,
             (select count(*) from network_member m where m.network_id = n.id and m.is_wanted) as "members!",
             (select k.name from stack k where k.network_id = n.id) as stack
           from network n where n.tenant_id = $1 and ($2::text is null or n.name ilike $2)
             and ($3::text is null or lower(n.name) > lower($3)) order by lower(n.name) limit $4"#,
        tenant.0,
        pattern,
        after,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Network::from).collect())
}
