//! Lists of aliases, a page at a time.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, TenantId};

use super::{Alias, Row, select};

/// In which order, and after which alias.
#[derive(Debug, Clone)]
pub enum Sort {
    /// From A to Z.
    Address(Option<(String, Uuid)>),
    /// From Z to A.
    AddressDown(Option<(String, Uuid)>),
    /// The oldest first.
    Created(Option<(DateTime<Utc>, Uuid)>),
    /// The newest first.
    CreatedDown(Option<(DateTime<Utc>, Uuid)>),
}

/// Which are asked for.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Whose.
    pub tenant: TenantId,
    /// Of this domain only.
    pub domain: Option<MailDomainId>,
    /// Found in the address, what it leads to, or the description.
    pub pattern: Option<&'a str>,
}

macro_rules! page {
    ($tx:ident, $wanted:ident, $after:ident, $limit:ident, $column:literal, $type:literal, $than:literal, $down:literal) => {{
        let (key, id) = $after.unzip();
        select!(
            "where a.tenant_id = $1 and ($2::uuid is null or a.domain_id = $2) and ($3::text is null or a.address ilike $3 \
             or a.description ilike $3 or array_to_string(a.targets, ' ') ilike $3) and ($4::"
                + $type
                + " is null or ("
                + $column
                + ", a.id) "
                + $than
                + " ($4, $5::uuid)) order by "
                + $column
                + $down
                + ", a.id"
                + $down
                + " limit $6",
            $wanted.tenant.0,
            $wanted.domain.map(|id| id.0),
            $wanted.pattern,
            key,
            id,
            $limit
        )
        .fetch_all($tx.conn())
        .await?
    }};
}

/// A page of aliases.
pub async fn list(
    tx: &mut impl Scoped,
    wanted: &Wanted<'_>,
    sort: Sort,
    limit: i64,
) -> Result<Vec<Alias>, Error> {
    let rows: Vec<Row> = match sort {
        Sort::Address(after) => page!(tx, wanted, after, limit, "a.address", "text", ">", ""),
        Sort::AddressDown(after) => page!(tx, wanted, after, limit, "a.address", "text", "<", " desc"),
        Sort::Created(after) => page!(tx, wanted, after, limit, "a.created_at", "timestamptz", ">", ""),
        Sort::CreatedDown(after) => {
            page!(
                tx,
                wanted,
                after,
                limit,
                "a.created_at",
                "timestamptz",
                "<",
                " desc"
            )
        }
    };
    Ok(rows.into_iter().map(Alias::from).collect())
}

/// The catch-all of a domain.
pub async fn catch_all(tx: &mut impl Scoped, domain: MailDomainId) -> Result<Option<Alias>, Error> {
    let row = select!("where a.domain_id = $1 and a.kind = 'catch_all'", domain.0);
    Ok(row.fetch_optional(tx.conn()).await?.map(Alias::from))
}
