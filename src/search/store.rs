//! The palette's queries; each gives eight at most.

use uuid::Uuid;

use crate::platform::db::{Scoped as _, StaffTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{TenantId, TicketId};
use crate::tickets::model::Sought;

/// A thing that matched.
pub(super) struct Found {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) hint: String,
}

pub(super) async fn servers_of(
    tx: &mut TenantTx,
    tenant: TenantId,
    pattern: &str,
) -> Result<Vec<Found>, Error> {
    let found = sqlx::query_as!(
        Found,
        "select id, name, template as hint from server where tenant_id = $1 and deleted_at is null and name ilike $2 order by name limit 8",
        tenant.0,
        pattern
    );
    Ok(found.fetch_all(tx.conn()).await?)
}

pub(super) async fn tenants(tx: &mut StaffTx, pattern: &str) -> Result<Vec<Found>, Error> {
    let found = sqlx::query_as!(
        Found,
        "select id, name, slug as hint from tenant where name ilike $1 or slug ilike $1 order by name limit 8",
        pattern
    );
    Ok(found.fetch_all(tx.conn()).await?)
}

pub(super) async fn servers(tx: &mut StaffTx, pattern: &str) -> Result<Vec<Found>, Error> {
    let found = sqlx::query_as!(
        Found,
        "select s.id, s.name, t.name as hint from server s join tenant t on t.id = s.tenant_id \
         where s.deleted_at is null and s.name ilike $1 order by s.name limit 8",
        pattern
    );
    Ok(found.fetch_all(tx.conn()).await?)
}

pub(super) async fn stacks_of(
    tx: &mut TenantTx,
    tenant: TenantId,
    pattern: &str,
) -> Result<Vec<Found>, Error> {
    let found = sqlx::query_as!(
        Found,
        "select id, name, blueprint as hint from stack where tenant_id = $1 and deleted_at is null and name ilike $2 order by name limit 8",
        tenant.0,
        pattern
    );
    Ok(found.fetch_all(tx.conn()).await?)
}

pub(super) async fn volumes_of(
    tx: &mut TenantTx,
    tenant: TenantId,
    pattern: &str,
) -> Result<Vec<Found>, Error> {
    let found = sqlx::query_as!(
        Found,
        r#"select id, name, pg_size_pretty(size_mib * 1048576) as "hint!" from volume
           where tenant_id = $1 and deleting_at is null and name ilike $2 order by name limit 8"#,
        tenant.0,
        pattern
    );
    Ok(found.fetch_all(tx.conn()).await?)
}

pub(super) async fn mail_domains_of(
    tx: &mut TenantTx,
    tenant: TenantId,
    pattern: &str,
) -> Result<Vec<Found>, Error> {
    let found = sqlx::query_as!(
        Found,
        r#"select id, name, case when verified_at is null then 'not verified' else mailboxes || ' mailboxes' end as "hint!"
           from mail_domain where tenant_id = $1 and name ilike $2 order by name limit 8"#,
        tenant.0,
        pattern
    );
    Ok(found.fetch_all(tx.conn()).await?)
}

/// A share, which has its page below its server's.
pub(super) struct FoundShare {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) server: Uuid,
    pub(super) server_name: String,
}

pub(super) async fn shares_of(
    tx: &mut TenantTx,
    tenant: TenantId,
    pattern: &str,
) -> Result<Vec<FoundShare>, Error> {
    let found = sqlx::query_as!(
        FoundShare,
        "select h.id, h.name, s.id as server, s.name as server_name from share h join server s on s.id = h.server_id \
         where h.tenant_id = $1 and s.deleted_at is null and h.name ilike $2 order by h.name, h.id limit 8",
        tenant.0,
        pattern
    );
    Ok(found.fetch_all(tx.conn()).await?)
}

/// Mailboxes by their address, or by the person's name.
pub(super) async fn mailboxes_of(
    tx: &mut TenantTx,
    tenant: TenantId,
    pattern: &str,
) -> Result<Vec<Found>, Error> {
    let found = sqlx::query_as!(
        Found,
        "select id, address as name, name as hint from mailbox \
         where tenant_id = $1 and deleted_at is null and (address ilike $2 or name ilike $2) order by address, id limit 8",
        tenant.0,
        pattern
    );
    Ok(found.fetch_all(tx.conn()).await?)
}

/// Aliases by their address, or by what they are for.
pub(super) async fn aliases_of(
    tx: &mut TenantTx,
    tenant: TenantId,
    pattern: &str,
) -> Result<Vec<Found>, Error> {
    let found = sqlx::query_as!(
        Found,
        "select id, address as name, description as hint from mail_alias \
         where tenant_id = $1 and (address ilike $2 or description ilike $2) order by address, id limit 8",
        tenant.0,
        pattern
    );
    Ok(found.fetch_all(tx.conn()).await?)
}

pub(super) async fn stacks(tx: &mut StaffTx, pattern: &str) -> Result<Vec<Found>, Error> {
    let found = sqlx::query_as!(
        Found,
        "select s.id, s.name, t.name as hint from stack s join tenant t on t.id = s.tenant_id \
         where s.deleted_at is null and s.name ilike $1 order by s.name limit 8",
        pattern
    );
    Ok(found.fetch_all(tx.conn()).await?)
}

/// A ticket, which is found by its number, or by words of its subject and of what was written.
pub(super) struct FoundTicket {
    pub(super) id: TicketId,
    pub(super) number: i64,
    pub(super) subject: String,
    pub(super) state: String,
}

pub(super) async fn tickets_of(
    tx: &mut TenantTx,
    tenant: TenantId,
    sought: &Sought,
) -> Result<Vec<FoundTicket>, Error> {
    let found = sqlx::query_as!(
        FoundTicket,
        r#"select id as "id: TicketId", number, subject, state from ticket
           where tenant_id = $1 and id = any(ticket_found_by_tenant($2, $3, 200)) order by changed_at desc, id desc limit 8"#,
        tenant.0,
        sought.words,
        sought.number
    );
    Ok(found.fetch_all(tx.conn()).await?)
}

pub(super) async fn tickets(tx: &mut StaffTx, sought: &Sought) -> Result<Vec<FoundTicket>, Error> {
    let found = sqlx::query_as!(
        FoundTicket,
        r#"select id as "id: TicketId", number, subject, state from ticket
           where id = any(ticket_found($1, $2, 200)) order by changed_at desc, id desc limit 8"#,
        sought.words,
        sought.number
    );
    Ok(found.fetch_all(tx.conn()).await?)
}
