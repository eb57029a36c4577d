//! Single domains and lists of them.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::mail::model::DomainName;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, TenantId};

use super::super::model::Domain;

struct Row {
    id: Uuid,
    tenant_id: Uuid,
    tenant_name: String,
    name: String,
    proof: String,
    verified_at: Option<DateTime<Utc>>,
    is_enabled: bool,
    alias_of: Option<Uuid>,
    alias_name: Option<String>,
    quota_mib: Option<i64>,
    hourly_limit: Option<i32>,
    used_bytes: i64,
    mailboxes: i32,
    aliases: i32,
    followers: i64,
    checked_at: Option<DateTime<Utc>>,
    checks: Option<Value>,
    lost_at: Option<DateTime<Utc>>,
    version: i64,
    created_by: String,
    created_at: DateTime<Utc>,
}

impl From<Row> for Domain {
    fn from(row: Row) -> Self {
        // What an older version of the panel saw may be told otherwise; it is looked at again soon.
        let checks = row.checks.and_then(|seen| serde_json::from_value(seen).ok());
        Self {
            id: MailDomainId(row.id),
            tenant: TenantId(row.tenant_id),
            name: DomainName::trusted(row.name),
            proof: row.proof,
            verified_at: row.verified_at,
            is_enabled: row.is_enabled,
            alias_of: row.alias_of.map(MailDomainId),
            alias_name: row.alias_name.map(DomainName::trusted),
            quota_mib: row.quota_mib,
            hourly_limit: row.hourly_limit,
            used_bytes: row.used_bytes,
            mailboxes: row.mailboxes,
            aliases: row.aliases,
            followers: row.followers,
            checked_at: row.checked_at,
            checks: checks.unwrap_or_default(),
            lost_at: row.lost_at,
            version: row.version,
            created_by: row.created_by,
            created_at: row.created_at,
        }
    }
}

/// A domain in the provider's list, with the name of the tenant that has it.
#[derive(Debug)]
pub struct StaffRow {
    /// The domain.
    pub domain: Domain,
    /// What its tenant is called.
    pub tenant_name: String,
}

impl From<Row> for StaffRow {
    fn from(mut row: Row) -> Self {
        Self {
            tenant_name: std::mem::take(&mut row.tenant_name),
            domain: row.into(),
        }
    }
}

/// The checked macro takes literals only, so what all queries have in common is put together here.
macro_rules! select {
    ($rest:expr, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select d.id, d.tenant_id, t.name as tenant_name, d.name, d.proof, d.verified_at, d.is_enabled, d.alias_of,
                 a.name as "alias_name?", d.quota_mib, d.hourly_limit, d.used_bytes, d.mailboxes, d.aliases,
                 (select count(*) from mail_domain f where f.alias_of = d.id) as "followers!",
                 d.checked_at, d.checks, d.lost_at, d.version, d.created_by, d.created_at
               from mail_domain d join tenant t on t.id = d.tenant_id left join mail_domain a on a.id = d.alias_of "# + $rest,
            $($argument),+
        )
    };
}

/// One domain, if the scope may see it.
pub async fn find(tx: &mut impl Scoped, id: MailDomainId) -> Result<Domain, Error> {
    let row = select!("where d.id = $1", id.0);
    let found = row.fetch_optional(tx.conn()).await?;
    found.map(Domain::from).ok_or(Error::NotFound)
}

/// One domain, locked until the transaction ends.
pub async fn lock(tx: &mut impl Scoped, id: MailDomainId) -> Result<Domain, Error> {
    sqlx::query!("select from mail_domain where id = $1 for update", id.0)
        .fetch_optional(tx.conn())
        .await?
        .ok_or(Error::NotFound)?;
    find(tx, id).await
}

/// The verified domain of a name, whoever asks: for what the world may know of it.
pub async fn verified_of(tx: &mut impl Scoped, name: &str) -> Result<Option<MailDomainId>, Error> {
    let id = sqlx::query_scalar!(
        "select id from mail_domain where name = $1 and verified_at is not null",
        name
    );
    Ok(id.fetch_optional(tx.conn()).await?.map(MailDomainId))
}

/// In which order, and after which domain.
#[derive(Debug, Clone)]
pub enum Sort {
    /// From A to Z.
    Name(Option<(String, Uuid)>),
    /// From Z to A.
    NameDown(Option<(String, Uuid)>),
    /// The oldest first.
    Created(Option<(DateTime<Utc>, Uuid)>),
    /// The newest first.
    CreatedDown(Option<(DateTime<Utc>, Uuid)>),
    /// The one with the fewest mailboxes first.
    Mailboxes(Option<(i32, Uuid)>),
    /// The one with the most mailboxes first.
    MailboxesDown(Option<(i32, Uuid)>),
    /// The emptiest first.
    Used(Option<(i64, Uuid)>),
    /// The fullest first.
    UsedDown(Option<(i64, Uuid)>),
}

macro_rules! page {
    ($tx:ident, $search:ident, $after:ident, $limit:ident, $column:literal, $type:literal, $than:literal, $down:literal) => {{
        let (key, id) = $after.unzip();
        select!(
            "where ($1::uuid is null or d.tenant_id = $1) and ($2::text is null or d.name ilike $2) \
               and ($6::timestamptz is null or d.lost_at <= $6) and ($3::"
                + $type
                + " is null or ("
                + $column
                + ", d.id) "
                + $than
                + " ($3, $4::uuid)) order by "
                + $column
                + $down
                + ", d.id"
                + $down
                + " limit $5",
            $search.0,
            $search.1,
            key,
            id,
            $limit,
            $search.2
        )
        .fetch_all($tx.conn())
        .await?
    }};
}

async fn rows(
    tx: &mut impl Scoped,
    search: (Option<Uuid>, Option<&str>, Option<DateTime<Utc>>),
    sort: Sort,
    limit: i64,
) -> Result<Vec<Row>, Error> {
    Ok(match sort {
        Sort::Name(after) => page!(tx, search, after, limit, "d.name", "text", ">", ""),
        Sort::NameDown(after) => page!(tx, search, after, limit, "d.name", "text", "<", " desc"),
        Sort::Created(after) => page!(tx, search, after, limit, "d.created_at", "timestamptz", ">", ""),
        Sort::CreatedDown(after) => {
            page!(
                tx,
                search,
                after,
                limit,
                "d.created_at",
                "timestamptz",
                "<",
                " desc"
            )
        }
        Sort::Mailboxes(after) => page!(tx, search, after, limit, "d.mailboxes", "int", ">", ""),
        Sort::MailboxesDown(after) => page!(tx, search, after, limit, "d.mailboxes", "int", "<", " desc"),
        Sort::Used(after) => page!(tx, search, after, limit, "d.used_bytes", "bigint", ">", ""),
        Sort::UsedDown(after) => page!(tx, search, after, limit, "d.used_bytes", "bigint", "<", " desc"),
    })
}

/// A page of a tenant's domains.
pub async fn list(
    tx: &mut impl Scoped,
    (tenant, pattern): (TenantId, Option<&str>),
    sort: Sort,
    limit: i64,
) -> Result<Vec<Domain>, Error> {
    let rows = rows(tx, (Some(tenant.0), pattern, None), sort, limit).await?;
    Ok(rows.into_iter().map(Domain::from).collect())
}

/// Which domains staff ask for.
#[derive(Debug, Clone, Copy, Default)]
pub struct OfStaff<'a> {
    /// Of this tenant, if not of all.
    pub tenant: Option<TenantId>,
    /// Whose name is like this.
    pub pattern: Option<&'a str>,
    /// That DNS has shown nothing of since then, or longer.
    pub lost_since: Option<DateTime<Utc>>,
}

/// A page of the domains of all tenants, or of one.
pub async fn staff_list(
    tx: &mut impl Scoped,
    wanted: &OfStaff<'_>,
    sort: Sort,
    limit: i64,
) -> Result<Vec<StaffRow>, Error> {
    let search = (wanted.tenant.map(|id| id.0), wanted.pattern, wanted.lost_since);
    let rows = rows(tx, search, sort, limit).await?;
    Ok(rows.into_iter().map(StaffRow::from).collect())
}
