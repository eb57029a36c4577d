//! Tickets by the words in them. Words that few have are looked up; for words that many have the list is walked along, since a
//! page of it is full soon.

use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;

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
