//! The list of things that hold data, by size or by name.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;

use super::super::model::{Kind, MIB};

/// A thing that holds data.
#[derive(Debug, Clone)]
pub struct Thing {
    /// What kind.
    pub kind: Kind,
    /// Its id, whatever kind of id that is.
    pub subject: Uuid,
    /// What people call it; nothing where the ledger does not know.
    pub name: String,
    /// What it is compared by if the list is in the order of names.
    pub name_key: String,
    /// Bytes that it holds.
    pub bytes: i64,
    /// Bytes that it may hold, where that is limited.
    pub allowed: Option<i64>,
    /// When it changed last.
    pub changed_at: DateTime<Utc>,
    /// Whether it is a server's that is there.
    pub is_server: bool,
    /// Whether the server is deleted, and only kept.
    pub is_deleted: bool,
}

struct Row {
    kind: String,
    subject: Uuid,
    bytes: i64,
    changed_at: DateTime<Utc>,
    name: String,
    name_key: String,
    disk_mib: Option<i64>,
    is_server: bool,
    is_deleted: bool,
}

impl From<Row> for Thing {
    fn from(row: Row) -> Self {
        // The column's check lets nothing else in.
        let kind = Kind::parse(&row.kind).unwrap_or(Kind::Server);
        Self {
            kind,
            subject: row.subject,
            name: row.name,
            name_key: row.name_key,
            bytes: row.bytes,
            allowed: row
                .disk_mib
                .filter(|_| matches!(kind, Kind::Server | Kind::Volume | Kind::Mail))
                .map(|mib| mib.saturating_mul(MIB)),
            changed_at: row.changed_at,
            is_server: row.is_server,
            is_deleted: row.is_deleted,
        }
    }
}

/// In which order, and after which thing.
#[derive(Debug, Clone)]
pub enum Sort {
    /// The largest first.
    Largest(Option<(i64, String, Uuid)>),
    /// The smallest first.
    Smallest(Option<(i64, String, Uuid)>),
    /// From A to Z.
    Name(Option<(String, String, Uuid)>),
    /// From Z to A.
    NameDown(Option<(String, String, Uuid)>),
}

/// The checked macro takes literals only, so what all orders have in common is put together here.
macro_rules! things {
    ($tx:ident, $tenant:ident, $pattern:ident, $kind:ident, $after:ident, $limit:ident, $column:literal, $type:literal, $than:literal, $down:literal) => {{
        let (key, rest) = $after.map(|(key, kind, subject)| (key, (kind, subject))).unzip();
        let (after_kind, after_subject) = rest.unzip();
        sqlx::query_as!(
            Row,
            r#"select kind, subject, bytes, changed_at, name as "name!", name_key as "name_key!", disk_mib as "disk_mib?",
                 is_server as "is_server!", is_deleted as "is_deleted!"
               from (select u.kind, u.subject, u.bytes, u.changed_at, coalesce(s.name, v.name, m.name, '') as name,
                       lower(coalesce(s.name, v.name, m.name, '')) as name_key, coalesce(s.disk_mib, v.size_mib, m.quota_mib) as disk_mib, s.id is not null as is_server,
                       s.deleted_at is not null as is_deleted
                       from storage_use u left join server s on s.id = u.subject and s.tenant_id = u.tenant_id
                         left join volume v on v.id = u.subject and v.tenant_id = u.tenant_id
                         left join mail_domain m on m.id = u.subject and m.tenant_id = u.tenant_id
                      where u.tenant_id = $1) as t
               where ($2::text is null or name ilike $2) and ($3::text is null or kind = $3)
                 and ($4::"# + $type + " is null or (" + $column + ", kind, subject) " + $than + " ($4, $5::text, $6::uuid)) order by "
                + $column + $down + ", kind" + $down + ", subject" + $down + " limit $7",
            $tenant.0,
            $pattern,
            $kind,
            key,
            after_kind,
            after_subject,
            $limit
        )
        .fetch_all($tx.conn())
        .await?
    }};
}

/// A page of a tenant's things.
pub async fn list(
    tx: &mut impl Scoped,
    tenant: TenantId,
    (pattern, kind): (Option<&str>, Option<Kind>),
    sort: Sort,
    limit: i64,
) -> Result<Vec<Thing>, Error> {
    let kind = kind.map(Kind::name);
    let rows: Vec<Row> = match sort {
        Sort::Largest(after) => {
            things!(
                tx, tenant, pattern, kind, after, limit, "bytes", "bigint", "<", " desc"
            )
        }
        Sort::Smallest(after) => {
            things!(
                tx, tenant, pattern, kind, after, limit, "bytes", "bigint", ">", ""
            )
        }
        Sort::Name(after) => {
            things!(
                tx, tenant, pattern, kind, after, limit, "name_key", "text", ">", ""
            )
        }
        Sort::NameDown(after) => {
            things!(
                tx, tenant, pattern, kind, after, limit, "name_key", "text", "<", " desc"
            )
        }
    };
    Ok(rows.into_iter().map(Thing::from).collect())
}
