//! What of the demo is there.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, MailboxId, PlanId, ServerId, TenantId};

pub(super) async fn tenant(tx: &mut SystemTx, slug: &str) -> Result<Option<TenantId>, Error> {
    let id = sqlx::query_scalar!("select id from tenant where slug = $1", slug)
        .fetch_optional(tx.conn())
        .await?;
    Ok(id.map(TenantId))
}

pub(super) async fn plan(tx: &mut SystemTx, name: &str) -> Result<Option<PlanId>, Error> {
    let id = sqlx::query_scalar!("select id from plan where name = $1", name)
        .fetch_optional(tx.conn())
        .await?;
    Ok(id.map(PlanId))
}

pub(super) async fn has_members(tx: &mut SystemTx, tenant: TenantId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists(select from membership where tenant_id = $1) as "found!""#,
        tenant.0
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

pub(super) async fn server(
    tx: &mut SystemTx,
    tenant: TenantId,
    name: &str,
) -> Result<Option<ServerId>, Error> {
    let id = sqlx::query_scalar!(
        "select id from server where tenant_id = $1 and name = $2 and deleted_at is null",
        tenant.0,
        name
    );
    Ok(id.fetch_optional(tx.conn()).await?.map(ServerId))
}

/// Where the server answers, once it runs and nothing is left to do.
pub(super) async fn address_when_up(tx: &mut SystemTx, server: ServerId) -> Result<Option<String>, Error> {
    let address = sqlx::query_scalar!(
        r#"select p.scheme || '://' || l.public_host || ':' || p.host_port as "address!"
             from server s join location l on l.id = s.location_id join server_port p on p.server_id = s.id
            where s.id = $1 and s.observed_state = 'running' and s.generation = s.observed_generation
            order by p.name limit 1"#,
        server.0
    );
    Ok(address.fetch_optional(tx.conn()).await?)
}

pub(super) async fn mail_domain(
    tx: &mut SystemTx,
    tenant: TenantId,
    name: &str,
) -> Result<Option<MailDomainId>, Error> {
    let id = sqlx::query_scalar!(
        "select id from mail_domain where tenant_id = $1 and name = $2",
        tenant.0,
        name
    );
    Ok(id.fetch_optional(tx.conn()).await?.map(MailDomainId))
}

/// Takes a domain for proven: nobody can publish anything for the demo's.
pub(super) async fn verify(
    tx: &mut SystemTx,
    tenant: TenantId,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update mail_domain set verified_at = $3, version = version + 1, updated_at = $3 \
         where tenant_id = $1 and name = $2 and verified_at is null",
        tenant.0,
        name,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn has_mailbox(tx: &mut SystemTx, address: &str) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists(select from mailbox where address = $1 and deleted_at is null) as "found!""#,
        address
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Whether anything is in a mailbox, as far as the mail service has said.
pub(super) async fn has_mail(tx: &mut SystemTx, address: &str) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists(select from mailbox where address = $1 and deleted_at is null and used_messages > 0) as "found!""#,
        address
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

pub(super) struct NewMailbox<'a> {
    pub id: MailboxId,
    pub tenant: TenantId,
    pub domain: MailDomainId,
    pub local: &'a str,
    pub address: &'a str,
    pub name: &'a str,
    pub hash: &'a str,
}

pub(super) async fn insert_mailbox(
    tx: &mut SystemTx,
    new: &NewMailbox<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into mailbox (id, tenant_id, domain_id, local_part, address, name, password_hash, quota_mib, created_by, created_at, \
           updated_at) values ($1, $2, $3, $4, $5, $6, $7, 1024, 'berth demo', $8, $8)",
        new.id.0,
        new.tenant.0,
        new.domain.0,
        new.local,
        new.address,
        new.name,
        new.hash,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
