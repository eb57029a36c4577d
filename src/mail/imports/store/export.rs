//! Mailboxes and aliases, a page at a time, for a list.

use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, TenantId};

use super::super::model::{Entry, LineKind};

/// The last one of a page.
pub type Key = (String, Uuid);

/// A page of mailboxes by address, each with its address and its place.
pub async fn mailboxes(
    tx: &mut impl Scoped,
    (tenant, domain): (TenantId, Option<MailDomainId>),
    after: Option<&Key>,
    limit: i64,
) -> Result<Vec<(Key, Entry)>, Error> {
    let rows = sqlx::query!(
        "select id, address, name, quota_mib, forward_to, keeps_copy, is_enabled from mailbox
           where tenant_id = $1 and ($2::uuid is null or domain_id = $2) and deleted_at is null
             and (address, id) > ($3, $4) order by address, id limit $5",
        tenant.0,
        domain.map(|id| id.0),
        after.map(|(address, _)| address.as_str()).unwrap_or_default(),
        after.map(|(_, id)| *id).unwrap_or_default(),
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| {
            let entry = Entry {
                kind: LineKind::Mailbox,
                name: row.name,
                password: None,
                password_hash: None,
                quota_mib: row.quota_mib,
                targets: row.forward_to,
                keeps_copy: row.keeps_copy,
                is_enabled: row.is_enabled,
                description: String::new(),
            };
            ((row.address, row.id), entry)
        })
        .collect())
}

/// A page of aliases by address.
pub async fn aliases(
    tx: &mut impl Scoped,
    (tenant, domain): (TenantId, Option<MailDomainId>),
    after: Option<&Key>,
    limit: i64,
) -> Result<Vec<(Key, Entry)>, Error> {
    let rows = sqlx::query!(
        "select id, address, kind, targets, is_enabled, description from mail_alias
           where tenant_id = $1 and ($2::uuid is null or domain_id = $2) and (address, id) > ($3, $4)
           order by address, id limit $5",
        tenant.0,
        domain.map(|id| id.0),
        after.map(|(address, _)| address.as_str()).unwrap_or_default(),
        after.map(|(_, id)| *id).unwrap_or_default(),
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| {
            let entry = Entry {
                kind: LineKind::read(&row.kind),
                name: String::new(),
                password: None,
                password_hash: None,
                quota_mib: None,
                targets: row.targets,
                keeps_copy: true,
                is_enabled: row.is_enabled,
                description: row.description,
            };
            ((row.address, row.id), entry)
        })
        .collect())
}
