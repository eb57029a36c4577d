//! Mail that goes out.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{OutboundMailId, TicketId, UserId};
use crate::tickets::Ticket;

use super::super::model::{Outgoing, Said, State};

struct Row {
    id: Uuid,
    ticket_id: Uuid,
    number: i64,
    recipient: String,
    subject: String,
    body: String,
    reply_to: Option<String>,
    answers: Option<String>,
    state: String,
    attempts: i32,
    error: Option<String>,
    created_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
}

impl From<Row> for Outgoing {
    fn from(row: Row) -> Self {
        Self {
            id: OutboundMailId(row.id),
            ticket: (TicketId(row.ticket_id), row.number),
            recipient: row.recipient,
            subject: row.subject,
            body: row.body,
            reply_to: row.reply_to,
            answers: row.answers,
            state: State::read(&row.state),
            attempts: row.attempts,
            error: row.error,
            created_at: row.created_at,
            due_at: row.due_at,
            sent_at: row.sent_at,
        }
    }
}

macro_rules! select {
    ($rest:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            "select o.id, o.ticket_id, t.number, o.recipient, o.subject, o.body, o.reply_to, o.answers, o.state, o.attempts, \
             o.error, o.created_at, o.due_at, o.sent_at from ticket_mail_out o join ticket t on t.id = o.ticket_id " + $rest
            $(, $argument)*
        )
    };
}

/// A mail to be written.
#[derive(Debug)]
pub struct Insert<'a> {
    /// Its id.
    pub id: OutboundMailId,
    /// The ticket.
    pub ticket: TicketId,
    /// The newest entry that it tells of.
    pub event: i64,
    /// The address.
    pub recipient: &'a str,
    /// The line, and the text.
    pub words: &'a (String, String),
    /// Where an answer goes.
    pub reply_to: Option<&'a str>,
    /// The `Message-ID` of the recipient's last mail.
    pub answers: Option<&'a str>,
    /// When.
    pub now: DateTime<Utc>,
}

/// Writes one, unless its recipient is told of that entry already. Says whether it did.
pub async fn insert(tx: &mut SystemTx, new: &Insert<'_>) -> Result<bool, Error> {
    let (subject, body) = new.words;
    let done = sqlx::query!(
        "insert into ticket_mail_out (id, ticket_id, event_id, recipient, subject, body, reply_to, answers, created_at, due_at, begun_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $9) on conflict on constraint ticket_mail_out_once do nothing",
        new.id.0,
        new.ticket.0,
        new.event,
        new.recipient,
        subject,
        body,
        new.reply_to,
        new.answers,
        new.now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// One.
pub async fn find(tx: &mut impl Scoped, id: OutboundMailId) -> Result<Outgoing, Error> {
    let found = select!("where o.id = $1", id.0).fetch_optional(tx.conn()).await?;
    found.map(Outgoing::from).ok_or(Error::NotFound)
}

/// A page of all, the newest first.
pub async fn list_out(
    tx: &mut impl Scoped,
    pattern: Option<&str>,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Outgoing>, Error> {
    let (at, id) = before.unzip();
    let rows = select!(
        "where ($1::text is null or o.recipient ilike $1 or o.subject ilike $1) \
         and ($3::uuid is null or (o.created_at, o.id) < ($2::timestamptz, $3::uuid)) \
         order by o.created_at desc, o.id desc limit $4",
        pattern,
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Outgoing::from).collect())
}

/// Writes what became of a try. One that was decided meanwhile stays as it is.
pub async fn tried(
    tx: &mut SystemTx,
    id: OutboundMailId,
    (state, error): (State, Option<&str>),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update ticket_mail_out set state = $2, error = $3, attempts = attempts + 1, begun_at = $4, \
           sent_at = case when $2 = 'sent' then $4::timestamptz end where id = $1 and state = 'waiting'",
        id.0,
        state.word(),
        error,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets one be tried as if it was new.
pub async fn renew(tx: &mut impl Scoped, id: OutboundMailId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update ticket_mail_out set state = 'waiting', attempts = 0, error = null, due_at = $2, begun_at = $2 where id = $1",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Those that wait and were last begun before a time: they count as begun now, so that nobody else begins them, too.
pub async fn begin_late(
    tx: &mut SystemTx,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<OutboundMailId>, Error> {
    let ids = sqlx::query_scalar!(
        "update ticket_mail_out set begun_at = $2 where id in (select id from ticket_mail_out \
           where state = 'waiting' and begun_at < $1 order by begun_at limit $3 for update skip locked) returning id",
        before,
        now,
        limit
    );
    let ids = ids.fetch_all(tx.conn()).await?;
    Ok(ids.into_iter().map(OutboundMailId).collect())
}

/// Forgets what was decided and written before a time. Says how many.
pub async fn forget_out(tx: &mut SystemTx, before: DateTime<Utc>) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "delete from ticket_mail_out where created_at < $1 and state <> 'waiting'",
        before
    );
    Ok(gone.execute(tx.conn()).await?.rows_affected())
}

/// How many mails told each of a ticket since a time.
pub async fn mailed_since(
    tx: &mut SystemTx,
    ticket: TicketId,
    since: DateTime<Utc>,
) -> Result<HashMap<String, i64>, Error> {
    let rows = sqlx::query!(
        r#"select recipient, count(*) as "count!" from ticket_mail_out where ticket_id = $1 and created_at > $2 group by recipient"#,
        ticket.0,
        since
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(|row| (row.recipient, row.count)).collect())
}

/// The newest public posts of a ticket, the oldest of them first. What was moved here from another ticket was told of there.
pub async fn newest_posts(tx: &mut SystemTx, ticket: &Ticket, most: i64) -> Result<Vec<Said>, Error> {
    let rows = sqlx::query!(
        "select author_id, author_name, address, body from ticket_post where ticket_id = $1 and is_public and created_at >= $2 \
         order by place desc limit $3",
        ticket.id.0,
        ticket.opened_at,
        most
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter().rev();
    let said = rows.map(|row| Said {
        author: row.author_id.map(UserId),
        name: row.author_name,
        address: row.address,
        body: row.body,
    });
    Ok(said.collect())
}
