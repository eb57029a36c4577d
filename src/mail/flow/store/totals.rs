//! What mail all tenants have, for staff.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, StaffTx};
use crate::platform::error::Error;
use crate::platform::ids::TenantId;

/// What all tenants have together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Domains.
    pub domains: i64,
    /// Mailboxes.
    pub mailboxes: i64,
    /// Aliases.
    pub aliases: i64,
    /// Bytes of mail.
    pub used_bytes: i64,
    /// Domains that may be somebody else's by now: DNS has shown nothing of them for days.
    pub lost: i64,
}

/// What one tenant has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantMail {
    /// Which.
    pub tenant: TenantId,
    /// What it is called.
    pub name: String,
    /// Domains.
    pub domains: i32,
    /// Mailboxes.
    pub mailboxes: i32,
    /// Bytes of mail.
    pub used_bytes: i64,
}

/// What all tenants have together; lost are domains that DNS has shown nothing of since then, or longer.
pub async fn totals(tx: &mut StaffTx, lost_since: DateTime<Utc>) -> Result<Totals, Error> {
    let found = sqlx::query_as!(
        Totals,
        r#"select coalesce(sum(domains), 0)::bigint as "domains!", coalesce(sum(mailboxes), 0)::bigint as "mailboxes!",
             coalesce(sum(aliases), 0)::bigint as "aliases!", coalesce(sum(used_bytes), 0)::bigint as "used_bytes!",
             (select count(*) from mail_domain where lost_at <= $1) as "lost!" from mail_total"#,
        lost_since
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// The tenants with the most mail.
pub async fn top_tenants(tx: &mut StaffTx, limit: i64) -> Result<Vec<TenantMail>, Error> {
    let rows = sqlx::query!(
        "select m.tenant_id, t.name, m.domains, m.mailboxes, m.used_bytes from mail_total m join tenant t on t.id = m.tenant_id \
         order by m.used_bytes desc, m.tenant_id limit $1",
        limit
    );
    let rows = rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(|row| TenantMail {
            tenant: TenantId(row.tenant_id),
            name: row.name,
            domains: row.domains,
            mailboxes: row.mailboxes,
            used_bytes: row.used_bytes,
        });
    Ok(rows.collect())
}
