//! What imports make, and what they have to know for it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::mail::domains::{self, Place};
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, MailboxId, TenantId};

use super::WaitingRow;

/// The domains of a tenant that some addresses are in, by name.
pub async fn places<'a>(
    tx: &mut impl Scoped,
    tenant: TenantId,
    addresses: impl Iterator<Item = &'a str> + Send,
) -> Result<HashMap<String, Place>, Error> {
    let parts = addresses.filter_map(|address| address.rsplit_once('@'));
    let names: HashSet<&str> = parts.map(|(_, domain)| domain).collect();
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let places = domains::places_named(tx, tenant, &names).await?.into_iter();
    Ok(places
        .map(|place| (place.name.as_str().to_owned(), place))
        .collect())
}

/// Which of some addresses a tenant has already. Others may have named its domains, too, and what they have there is no matter.
pub async fn taken(
    tx: &mut impl Scoped,
    tenant: TenantId,
    addresses: &[String],
) -> Result<HashSet<String>, Error> {
    let rows = sqlx::query_scalar!(
        "select address from mail_address where address = any($1) and tenant_id = $2",
        addresses,
        tenant.0
    );
    Ok(rows.fetch_all(tx.conn()).await?.into_iter().collect())
}

/// Makes a mailbox. Its address was free and its tenant's sums are locked.
pub async fn insert_mailbox(
    tx: &mut SystemTx,
    (id, tenant, domain): (MailboxId, TenantId, MailDomainId),
    line: &WaitingRow,
    password_hash: Option<&str>,
    (by, now): (&str, DateTime<Utc>),
) -> Result<(), Error> {
    let local = line
        .address
        .rsplit_once('@')
        .map(|(local, _)| local)
        .unwrap_or_default();
    sqlx::query!(
        "insert into mailbox (id, tenant_id, domain_id, local_part, address, name, password_hash, is_enabled, quota_mib, forward_to, \
         keeps_copy, created_by, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)",
        id.0,
        tenant.0,
        domain.0,
        local,
        line.address,
        line.name,
        password_hash,
        line.is_enabled,
        line.quota_mib,
        &line.targets,
        line.keeps_copy,
        by,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
