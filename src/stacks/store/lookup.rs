//! Single stacks and lists of them. Lists say in their own text whether they are of deleted ones, for their partial indexes.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{NetworkId, StackId, TenantId};

use super::super::model::{Deletion, Stack};

/// Where a list by time goes on.
pub type TimeKey = (DateTime<Utc>, Uuid);
type TextKey = (String, Uuid);

struct Row {
    id: Uuid,
    tenant_id: Uuid,
    tenant_slug: String,
    tenant_name: String,
    network_id: Option<Uuid>,
    name: String,
    host_label: String,
    blueprint: String,
    version: i64,
    created_by: String,
    created_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
    deleted_by: Option<String>,
    kept_until: Option<DateTime<Utc>>,
}

impl From<Row> for Stack {
    fn from(row: Row) -> Self {
        let kept_until = row.kept_until;
        Self {
            id: StackId(row.id),
            tenant: TenantId(row.tenant_id),
            tenant_slug: row.tenant_slug,
            tenant_name: row.tenant_name,
            network: row.network_id.map(NetworkId),
            name: row.name,
            host_label: row.host_label,
            blueprint: row.blueprint,
            version: row.version,
            created_by: row.created_by,
            created_at: row.created_at,
            deletion: row.deleted_at.map(|at| Deletion {
                at,
                by: row.deleted_by.unwrap_or_default(),
                kept_until,
            }),
        }
    }
}

/// The checked macro takes literals only, so what all queries of stacks have in common is put together here.
macro_rules! select {
    ($rest:expr, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            "select k.id, k.tenant_id, t.slug as tenant_slug, t.name as tenant_name, k.network_id, k.name, k.host_label, \
             k.blueprint, k.version, k.created_by, k.created_at, k.deleted_at, k.deleted_by, k.kept_until \
             from stack k join tenant t on t.id = k.tenant_id "
                + $rest,
            $($argument),+
        )
    };
}

/// One stack, if the scope may see it.
pub async fn find(tx: &mut impl Scoped, id: StackId) -> Result<Stack, Error> {
    let row = select!("where k.id = $1", id.0).fetch_optional(tx.conn()).await?;
    row.map(Stack::from).ok_or(Error::NotFound)
}

/// The same, locked until the transaction ends. Not its key: whoever writes one of its servers twice in a transaction, as the
/// reconciler does, looks whether the stack is there, and would wait for us while we wait for the server.
pub async fn lock(tx: &mut impl Scoped, id: StackId) -> Result<Stack, Error> {
    let row = select!("where k.id = $1 for no key update of k", id.0)
        .fetch_optional(tx.conn())
        .await?;
    row.map(Stack::from).ok_or(Error::NotFound)
}

/// The stack whose network it is.
pub async fn of_network(
    tx: &mut impl Scoped,
    network: NetworkId,
) -> Result<Option<(StackId, String)>, Error> {
    let row = sqlx::query!("select id, name from stack where network_id = $1", network.0);
    let found = row.fetch_optional(tx.conn()).await?;
    Ok(found.map(|row| (StackId(row.id), row.name)))
}

/// What stands behind the inside names of a tenant's stacks, also of deleted ones: they keep theirs.
pub async fn host_labels(tx: &mut impl Scoped, tenant: TenantId) -> Result<Vec<String>, Error> {
    let labels = sqlx::query_scalar!("select host_label from stack where tenant_id = $1", tenant.0);
    Ok(labels.fetch_all(tx.conn()).await?)
}

/// The names of a tenant's stacks, in small letters.
pub async fn names(tx: &mut impl Scoped, tenant: TenantId) -> Result<Vec<String>, Error> {
    let names = sqlx::query_scalar!(
        r#"select lower(name) as "name!" from stack where tenant_id = $1 and deleted_at is null"#,
        tenant.0
    );
    Ok(names.fetch_all(tx.conn()).await?)
}

/// How a list is sorted, and from where it goes on.
#[derive(Debug, Clone)]
pub enum Sort {
    /// Newest first.
    Newest(Option<TimeKey>),
    /// Oldest first.
    Oldest(Option<TimeKey>),
    /// By name.
    Name(Option<TextKey>),
    /// By name from the end.
    NameDown(Option<TextKey>),
}

/// A page of a tenant's stacks.
pub async fn list(
    tx: &mut impl Scoped,
    tenant: TenantId,
    pattern: Option<&str>,
    sort: Sort,
    limit: i64,
) -> Result<Vec<Stack>, Error> {
    macro_rules! sorted {
        ($key:expr, $bound:literal) => {{
            let (value, id) = $key.unzip();
            select!(
                "where k.tenant_id = $1 and k.deleted_at is null and ($2::text is null or k.name ilike $2) and "
                    + $bound
                    + " limit $5",
                tenant.0,
                pattern,
                value,
                id,
                limit
            )
            .fetch_all(tx.conn())
            .await?
        }};
    }
    let rows = match sort {
        Sort::Newest(key) => sorted!(
            key,
            "($4::uuid is null or (k.created_at, k.id) < ($3::timestamptz, $4::uuid)) order by k.created_at desc, k.id desc"
        ),
        Sort::Oldest(key) => sorted!(
            key,
            "($4::uuid is null or (k.created_at, k.id) > ($3::timestamptz, $4::uuid)) order by k.created_at, k.id"
        ),
        Sort::Name(key) => sorted!(
            key,
            "($4::uuid is null or (lower(k.name), k.id) > ($3::text, $4::uuid)) order by lower(k.name), k.id"
        ),
        Sort::NameDown(key) => sorted!(
            key,
            "($4::uuid is null or (lower(k.name), k.id) < ($3::text, $4::uuid)) order by lower(k.name) desc, k.id desc"
        ),
    };
    Ok(rows.into_iter().map(Stack::from).collect())
}

/// Stacks of all tenants, deleted ones too, the newest first.
pub async fn list_all(
    tx: &mut impl Scoped,
    pattern: Option<&str>,
    before: Option<TimeKey>,
    limit: i64,
) -> Result<Vec<Stack>, Error> {
    let (at, id) = before.unzip();
    let rows = select!(
        "where ($1::text is null or k.name ilike $1 or t.name ilike $1) \
         and ($3::uuid is null or (k.created_at, k.id) < ($2::timestamptz, $3::uuid)) \
         order by k.created_at desc, k.id desc limit $4",
        pattern,
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Stack::from).collect())
}

/// Deleted stacks of a tenant, the newest first.
pub async fn list_deleted(
    tx: &mut impl Scoped,
    tenant: TenantId,
    pattern: Option<&str>,
    before: Option<TimeKey>,
    limit: i64,
) -> Result<Vec<Stack>, Error> {
    let (at, id) = before.unzip();
    let rows = select!(
        "where k.tenant_id = $1 and k.deleted_at is not null and ($2::text is null or k.name ilike $2) \
         and ($4::uuid is null or (k.deleted_at, k.id) < ($3::timestamptz, $4::uuid)) \
         order by k.deleted_at desc, k.id desc limit $5",
        tenant.0,
        pattern,
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Stack::from).collect())
}
