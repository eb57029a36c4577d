//! The rows of what customers said.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, StaffTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::TicketId;

use super::model::{Answer, Month, Satisfaction};

/// What was said of a ticket, if anything was.
pub async fn of_ticket(tx: &mut impl Scoped, ticket: TicketId) -> Result<Option<Satisfaction>, Error> {
    let row = sqlx::query_as!(
        Satisfaction,
        "select is_good, words, created_by, answered_at from ticket_satisfaction where ticket_id = $1",
        ticket.0
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}

/// Writes what was said, in the place of what was said before.
pub(super) async fn save(
    tx: &mut TenantTx,
    ticket: TicketId,
    answer: &Answer,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into ticket_satisfaction (ticket_id, is_good, words, created_by, answered_at, changed_at) \
         values ($1, $2, $3, $4, $5, $5) on conflict (ticket_id) do update set is_good = excluded.is_good, \
           words = excluded.words, created_by = excluded.created_by, changed_at = excluded.changed_at",
        ticket.0,
        answer.is_good,
        answer.words,
        by,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What was said in each of the last twelve months in which something was, the newest first.
pub(super) async fn months(tx: &mut StaffTx) -> Result<Vec<Month>, Error> {
    let rows = sqlx::query!(
        r#"select date_trunc('month', answered_at, 'UTC') as "begin!", count(*) filter (where is_good) as "good!",
             count(*) filter (where not is_good) as "bad!"
           from ticket_satisfaction group by 1 order by 1 desc limit 12"#
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Month {
        begin: row.begin,
        good: row.good,
        bad: row.bad,
    });
    Ok(rows.collect())
}

/// An answer with the ticket that it is about.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The ticket.
    pub ticket: TicketId,
    /// What people call it by.
    pub number: i64,
    /// What it is about.
    pub subject: String,
    /// Whose it is.
    pub tenant: Option<String>,
    /// What was said.
    pub said: Satisfaction,
}

/// A page of all, the newest first.
pub(super) async fn list(
    tx: &mut StaffTx,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Answered>, Error> {
    let (at, id) = before.unzip();
    let rows = sqlx::query!(
        r#"select s.ticket_id, s.is_good, s.words, s.created_by, s.answered_at, t.number, t.subject, n.name as "tenant?"
           from ticket_satisfaction s join ticket t on t.id = s.ticket_id left join tenant n on n.id = t.tenant_id
           where ($2::uuid is null or (s.answered_at, s.ticket_id) < ($1::timestamptz, $2::uuid))
           order by s.answered_at desc, s.ticket_id desc limit $3"#,
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Answered {
        ticket: TicketId(row.ticket_id),
        number: row.number,
        subject: row.subject,
        tenant: row.tenant,
        said: Satisfaction {
            is_good: row.is_good,
            words: row.words,
            created_by: row.created_by,
            answered_at: row.answered_at,
        },
    });
    Ok(rows.collect())
}
