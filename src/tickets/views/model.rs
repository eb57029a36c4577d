//! What a view is, and how it is written. Pure.

use chrono::DateTime;
use uuid::Uuid;

use crate::platform::error::FieldErrors;
use crate::platform::ids::{SavedViewId, UserId};

use super::super::query::TicketQuery;

/// Letters of a name. It stands in a row with others.
const LONGEST_NAME: usize = 40;
/// Bytes of a query, as the table has it.
const LONGEST_QUERY: usize = 2000;

/// A saved view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tickets) struct View {
    /// Its id.
    pub id: SavedViewId,
    /// Whose.
    pub owner: UserId,
    /// What they are called.
    pub owner_name: String,
    /// What it is called.
    pub name: String,
    /// Whether all staff have it.
    pub shared: bool,
    /// The queue's query.
    pub query: String,
    /// Counts changes.
    pub version: i64,
}

impl View {
    /// Where the queue shows it.
    pub(in crate::tickets) fn href(&self) -> String {
        format!("/staff/tickets?{}", self.query)
    }
}

/// What somebody wants a view to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) name: String,
    pub(super) shared: bool,
    pub(super) query: String,
}

impl Wish {
    /// Reads what was typed.
    pub(super) fn parse(name: &str, query: &str, shared: bool) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", parse_name(name));
        let query = errors.check("query", parse_query(query));
        errors.into_result()?;
        Ok(Self {
            name: name.unwrap_or_default(),
            shared,
            query: query.unwrap_or_default(),
        })
    }
}

fn parse_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    match name.chars().count() {
        0 => Err("Give it a name.".to_owned()),
        count if count > LONGEST_NAME || name.chars().any(char::is_control) => {
            Err(format!("Use 1 to {LONGEST_NAME} characters on one line."))
        }
        _ => Ok(name.to_owned()),
    }
}

/// The query as the queue writes it. A page of it is no part of a view.
fn parse_query(text: &str) -> Result<String, &'static str> {
    let unreadable = "This is not a query of the queue. Filter the queue, and save it from there.";
    let mut query = TicketQuery::read(text.trim().trim_start_matches('?')).map_err(|_| unreadable)?;
    query.list.after = None;
    query.list.limit = None;
    // Who asks and when is known when it is shown.
    let nobody = UserId(Uuid::nil());
    query
        .check(nobody, DateTime::UNIX_EPOCH)
        .map_err(|_| unreadable)?;
    let address = query.address();
    let written = address.trim_start_matches('?');
    if written.len() > LONGEST_QUERY {
        return Err("This query is too long to be kept.");
    }
    Ok(written.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_keeps_what_the_queue_can_say_and_nothing_else() {
        let wish = Wish::parse(
            " Mine ",
            "?assignee=me&after=xyz&limit=7&q=disk+full&what=else",
            true,
        )
        .unwrap();
        assert_eq!(wish.name, "Mine");
        assert_eq!(TicketQuery::read(&wish.query).unwrap().list.text(), "disk full");
        assert!(wish.query.contains("assignee=me"), "{}", wish.query);
        assert!(
            !wish.query.contains("after") && !wish.query.contains("limit") && !wish.query.contains("what")
        );
        assert_eq!(Wish::parse("All", "", false).unwrap().query, "");
    }

    #[test]
    fn what_is_wrong_with_it_is_told_by_field() {
        let errors = Wish::parse(" ", "state=nowhere", false).unwrap_err();
        assert!(
            errors.get("name").is_some() && errors.get("query").is_some(),
            "{errors:?}"
        );
        assert!(Wish::parse(&"x".repeat(41), "", false).is_err());
        assert!(Wish::parse("two\nlines", "", false).is_err());
    }
}
