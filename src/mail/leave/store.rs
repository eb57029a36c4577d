//! The rows of a tenant's mail, as they go.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::TenantId;

/// Deletes mailboxes of a tenant, at most `limit`, and notes what of them is to be removed from disk. Says how many, and what they
/// held.
pub(super) async fn let_mailboxes_go(
    tx: &mut SystemTx,
    tenant: TenantId,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<(i64, i64), Error> {
    let row = sqlx::query!(
        r#"with gone as (
             delete from mailbox where id in (select id from mailbox where tenant_id = $1 order by id limit $3)
             returning id, tenant_id, used_bytes),
           noted as (
             insert into mail_erasure (mailbox_id, tenant_id, bytes, asked_at, next_attempt_at)
               select id, tenant_id, used_bytes, $2, $2 from gone on conflict do nothing)
           select count(*) as "mailboxes!", coalesce(sum(used_bytes), 0)::bigint as "bytes!" from gone"#,
        tenant.0,
        now,
        limit
    );
    let row = row.fetch_one(tx.conn()).await?;
    Ok((row.mailboxes, row.bytes))
}

/// What of a tenant's mail is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    /// Mailboxes, deleted ones too.
    pub mailboxes: i64,
    /// Domains.
    pub domains: i64,
    /// Mailboxes that are gone and whose files are still to be removed.
    pub files: i64,
}

/// Counts what of a tenant's mail is there.
pub(super) async fn left(tx: &mut SystemTx, tenant: TenantId) -> Result<Left, Error> {
    let left = sqlx::query_as!(
        Left,
        r#"select (select count(*) from mailbox where tenant_id = $1) as "mailboxes!",
             (select count(*) from mail_domain where tenant_id = $1) as "domains!",
             (select count(*) from mail_erasure where tenant_id = $1) as "files!""#,
        tenant.0
    );
    Ok(left.fetch_one(tx.conn()).await?)
}

/// Deletes the domains of a tenant that has no mailboxes any more, with their aliases and keys.
pub(super) async fn delete_domains(tx: &mut SystemTx, tenant: TenantId) -> Result<(), Error> {
    sqlx::query!("delete from mail_alias where tenant_id = $1", tenant.0)
        .execute(tx.conn())
        .await?;
    sqlx::query!("delete from mail_domain where tenant_id = $1", tenant.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
