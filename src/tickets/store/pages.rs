//! What only pages ask for: things that a ticket can be about, who is typing, and counts.

use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::db::{Scoped, StaffTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, MailboxId, ServerId, TenantId, TicketId, UserId};

use super::super::model::About;

/// More than these of a kind are named in the text.
const OFFERED: i64 = 200;

/// Servers of a tenant that a ticket can be about, by name.
pub(in crate::tickets) async fn servers_offered(
    tx: &mut TenantTx,
    tenant: TenantId,
) -> Result<Vec<(About, String)>, Error> {
    let rows = sqlx::query!(
        r#"select id as "id: ServerId", name from server where tenant_id = $1 and deleted_at is null order by lower(name), id limit $2"#,
        tenant.0,
        OFFERED
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (About::Server(row.id), row.name)).collect())
}

/// Mail domains of a tenant, by name.
pub(in crate::tickets) async fn domains_offered(
    tx: &mut TenantTx,
    tenant: TenantId,
) -> Result<Vec<(About, String)>, Error> {
    let rows = sqlx::query!(
        r#"select id as "id: MailDomainId", name from mail_domain where tenant_id = $1 order by name limit $2"#,
        tenant.0,
        OFFERED
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (About::Domain(row.id), row.name)).collect())
}

/// Mailboxes of a tenant, by address.
pub(in crate::tickets) async fn mailboxes_offered(
    tx: &mut TenantTx,
    tenant: TenantId,
) -> Result<Vec<(About, String)>, Error> {
    let rows = sqlx::query!(
        r#"select id as "id: MailboxId", address from mailbox where tenant_id = $1 and deleted_at is null order by address limit $2"#,
        tenant.0,
        OFFERED
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (About::Mailbox(row.id), row.address)).collect())
}

/// The tenants that a ticket can be opened for, by name.
pub(in crate::tickets) async fn tenants_offered(tx: &mut StaffTx) -> Result<Vec<(TenantId, String)>, Error> {
    let rows = sqlx::query!(
        r#"select id as "id: TenantId", name from tenant where status <> 'closed' order by lower(name), id limit 1000"#
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (row.id, row.name)).collect())
}

/// Somebody who is typing.
#[derive(Debug)]
pub(in crate::tickets) struct Typist {
    /// Who.
    pub(in crate::tickets) user: UserId,
    /// What they are called.
    pub(in crate::tickets) name: String,
    /// `reply` or `note`.
    pub(in crate::tickets) what: String,
    /// Until when that is known.
    pub(in crate::tickets) until: DateTime<Utc>,
}

/// Notes that somebody types something, and forgets who did so long ago.
pub(in crate::tickets) async fn type_on(
    tx: &mut StaffTx,
    (ticket, user): (TicketId, UserId),
    what: &str,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), Error> {
    sqlx::query!(
        "delete from ticket_presence where until < $1",
        now - TimeDelta::hours(1)
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into ticket_presence (ticket_id, user_id, what, until) values ($1, $2, $3, $4) \
         on conflict (ticket_id, user_id) do update set what = excluded.what, until = excluded.until",
        ticket.0,
        user.0,
        what,
        until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that somebody types no more. Says whether they did.
pub(in crate::tickets) async fn type_no_more(
    tx: &mut StaffTx,
    (ticket, user): (TicketId, UserId),
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "delete from ticket_presence where ticket_id = $1 and user_id = $2",
        ticket.0,
        user.0
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Who else is typing now.
pub(in crate::tickets) async fn typists(
    tx: &mut StaffTx,
    (ticket, but): (TicketId, UserId),
    now: DateTime<Utc>,
) -> Result<Vec<Typist>, Error> {
    let rows = sqlx::query_as!(
        Typist,
        r#"select p.user_id as "user: UserId", u.name, p.what, p.until
           from ticket_presence p join user_account u on u.id = p.user_id
           where p.ticket_id = $1 and p.user_id <> $2 and p.until > $3 order by p.until, p.user_id"#,
        ticket.0,
        but.0,
        now
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// Open tickets, counted.
#[derive(Debug, Clone, Copy, Default, serde::Serialize, utoipa::ToSchema)]
pub struct TicketCounts {
    /// All of them.
    pub open: i64,
    /// Those that only the customer can go on with.
    pub waiting_customer: i64,
    /// Those of which something that was promised is late.
    pub overdue: i64,
    /// Those of severity P1.
    pub p1: i64,
    /// Of severity P2.
    pub p2: i64,
    /// Of severity P3.
    pub p3: i64,
    /// Of severity P4.
    pub p4: i64,
}

impl TicketCounts {
    /// What deserves a word beside their number.
    pub fn note(&self) -> String {
        match self.overdue {
            0 => String::new(),
            late => format!("{late} overdue"),
        }
    }
}

/// Counts the open tickets of a tenant, or of all.
pub async fn counts(
    tx: &mut impl Scoped,
    tenant: Option<TenantId>,
    now: DateTime<Utc>,
) -> Result<TicketCounts, Error> {
    let row = sqlx::query_as!(
        TicketCounts,
        r#"select count(*) as "open!", count(*) filter (where state = 'waiting_customer') as "waiting_customer!",
             count(*) filter (where due_at < $2) as "overdue!",
             count(*) filter (where severity = 'p1') as "p1!", count(*) filter (where severity = 'p2') as "p2!",
             count(*) filter (where severity = 'p3') as "p3!", count(*) filter (where severity = 'p4') as "p4!"
           from ticket where is_open and ($1::uuid is null or tenant_id = $1)"#,
        tenant.map(|id| id.0),
        now
    );
    Ok(row.fetch_one(tx.conn()).await?)
}
