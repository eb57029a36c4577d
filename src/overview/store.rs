//! The dashboards' queries: counts by index, and the few newest things that need somebody.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;

/// Servers by how they are.
#[derive(Debug, Clone, Copy, Default, serde::Serialize, utoipa::ToSchema)]
pub struct Servers {
    /// All.
    pub total: i64,
    /// Those that run.
    pub running: i64,
    /// Those that don't run and need not.
    pub stopped: i64,
    /// Those whose last attempt failed or whose check fails.
    pub failing: i64,
}

/// Tenants by status.
#[derive(Debug, Clone, Copy, Default, serde::Serialize, utoipa::ToSchema)]
pub struct Tenants {
    /// Those that may do everything.
    pub active: i64,
    /// Those that may only look.
    pub suspended: i64,
    /// Those that wait to be erased.
    pub closed: i64,
}

/// A server that needs somebody.
#[derive(Debug)]
pub struct Troubled {
    pub id: Uuid,
    pub name: String,
    pub tenant: String,
    pub reason: Option<String>,
}

/// What somebody did.
#[derive(Debug)]
pub struct Deed {
    pub at: DateTime<Utc>,
    pub who: String,
    pub action: String,
    pub target: String,
}

/// Counts servers of one tenant, or of all.
pub async fn servers(tx: &mut impl Scoped, tenant: Option<TenantId>) -> Result<Servers, Error> {
    let row = sqlx::query_as!(
        Servers,
        r#"select count(*) as "total!",
                  count(*) filter (where observed_state = 'running') as "running!",
                  count(*) filter (where observed_state in ('absent', 'created', 'exited')) as "stopped!",
                  count(*) filter (where last_error is not null or observed_health = 'unhealthy' or stop_reason is not null) as "failing!"
             from server where deleted_at is null and ($1::uuid is null or tenant_id = $1)"#,
        tenant.map(|id| id.0)
    );
    Ok(row.fetch_one(tx.conn()).await?)
}

/// Counts tenants.
pub async fn tenants(tx: &mut impl Scoped) -> Result<Tenants, Error> {
    let row = sqlx::query_as!(
        Tenants,
        r#"select count(*) filter (where status = 'active') as "active!",
                  count(*) filter (where status = 'suspended') as "suspended!",
                  count(*) filter (where status = 'closed') as "closed!" from tenant"#
    );
    Ok(row.fetch_one(tx.conn()).await?)
}

/// The servers that need somebody, at most eight.
pub async fn troubled(tx: &mut impl Scoped, tenant: Option<TenantId>) -> Result<Vec<Troubled>, Error> {
    let rows = sqlx::query_as!(
        Troubled,
        "select s.id, s.name, t.name as tenant, coalesce(s.stop_reason, s.last_error) as reason \
           from server s join tenant t on t.id = s.tenant_id \
          where s.deleted_at is null and (s.last_error is not null or s.observed_health = 'unhealthy' or s.stop_reason is not null) and ($1::uuid is null or s.tenant_id = $1) \
          order by s.updated_at desc limit 8",
        tenant.map(|id| id.0)
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// Whether the engine does not answer.
pub async fn engine_away(tx: &mut impl Scoped) -> Result<bool, Error> {
    let away = sqlx::query_scalar!(
        r#"select exists(select from location where engine_error is not null) as "away!""#
    );
    Ok(away.fetch_one(tx.conn()).await?)
}

/// What was done last, at most eight.
pub async fn deeds(tx: &mut impl Scoped, tenant: Option<TenantId>) -> Result<Vec<Deed>, Error> {
    let rows = sqlx::query_as!(
        Deed,
        "select at, actor_label as who, action, target_label as target from audit_event \
          where $1::uuid is null or tenant_id = $1 order by at desc, id desc limit 8",
        tenant.map(|id| id.0)
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}
