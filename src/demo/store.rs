//! What of the demo is there.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{
    MailDomainId, MailboxId, PlanId, ServerId, SlaCalendarId, SlaPolicyId, StatusComponentId, StatusPageId,
    TenantId, TicketId,
};

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

/// A tenant's plan, if it promises nothing.
pub(super) async fn plan_without_sla(tx: &mut SystemTx, tenant: TenantId) -> Result<Option<PlanId>, Error> {
    let id = sqlx::query_scalar!(
        "select plan_id from tenant t where id = $1 and not exists (select from plan_sla s where s.plan_id = t.plan_id)",
        tenant.0
    );
    Ok(id.fetch_optional(tx.conn()).await?.map(PlanId))
}

pub(super) async fn policy(tx: &mut SystemTx, name: &str) -> Result<Option<SlaPolicyId>, Error> {
    let id = sqlx::query_scalar!(
        "select id from sla_policy where name = $1 and archived_at is null",
        name
    );
    Ok(id.fetch_optional(tx.conn()).await?.map(SlaPolicyId))
}

pub(super) async fn calendar(tx: &mut SystemTx, name: &str) -> Result<Option<SlaCalendarId>, Error> {
    let id = sqlx::query_scalar!(
        "select id from sla_calendar where name = $1 and archived_at is null",
        name
    );
    Ok(id.fetch_optional(tx.conn()).await?.map(SlaCalendarId))
}

/// Makes a tenant's status page with a server, unless it has one.
pub(super) async fn add_status_page(
    tx: &mut SystemTx,
    (page, component): (StatusPageId, StatusComponentId),
    (tenant, server): (TenantId, ServerId),
    (slug, title): (&str, &str),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "with made as (insert into status_page (id, tenant_id, slug, title, intro, visibility, created_at, updated_at) \
           values ($1, $3, $5, $6, '', 'public', $7, $7) on conflict do nothing returning id) \
         insert into status_component (id, page_id, name, note, target, server_id, position, created_at) \
         select $2, id, 'Web site', '', 'server', $4, 1, $7 from made",
        page.0,
        component.0,
        tenant.0,
        server.0,
        slug,
        title,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Where a tenant's public status page is.
pub(super) async fn status_page(tx: &mut SystemTx, tenant: TenantId) -> Result<Option<String>, Error> {
    let slug = sqlx::query_scalar!(
        "select slug from status_page where tenant_id = $1 and visibility = 'public'",
        tenant.0
    );
    Ok(slug.fetch_optional(tx.conn()).await?)
}

/// The newest ticket of something that broke, with its number.
pub(super) async fn breakdown(tx: &mut SystemTx, tenant: TenantId) -> Result<Option<(TicketId, i64)>, Error> {
    let row = sqlx::query!(
        "select id, number from ticket where tenant_id = $1 and source = 'breakdown' order by number desc limit 1",
        tenant.0
    );
    let row = row.fetch_optional(tx.conn()).await?;
    Ok(row.map(|row| (TicketId(row.id), row.number)))
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
