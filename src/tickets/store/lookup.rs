//! Single tickets, and what they are about.

use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, MailboxId, ServerId, TenantId, TicketId};

use super::super::model::{About, Thing, Ticket};
use super::rows::select;

/// A ticket, if the scope may see it.
pub async fn find(tx: &mut impl Scoped, id: TicketId) -> Result<Ticket, Error> {
    let row = select!("where t.id = $1", id.0);
    let found = row.fetch_optional(tx.conn()).await?;
    found.map(Ticket::from).ok_or(Error::NotFound)
}

/// Those of several that the scope may see, the oldest first.
pub async fn find_all(tx: &mut impl Scoped, ids: &[TicketId]) -> Result<Vec<Ticket>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = select!("where t.id = any($1) order by t.opened_at, t.id", &ids);
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Ticket::from).collect())
}

/// A ticket, locked until the transaction ends.
pub async fn lock(tx: &mut impl Scoped, id: TicketId) -> Result<Ticket, Error> {
    sqlx::query!("select from ticket where id = $1 for update", id.0)
        .fetch_optional(tx.conn())
        .await?
        .ok_or(Error::NotFound)?;
    find(tx, id).await
}

/// Locks several tickets, and those that go on with them, until the transaction ends. Whoever changes more than one does this first:
/// all lock them by their ids, so that no two wait for each other.
pub async fn lock_in_order(tx: &mut impl Scoped, ids: &[TicketId]) -> Result<(), Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        "with recursive chain as ( \
           select id, merged_into from ticket where id = any($1) \
           union select t.id, t.merged_into from chain c join ticket t on t.id = c.merged_into) \
         select from ticket where id in (select chain.id from chain) order by id for update",
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(())
}

/// The ticket that goes on with one that was merged, or itself, locked until the transaction ends. Only that one is: to lock what
/// was merged before it might be another order than that of ids.
pub async fn lock_last(tx: &mut impl Scoped, id: TicketId) -> Result<Ticket, Error> {
    let mut ticket = find(tx, id).await?;
    loop {
        while let Some(into) = ticket.merged_into {
            ticket = find(tx, into).await?;
        }
        ticket = lock(tx, ticket.id).await?;
        if ticket.merged_into.is_none() {
            return Ok(ticket);
        }
    }
}

/// The ticket of a number, if the scope may see it.
pub async fn by_number(tx: &mut impl Scoped, number: i64) -> Result<Ticket, Error> {
    let row = select!("where t.number = $1", number);
    let found = row.fetch_optional(tx.conn()).await?;
    found.map(Ticket::from).ok_or(Error::NotFound)
}

struct ThingRow {
    server_id: Option<Uuid>,
    mailbox_id: Option<Uuid>,
    domain_id: Option<Uuid>,
    label: String,
}

impl From<ThingRow> for Thing {
    fn from(row: ThingRow) -> Self {
        let server = row.server_id.map(|id| About::Server(ServerId(id)));
        let mailbox = row.mailbox_id.map(|id| About::Mailbox(MailboxId(id)));
        let domain = row.domain_id.map(|id| About::Domain(MailDomainId(id)));
        Self {
            about: server.or(mailbox).or(domain),
            label: row.label,
        }
    }
}

/// What a ticket is about, with what it was called, also what is gone.
pub async fn things(tx: &mut impl Scoped, id: TicketId) -> Result<Vec<Thing>, Error> {
    let rows = sqlx::query_as!(
        ThingRow,
        "select server_id, mailbox_id, domain_id, label from ticket_about where ticket_id = $1 order by position",
        id.0
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Thing::from).collect())
}

/// What a ticket is about, of what is still there.
pub async fn about(tx: &mut impl Scoped, id: TicketId) -> Result<Vec<About>, Error> {
    let things = things(tx, id).await?;
    Ok(things.into_iter().filter_map(|thing| thing.about).collect())
}

/// Whether a ticket is about something that is not this tenant's, or that is gone, of which nobody knows any more whose it was.
pub async fn is_about_others(tx: &mut impl Scoped, id: TicketId, tenant: TenantId) -> Result<bool, Error> {
    let others = sqlx::query_scalar!(
        r#"select exists (select from ticket_about a left join server s on s.id = a.server_id
             left join mailbox b on b.id = a.mailbox_id left join mail_domain d on d.id = a.domain_id
             where a.ticket_id = $1 and coalesce(s.tenant_id, b.tenant_id, d.tenant_id) is distinct from $2::uuid) as "others!""#,
        id.0,
        tenant.0
    );
    Ok(others.fetch_one(tx.conn()).await?)
}
