//! The rows of links, and the posts that a split moves.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, StaffTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{TenantId, TicketId, TicketPostId};
use crate::tickets::model::State;

use super::model::{Kind, Linked, Other};

/// The tickets that a ticket is linked with, as far as the scope sees them.
pub async fn linked(tx: &mut impl Scoped, ticket: TicketId) -> Result<Vec<Linked>, Error> {
    let rows = sqlx::query!(
        r#"select l.kind, l.from_id = $1 as "is_outgoing!", t.id, t.number, t.subject, t.state from ticket_link l
           join ticket t on t.id = case when l.from_id = $1 then l.to_id else l.from_id end
           where l.from_id = $1 or l.to_id = $1 order by l.created_at, t.id"#,
        ticket.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Linked {
        kind: Kind::read(&row.kind),
        is_outgoing: row.is_outgoing,
        other: Other {
            id: TicketId(row.id),
            number: row.number,
            subject: row.subject,
            state: State::read(&row.state),
        },
    });
    Ok(rows.collect())
}

/// The tickets that a ticket goes on with, those that were merged into them before included.
pub async fn merged(tx: &mut impl Scoped, ticket: TicketId) -> Result<Vec<Other>, Error> {
    let rows = sqlx::query!(
        r#"with recursive gone (id) as (
             select id from ticket where merged_into = $1
             union select t.id from ticket t join gone g on t.merged_into = g.id)
           select t.id, t.number, t.subject, t.state from gone g join ticket t on t.id = g.id order by t.number"#,
        ticket.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Other {
        id: TicketId(row.id),
        number: row.number,
        subject: row.subject,
        state: State::read(&row.state),
    });
    Ok(rows.collect())
}

/// Makes all that link tickets of one tenant wait for each other until the transaction ends: two links may make a circle together.
pub(super) async fn lock_links(tx: &mut StaffTx, tenant: Option<TenantId>) -> Result<(), Error> {
    let whose = tenant.map_or_else(|| "triage".to_owned(), |tenant| tenant.to_string());
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1, 12))",
        format!("links of tickets of {whose}")
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether links of a kind lead from one ticket to another.
pub(super) async fn leads(
    tx: &mut StaffTx,
    (from, to): (TicketId, TicketId),
    kind: Kind,
) -> Result<bool, Error> {
    let leads = sqlx::query_scalar!(
        r#"with recursive way (id) as (
             select to_id from ticket_link where from_id = $1 and kind = $3
             union select l.to_id from ticket_link l join way w on l.from_id = w.id where l.kind = $3)
           select exists (select from way where id = $2) as "leads!""#,
        from.0,
        to.0,
        kind.word()
    );
    Ok(leads.fetch_one(tx.conn()).await?)
}

/// Links two tickets.
pub(super) async fn insert(
    tx: &mut StaffTx,
    (from, to): (TicketId, TicketId),
    kind: Kind,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let done = sqlx::query!(
        "insert into ticket_link (from_id, to_id, kind, created_by, created_at) values ($1, $2, $3, $4, $5)",
        from.0,
        to.0,
        kind.word(),
        by,
        now
    )
    .execute(tx.conn())
    .await;
    match done {
        Err(error) if violates(&error, "ticket_link_pair") || violates(&error, "ticket_link_pkey") => {
            let message = "The two are linked already. Take that link away first.";
            Err(Error::conflict("ticket-linked", message))
        }
        other => Ok(other.map(drop)?),
    }
}

/// Takes the link of two tickets away, whichever way it points; whether there was one.
pub(super) async fn delete(tx: &mut StaffTx, (one, other): (TicketId, TicketId)) -> Result<bool, Error> {
    let gone = sqlx::query!(
        "delete from ticket_link where (from_id = $1 and to_id = $2) or (from_id = $2 and to_id = $1)",
        one.0,
        other.0
    );
    Ok(gone.execute(tx.conn()).await?.rows_affected() > 0)
}

/// How many posts a ticket has.
pub(super) async fn count_posts(tx: &mut StaffTx, ticket: TicketId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from ticket_post where ticket_id = $1"#,
        ticket.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Moves posts from one ticket to another of the same tenant, and their files with them. Says of each that was moved whether the
/// customer sees it.
pub(super) async fn move_posts(
    tx: &mut StaffTx,
    (from, to): (TicketId, TicketId),
    posts: &[TicketPostId],
) -> Result<Vec<bool>, Error> {
    let posts: Vec<Uuid> = posts.iter().map(|post| post.0).collect();
    let moved = sqlx::query_scalar!(
        "update ticket_post set ticket_id = $2 where ticket_id = $1 and id = any($3) returning is_public",
        from.0,
        to.0,
        &posts
    );
    Ok(moved.fetch_all(tx.conn()).await?)
}
