//! Tenants.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, StaffTx, SystemTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{PlanId, TenantId};

use super::super::model::{Amounts, Name, NewStatus, NewTenant, Reason, Slug, Status, Tenant};

struct Row {
    id: Uuid,
    slug: String,
    name: String,
    plan_id: Uuid,
    plan_name: String,
    max_servers: i32,
    max_cpu_millis: i64,
    max_memory_mib: i64,
    max_disk_mib: i64,
    max_members: i32,
    max_networks: i32,
    status: String,
    status_reason: Option<String>,
    status_at: DateTime<Utc>,
    purge_after: Option<DateTime<Utc>>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    name_key: String,
}

impl From<Row> for Tenant {
    fn from(row: Row) -> Self {
        Self {
            id: TenantId(row.id),
            slug: row.slug,
            name: row.name,
            plan: PlanId(row.plan_id),
            plan_name: row.plan_name,
            limits: Amounts {
                servers: i64::from(row.max_servers),
                cpu_millis: row.max_cpu_millis,
                memory_mib: row.max_memory_mib,
                disk_mib: row.max_disk_mib,
                members: i64::from(row.max_members),
                networks: i64::from(row.max_networks),
            },
            // The column's check lets nothing else in.
            status: Status::parse(&row.status).unwrap_or(Status::Closed),
            reason: row.status_reason,
            status_at: row.status_at,
            purge_after: row.purge_after,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// The checked macro takes literals only, so what all queries of tenants have in common is put together here.
macro_rules! select {
    ($rest:expr, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            "select t.id, t.slug, t.name, t.plan_id, p.name as plan_name, p.max_servers, p.max_cpu_millis, \
             p.max_memory_mib, p.max_disk_mib, p.max_members, p.max_networks, t.status, t.status_reason, t.status_at, \
             t.purge_after, t.version, t.created_at, t.updated_at, lower(t.name) as \"name_key!\" \
             from tenant t join plan p on p.id = t.plan_id "
                + $rest,
            $($argument),+
        )
    };
}

/// One tenant, if the scope may see it.
pub async fn find_tenant(tx: &mut impl Scoped, id: TenantId) -> Result<Tenant, Error> {
    let row = select!("where t.id = $1", id.0).fetch_optional(tx.conn()).await?;
    row.map(Tenant::from).ok_or(Error::NotFound)
}

/// One tenant, locked until the transaction ends.
pub(crate) async fn lock_tenant(tx: &mut impl Scoped, id: TenantId) -> Result<Tenant, Error> {
    let row = select!("where t.id = $1 for update of t", id.0)
        .fetch_optional(tx.conn())
        .await?;
    row.map(Tenant::from).ok_or(Error::NotFound)
}

/// Writes a new tenant.
pub(crate) async fn insert_tenant(
    tx: &mut StaffTx,
    id: TenantId,
    new: &NewTenant,
    slug: &Slug,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let done = sqlx::query!(
        "insert into tenant (id, slug, name, plan_id, status_at, created_at, updated_at) \
         values ($1, $2, $3, $4, $5, $5, $5)",
        id.0,
        slug.as_str(),
        new.name.as_str(),
        new.plan.0,
        now
    )
    .execute(tx.conn())
    .await;
    match done {
        Ok(_) => Ok(()),
        Err(error) if violates(&error, "tenant_slug_key") => Err(Error::invalid(
            "slug",
            "Another tenant has this address. Choose another.",
        )),
        Err(error) => Err(error.into()),
    }
}

/// Writes a tenant's name and plan.
pub(crate) async fn save_tenant(
    tx: &mut StaffTx,
    id: TenantId,
    (name, plan): (&str, PlanId),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update tenant set name = $2, plan_id = $3, version = version + 1, updated_at = $4 where id = $1",
        id.0,
        name,
        plan.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a tenant's status.
pub(crate) async fn save_status(
    tx: &mut impl Scoped,
    id: TenantId,
    new: &NewStatus,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update tenant set status = $2, status_reason = $3, purge_after = $4, status_at = $5, \
         version = version + 1, updated_at = $5 where id = $1",
        id.0,
        new.status.name(),
        new.reason.as_ref().map(Reason::as_str),
        new.purge_after,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The first slug that a name suggests and no tenant has.
pub(crate) async fn free_slug(tx: &mut StaffTx, name: &Name) -> Result<Option<Slug>, Error> {
    let mut suggestions = Slug::suggestions(name.as_str());
    let wanted: Vec<String> = suggestions.iter().map(|slug| slug.as_str().to_owned()).collect();
    let taken = sqlx::query_scalar!("select slug from tenant where slug = any($1)", &wanted)
        .fetch_all(tx.conn())
        .await?;
    suggestions.retain(|slug| !taken.iter().any(|taken| taken == slug.as_str()));
    Ok(suggestions.into_iter().next())
}

/// How a list of tenants is sorted, and from where it goes on.
#[derive(Debug, Clone)]
pub(crate) enum Sort {
    /// Newest first, before this one.
    Newest(Option<(DateTime<Utc>, Uuid)>),
    /// Oldest first, after this one.
    Oldest(Option<(DateTime<Utc>, Uuid)>),
    /// By name, after this one.
    Name(Option<(String, Uuid)>),
    /// By name from the end, before this one.
    NameDown(Option<(String, Uuid)>),
}

/// Which tenants.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// A `like` pattern of name or slug.
    pub pattern: Option<String>,
    /// Their status.
    pub status: Option<Status>,
    /// Their plan.
    pub plan: Option<PlanId>,
}

macro_rules! list {
    ($filter:ident, $limit:ident, $after:ident, $rest:literal) => {{
        let (key, id) = $after.unzip();
        select!(
            "where ($1::text is null or t.name ilike $1 or t.slug ilike $1) \
             and ($2::text is null or t.status = $2) and ($3::uuid is null or t.plan_id = $3) and "
                + $rest,
            $filter.pattern,
            $filter.status.map(Status::name),
            $filter.plan.map(|id| id.0),
            $limit,
            key,
            id
        )
    }};
}

/// A tenant in a list.
#[derive(Debug)]
pub(crate) struct Listed {
    /// The tenant.
    pub tenant: Tenant,
    /// What its name sorts by; only PostgreSQL knows its own lower case.
    pub name_key: String,
}

impl From<Row> for Listed {
    fn from(mut row: Row) -> Self {
        let name_key = std::mem::take(&mut row.name_key);
        Self {
            tenant: row.into(),
            name_key,
        }
    }
}

/// A page of the tenants, sorted.
pub(crate) async fn list_tenants(
    tx: &mut StaffTx,
    filter: &Filter,
    sort: Sort,
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    let rows = match sort {
        Sort::Newest(after) => list!(filter, limit, after, "($5::timestamptz is null or (t.created_at, t.id) < ($5, $6::uuid)) order by t.created_at desc, t.id desc limit $4").fetch_all(tx.conn()).await?,
        Sort::Oldest(after) => list!(filter, limit, after, "($5::timestamptz is null or (t.created_at, t.id) > ($5, $6::uuid)) order by t.created_at, t.id limit $4").fetch_all(tx.conn()).await?,
        Sort::Name(after) => list!(filter, limit, after, "($5::text is null or (lower(t.name), t.id) > ($5, $6::uuid)) order by lower(t.name), t.id limit $4").fetch_all(tx.conn()).await?,
        Sort::NameDown(after) => list!(filter, limit, after, "($5::text is null or (lower(t.name), t.id) < ($5, $6::uuid)) order by lower(t.name) desc, t.id desc limit $4").fetch_all(tx.conn()).await?,
    };
    Ok(rows.into_iter().map(Listed::from).collect())
}

/// Closed tenants whose retention is over, those that wait longest first.
pub(crate) async fn due_for_purge(
    tx: &mut SystemTx,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<TenantId>, Error> {
    let ids = sqlx::query_scalar!(
        "select id from tenant where status = 'closed' and purge_after <= $1 order by purge_after, id limit $2",
        now,
        limit
    );
    Ok(ids
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(TenantId)
        .collect())
}

/// Erases a tenant with its memberships, invitations and tokens. Fails while it has servers.
pub(crate) async fn delete_tenant(tx: &mut SystemTx, id: TenantId) -> Result<(), Error> {
    sqlx::query!("delete from tenant where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
