//! What addresses lead to and what leads to them, for the check of circles. A tenant's own only.

use std::collections::HashMap;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;

use super::super::model::{Found, Node, Zone, base, node};

/// How many of those that lead somewhere are read at once.
const MOST: i64 = 200;

/// Whose a domain is that the scope may see: its owner's, who proved it.
pub async fn tenant_of(tx: &mut impl Scoped, domain: &str) -> Result<Option<TenantId>, Error> {
    let tenant = sqlx::query_scalar!(
        "select tenant_id from mail_domain where name = $1 order by verified_at nulls last limit 1",
        domain
    );
    Ok(tenant.fetch_optional(tx.conn()).await?.map(TenantId))
}

/// What happens to mail for each of some addresses; nothing for those that are elsewhere.
pub async fn nodes(
    tx: &mut impl Scoped,
    tenant: TenantId,
    addresses: &[String],
) -> Result<Vec<(String, Option<Node>)>, Error> {
    let names: Vec<String> = addresses.iter().map(|address| base(address)).collect();
    let zones = zones(tx, tenant, &names).await?;
    let found = found(tx, tenant, &names).await?;
    let all = names.into_iter().map(|name| {
        let zone = name.rsplit_once('@').and_then(|(_, domain)| zones.get(domain));
        let node = node(&name, found.get(&name), zone);
        (name, node)
    });
    Ok(all.collect())
}

async fn zones(
    tx: &mut impl Scoped,
    tenant: TenantId,
    names: &[String],
) -> Result<HashMap<String, Zone>, Error> {
    let domains = names.iter().filter_map(|name| name.rsplit_once('@'));
    let mut domains: Vec<String> = domains.map(|(_, domain)| domain.to_owned()).collect();
    domains.sort_unstable();
    domains.dedup();
    let rows = sqlx::query!(
        r#"select d.name, o.name as "alias_of?",
             exists (select from mail_alias c where c.domain_id = d.id and c.address = '@' || d.name and c.is_enabled)
               as "has_catch_all!"
           from mail_domain d left join mail_domain o on o.id = d.alias_of where d.tenant_id = $1 and d.name = any($2)"#,
        tenant.0,
        &domains
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| {
            let zone = Zone {
                alias_of: row.alias_of,
                has_catch_all: row.has_catch_all,
            };
            (row.name, zone)
        })
        .collect())
}

async fn found(
    tx: &mut impl Scoped,
    tenant: TenantId,
    names: &[String],
) -> Result<HashMap<String, Found>, Error> {
    let rows = sqlx::query!(
        r#"select m.address, a.targets as "targets?", coalesce(a.is_enabled, false) as "is_enabled!",
             coalesce(b.forward_to, '{}') as "forward_to!", coalesce(b.keeps_copy, true) as "keeps_copy!"
           from mail_address m
           left join mail_alias a on a.id = m.subject and m.kind = 'alias'
           left join mailbox b on b.id = m.subject and m.kind = 'mailbox'
           where m.tenant_id = $1 and m.address = any($2)"#,
        tenant.0,
        names
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| {
            let found = match row.targets {
                Some(targets) => Found::Alias {
                    targets,
                    is_enabled: row.is_enabled,
                },
                None => Found::Mailbox {
                    forward_to: row.forward_to,
                    keeps_copy: row.keeps_copy,
                },
            };
            (row.address, found)
        })
        .collect())
}

/// Addresses that lead straight to any of some. Those that name it with something behind a `+` are not among them.
pub async fn leading_to(
    tx: &mut impl Scoped,
    tenant: TenantId,
    names: &[String],
) -> Result<Vec<String>, Error> {
    let rows = sqlx::query_scalar!(
        r#"select a.address as "address!" from mail_alias a where a.tenant_id = $1 and a.is_enabled and a.targets && $2
           union
           select b.address from mailbox b
           where b.tenant_id = $1 and b.deleted_at is null and b.forward_to <> '{}' and b.forward_to && $2
           limit $3"#,
        tenant.0,
        names,
        MOST
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// Addresses that lead straight to any of a domain, at most `limit`.
pub async fn leading_into(
    tx: &mut impl Scoped,
    tenant: TenantId,
    domain: &str,
    limit: usize,
) -> Result<Vec<String>, Error> {
    let rows = sqlx::query_scalar!(
        r#"select a.address as "address!" from mail_alias a
           where a.tenant_id = $1 and a.is_enabled and exists (select from unnest(a.targets) t where split_part(t, '@', 2) = $2)
           union
           select b.address from mailbox b
           where b.tenant_id = $1 and b.deleted_at is null
             and exists (select from unnest(b.forward_to) t where split_part(t, '@', 2) = $2)
           order by 1 limit $3"#,
        tenant.0,
        domain,
        i64::try_from(limit).unwrap_or(i64::MAX)
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}
