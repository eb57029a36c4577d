//! Tickets by the words in them. Words that few have are looked up; for words that many have the list is walked along, since a
//! page of it is full soon.

use std::collections::HashMap;

use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{TicketId, TicketPostId};

use super::super::model::Sought;

/// From so many on, words are in so many tickets that walking along the list is less work than sorting all of them.
const MANY: i32 = 3_000;

/// What has these words.
#[derive(Debug, Clone)]
pub enum Found {
    /// These, and no other.
    All(Vec<Uuid>),
    /// Too many to be counted; the list looks itself.
    Many,
}

/// Looks words up: in all tickets, or in what the scope's tenant may read.
pub async fn search(tx: &mut impl Scoped, sought: &Sought, is_tenant: bool) -> Result<Found, Error> {
    let (words, number) = (&sought.words, sought.number);
    let ids = if is_tenant {
        sqlx::query_scalar!("select ticket_found_by_tenant($1, $2, $3)", words, number, MANY)
            .fetch_one(tx.conn())
            .await?
    } else {
        sqlx::query_scalar!("select ticket_found($1, $2, $3)", words, number, MANY)
            .fetch_one(tx.conn())
            .await?
    };
    Ok(ids.map_or(Found::Many, Found::All))
}

/// In which post of each of several tickets words stand: in the newest that the scope may see. Those that have them elsewhere, or
/// that were found by their numbers, have none.
pub async fn places(
    tx: &mut impl Scoped,
    text: &str,
    ids: &[TicketId],
) -> Result<HashMap<TicketId, TicketPostId>, Error> {
    let sought = Sought::parse(text)?.filter(|sought| !sought.words.is_empty());
    let Some(sought) = sought.filter(|_| !ids.is_empty()) else {
        return Ok(HashMap::new());
    };
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "select distinct on (ticket_id) ticket_id, id from ticket_post \
         where ticket_id = any($1) and words @@ to_tsquery('simple', $2) order by ticket_id, place desc",
        &ids,
        sought.words
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| (TicketId(row.ticket_id), TicketPostId(row.id)))
        .collect())
}

/// What the address of a ticket gets to lead to one of its posts: the page that has it, and its place there.
pub fn place_in(post: Option<TicketPostId>) -> String {
    post.map(|post| format!("?until={post}#{post}"))
        .unwrap_or_default()
}
