//! Domains as far as addresses in them need them.

use crate::mail::model::DomainName;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, TenantId};

use super::super::model::Place;

struct Row {
    id: MailDomainId,
    name: String,
    is_verified: bool,
    is_enabled: bool,
    alias_of: Option<String>,
}

impl From<Row> for Place {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: DomainName::trusted(row.name),
            is_verified: row.is_verified,
            is_enabled: row.is_enabled,
            alias_of: row.alias_of.map(DomainName::trusted),
        }
    }
}

macro_rules! select {
    ($rest:expr, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select d.id as "id: MailDomainId", d.name, (d.verified_at is not null) as "is_verified!", d.is_enabled,
                 o.name as "alias_of?"
               from mail_domain d left join mail_domain o on o.id = d.alias_of "# + $rest,
            $($argument),+
        )
    };
}

/// A domain, if the scope may see it.
pub async fn place(tx: &mut impl Scoped, id: MailDomainId) -> Result<Place, Error> {
    let row = select!("where d.id = $1", id.0).fetch_optional(tx.conn()).await?;
    row.map(Place::from).ok_or(Error::NotFound)
}

/// A tenant's domain of that name.
pub async fn place_named(tx: &mut impl Scoped, tenant: TenantId, name: &str) -> Result<Option<Place>, Error> {
    let row = select!("where d.tenant_id = $1 and d.name = $2", tenant.0, name);
    Ok(row.fetch_optional(tx.conn()).await?.map(Place::from))
}

/// A tenant's domains of these names.
pub async fn places_named(
    tx: &mut impl Scoped,
    tenant: TenantId,
    names: &[String],
) -> Result<Vec<Place>, Error> {
    let rows = select!("where d.tenant_id = $1 and d.name = any($2)", tenant.0, names);
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Place::from).collect())
}

/// A tenant's domains with addresses of their own, by name; the first of them, because a form offers no more.
pub async fn places_offered(tx: &mut impl Scoped, tenant: TenantId, limit: i64) -> Result<Vec<Place>, Error> {
    let rows = select!(
        "where d.tenant_id = $1 and d.alias_of is null order by d.name limit $2",
        tenant.0,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Place::from).collect())
}
