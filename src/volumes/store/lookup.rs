//! Single volumes and lists of them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{LocationId, TenantId, VolumeId};

use super::super::model::{MAX, Volume};

struct Row {
    id: Uuid,
    tenant_id: Uuid,
    location_id: Uuid,
    name: String,
    size_mib: i64,
    made_mib: Option<i64>,
    engine_name: Option<String>,
    is_pooled: bool,
    is_enforced: bool,
    used_bytes: Option<i64>,
    measured_at: Option<DateTime<Utc>>,
    missing_since: Option<DateTime<Utc>>,
    version: i64,
    created_by: String,
    created_at: DateTime<Utc>,
    deleting_at: Option<DateTime<Utc>>,
    is_filling: bool,
    generation: i64,
    last_error: Option<String>,
    attached: i64,
}

impl From<Row> for Volume {
    fn from(row: Row) -> Self {
        Self {
            id: VolumeId(row.id),
            tenant: TenantId(row.tenant_id),
            location: LocationId(row.location_id),
            name: row.name,
            size_mib: row.size_mib,
            made_mib: row.made_mib,
            engine_name: row.engine_name,
            is_pooled: row.is_pooled,
            is_enforced: row.is_enforced,
            used: row.used_bytes,
            measured_at: row.measured_at,
            missing_since: row.missing_since,
            version: row.version,
            created_by: row.created_by,
            created_at: row.created_at,
            deleting_at: row.deleting_at,
            is_filling: row.is_filling,
            generation: row.generation,
            error: row.last_error,
            attached: row.attached,
        }
    }
}

/// The checked macro takes literals only, so what all queries have in common is put together here.
macro_rules! select {
    ($rest:expr, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select v.id, v.tenant_id, v.location_id, v.name, v.size_mib, v.made_mib, v.engine_name, v.is_pooled,
                 v.is_enforced, v.used_bytes, v.measured_at, v.missing_since, v.version, v.created_by, v.created_at,
                 v.deleting_at, v.is_filling, v.generation, v.last_error,
                 (select count(*) from volume_attachment a where a.volume_id = v.id and a.is_wanted) as "attached!"
               from volume v "# + $rest,
            $($argument),+
        )
    };
}

/// One volume, if the scope may see it.
pub async fn find(tx: &mut impl Scoped, id: VolumeId) -> Result<Volume, Error> {
    let row = select!("where v.id = $1", id.0);
    let found = row.fetch_optional(tx.conn()).await?;
    found.map(Volume::from).ok_or(Error::NotFound)
}

/// One volume, locked until the transaction ends.
pub async fn lock(tx: &mut impl Scoped, id: VolumeId) -> Result<Volume, Error> {
    sqlx::query!("select from volume where id = $1 for update", id.0)
        .fetch_optional(tx.conn())
        .await?
        .ok_or(Error::NotFound)?;
    find(tx, id).await
}

/// How many a tenant has, those that are being deleted included.
pub async fn count(tx: &mut impl Scoped, tenant: TenantId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from volume where tenant_id = $1"#,
        tenant.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// In which order, and after which volume.
#[derive(Debug, Clone)]
pub enum Sort {
    /// From A to Z.
    Name(Option<(String, Uuid)>),
    /// From Z to A.
    NameDown(Option<(String, Uuid)>),
    /// The smallest first.
    Size(Option<(i64, Uuid)>),
    /// The largest first.
    SizeDown(Option<(i64, Uuid)>),
}

macro_rules! page {
    ($tx:ident, $tenant:ident, $pattern:ident, $after:ident, $limit:ident, $column:literal, $type:literal, $than:literal, $down:literal) => {{
        let (key, id) = $after.unzip();
        select!(
            "where v.tenant_id = $1 and ($2::text is null or v.name ilike $2) and ($3::"
                + $type
                + " is null or ("
                + $column
                + ", v.id) "
                + $than
                + " ($3, $4::uuid)) order by "
                + $column
                + $down
                + ", v.id"
                + $down
                + " limit $5",
            $tenant.0,
            $pattern,
            key,
            id,
            $limit
        )
        .fetch_all($tx.conn())
        .await?
    }};
}

/// A page of a tenant's volumes.
pub async fn list(
    tx: &mut impl Scoped,
    tenant: TenantId,
    pattern: Option<&str>,
    sort: Sort,
    limit: i64,
) -> Result<Vec<Volume>, Error> {
    let rows: Vec<Row> = match sort {
        Sort::Name(after) => page!(
            tx,
            tenant,
            pattern,
            after,
            limit,
            "lower(v.name)",
            "text",
            ">",
            ""
        ),
        Sort::NameDown(after) => {
            page!(
                tx,
                tenant,
                pattern,
                after,
                limit,
                "lower(v.name)",
                "text",
                "<",
                " desc"
            )
        }
        Sort::Size(after) => page!(tx, tenant, pattern, after, limit, "v.size_mib", "bigint", ">", ""),
        Sort::SizeDown(after) => {
            page!(
                tx,
                tenant,
                pattern,
                after,
                limit,
                "v.size_mib",
                "bigint",
                "<",
                " desc"
            )
        }
    };
    Ok(rows.into_iter().map(Volume::from).collect())
}

/// All that a tenant has, by name; they are few.
pub async fn of_tenant(tx: &mut impl Scoped, tenant: TenantId) -> Result<Vec<Volume>, Error> {
    list(tx, tenant, None, Sort::Name(None), MAX).await
}
