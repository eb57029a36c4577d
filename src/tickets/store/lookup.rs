//! Single tickets, and what they are about.

use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, MailboxId, ServerId, TicketId};

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
