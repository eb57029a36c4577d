//! The queries of aliases. Row-level security keeps each tenant to its own.

mod graph;
mod list;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::mail::model::{DomainName, Holder};
use crate::platform::db::{Scoped, violates};
use crate::platform::error::Error;
use crate::platform::ids::{MailAliasId, MailDomainId, MailboxId, TenantId};

use super::model::{Alias, AliasKind, shown};

pub use graph::{leading_into, leading_to, nodes, tenant_of};
pub use list::{Sort, Wanted, catch_all, list};

struct Row {
    id: Uuid,
    domain_id: Uuid,
    domain: String,
    address: String,
    kind: String,
    description: String,
    targets: Vec<String>,
    is_enabled: bool,
    owner_id: Option<Uuid>,
    version: i64,
    created_by: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for Alias {
    fn from(row: Row) -> Self {
        Self {
            id: MailAliasId(row.id),
            domain: (MailDomainId(row.domain_id), DomainName::trusted(row.domain)),
            address: row.address,
            kind: AliasKind::read(&row.kind).unwrap_or(AliasKind::Alias),
            description: row.description,
            targets: row.targets,
            is_enabled: row.is_enabled,
            owner: row.owner_id.map(MailboxId),
            version: row.version,
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// The checked macro takes literals only, so what all queries have in common is put together here.
macro_rules! select {
    ($rest:expr, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            "select a.id, a.domain_id, d.name as domain, a.address, a.kind, a.description, a.targets, a.is_enabled, a.owner_id,
                 a.version, a.created_by, a.created_at, a.updated_at
               from mail_alias a join mail_domain d on d.id = a.domain_id " + $rest,
            $($argument),+
        )
    };
}
use select;

/// One alias, if the scope may see it.
pub async fn find(tx: &mut impl Scoped, id: MailAliasId) -> Result<Alias, Error> {
    let row = select!("where a.id = $1", id.0);
    let found = row.fetch_optional(tx.conn()).await?;
    found.map(Alias::from).ok_or(Error::NotFound)
}

/// An alias to be made.
#[derive(Debug)]
pub struct NewAlias<'a> {
    /// Its id.
    pub id: MailAliasId,
    /// Whose.
    pub tenant: TenantId,
    /// In which domain.
    pub domain: MailDomainId,
    /// The name before the @; empty for a catch-all.
    pub local: &'a str,
    /// The whole.
    pub address: &'a str,
    /// What kind.
    pub kind: AliasKind,
    /// What it is for.
    pub description: &'a str,
    /// Where it leads.
    pub targets: &'a [String],
    /// Whether it does.
    pub is_enabled: bool,
    /// Who makes it.
    pub by: &'a str,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Writes a new one.
pub async fn insert(tx: &mut impl Scoped, new: &NewAlias<'_>) -> Result<(), Error> {
    let done = sqlx::query!(
        "insert into mail_alias (id, tenant_id, domain_id, local_part, address, kind, description, targets, is_enabled, \
         created_by, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
        new.id.0,
        new.tenant.0,
        new.domain.0,
        new.local,
        new.address,
        new.kind.word(),
        new.description,
        new.targets,
        new.is_enabled,
        new.by,
        new.now
    )
    .execute(tx.conn())
    .await;
    done.map(drop).map_err(|error| {
        if violates(&error, "mail_address_pkey") {
            let field = if new.kind == AliasKind::CatchAll {
                "kind"
            } else {
                "local_part"
            };
            Holder::Something.refuse(field, &shown(new.address))
        } else {
            error.into()
        }
    })
}

/// Writes what was changed of one.
pub async fn save(tx: &mut impl Scoped, alias: &Alias, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update mail_alias set kind = $2, description = $3, targets = $4, is_enabled = $5, version = version + 1, updated_at = $6 \
         where id = $1",
        alias.id.0,
        alias.kind.word(),
        alias.description,
        &alias.targets,
        alias.is_enabled,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes one.
pub async fn delete(tx: &mut impl Scoped, id: MailAliasId) -> Result<(), Error> {
    sqlx::query!("delete from mail_alias where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
