//! What was noted of domains and mailboxes by the triggers.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, MailboxId, TenantId};

use super::model::Fullness;

/// What a domain's mailboxes hold together; nothing if the domain is gone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use {
    pub tenant: TenantId,
    pub domain: MailDomainId,
    pub used: Option<i64>,
}

/// Takes notes of domains away, at most `limit`, and says what they hold now. In the order of tenants, so that two who do this
/// do not wait for each other in a ring. The sums are read by a statement of their own, after the notes are ours.
///
/// The ledger's rows hold on to their tenant's, so those are held first, before any note. Whoever erases a tenant holds its row, and
/// then writes notes: that tenant's are passed over meanwhile, or the two would wait for each other.
pub(super) async fn take_uses(tx: &mut SystemTx, limit: i64) -> Result<Vec<Use>, Error> {
    let held = sqlx::query_scalar!(
        r#"with noted as (select distinct tenant_id as id from mail_use_due order by 1 limit $1),
           held as (select t.id from tenant t where t.id in (select id from noted) order by t.id for key share skip locked)
           select id as "id!" from held
           union all
           select n.id from noted n where not exists (select from tenant t where t.id = n.id)"#,
        limit
    );
    let held = held.fetch_all(tx.conn()).await?;
    let taken = sqlx::query!(
        "delete from mail_use_due where domain_id in ( \
           select domain_id from mail_use_due where tenant_id = any($2) order by tenant_id, domain_id limit $1 \
           for update skip locked) \
         returning domain_id, tenant_id",
        limit,
        &held
    );
    let taken = taken.fetch_all(tx.conn()).await?;
    let domains: Vec<Uuid> = taken.iter().map(|row| row.domain_id).collect();
    let tenants: Vec<Uuid> = taken.iter().map(|row| row.tenant_id).collect();
    let rows = sqlx::query!(
        r#"select t.domain_id as "domain_id!", t.tenant_id as "tenant_id!", d.used_bytes as "used_bytes?"
           from unnest($1::uuid[], $2::uuid[]) as t (domain_id, tenant_id) left join mail_domain d on d.id = t.domain_id
           order by t.tenant_id, t.domain_id"#,
        &domains,
        &tenants
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Use {
        tenant: TenantId(row.tenant_id),
        domain: MailDomainId(row.domain_id),
        used: row.used_bytes,
    });
    Ok(rows.collect())
}

/// A mailbox under our lease.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Which.
    pub mailbox: MailboxId,
    /// The note that is worked on.
    pub generation: i64,
    /// The lease.
    pub lease: Uuid,
    /// How often it failed in a row.
    pub failures: i32,
}

/// Takes what is due under a lease, at most `limit`. What another process holds is passed over.
pub(super) async fn claim(
    tx: &mut SystemTx,
    lease: Uuid,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Claimed>, Error> {
    let rows = sqlx::query!(
        "update mail_warning_due set lease_id = $1, lease_until = $2, next_attempt_at = null where mailbox_id in ( \
           select mailbox_id from mail_warning_due where (next_attempt_at <= $3 and lease_until is null) or lease_until <= $3 \
           order by next_attempt_at nulls first limit $4 for update skip locked) \
         returning mailbox_id, generation, error_count",
        lease,
        until,
        now,
        limit
    );
    let claimed = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Claimed {
        mailbox: MailboxId(row.mailbox_id),
        generation: row.generation,
        lease,
        failures: row.error_count,
    });
    Ok(claimed.collect())
}

/// How full a mailbox is; nothing if it is deleted.
pub(super) async fn fullness(tx: &mut SystemTx, mailbox: MailboxId) -> Result<Option<Fullness>, Error> {
    let row = sqlx::query_as!(
        Fullness,
        "select address, used_bytes as used, quota_mib, warned_level as warned from mailbox where id = $1 and deleted_at is null",
        mailbox.0
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}

/// Writes which warning stands, and forgets the note. One that came meanwhile stays due.
pub(super) async fn settle(tx: &mut SystemTx, claimed: &Claimed, level: i16) -> Result<(), Error> {
    sqlx::query!(
        "update mailbox set warned_level = $2 where id = $1 and warned_level <> $2",
        claimed.mailbox.0,
        level
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from mail_warning_due where mailbox_id = $1 and lease_id = $2 and generation = $3",
        claimed.mailbox.0,
        claimed.lease,
        claimed.generation
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update mail_warning_due set lease_id = null, lease_until = null where mailbox_id = $1 and lease_id = $2",
        claimed.mailbox.0,
        claimed.lease
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives the lease back; it is tried again later.
pub(super) async fn put_off(
    tx: &mut SystemTx,
    claimed: &Claimed,
    error: &str,
    until: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update mail_warning_due set lease_id = null, lease_until = null, next_attempt_at = coalesce(next_attempt_at, $3), \
         last_error = $4, error_count = error_count + 1 where mailbox_id = $1 and lease_id = $2",
        claimed.mailbox.0,
        claimed.lease,
        until,
        error
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
