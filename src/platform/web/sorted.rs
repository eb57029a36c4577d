//! Lists that people sort and filter: what such a list is asked for, by pages and the API alike, and how its page shows it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::platform::error::Error;

use super::extract::Query;
use super::listing::ListQuery;

/// The order where none is asked for: the newest first.
const NEWEST: &str = "-created";

/// Of a list that is only searched and sorted.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct Unfiltered {}

/// Search, order and page, and `filter`: the list's own parameters. The two share one query string, so their names differ.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Sorted<F> {
    /// What every list is asked for.
    #[serde(flatten)]
    pub list: ListQuery,
    /// What this one is asked for besides.
    #[serde(flatten)]
    pub filter: F,
}

impl<S: Send + Sync, F: DeserializeOwned> FromRequestParts<S> for Sorted<F> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Query(list) = Query::from_request_parts(parts, state).await?;
        let Query(filter) = Query::from_request_parts(parts, state).await?;
        Ok(Self { list, filter })
    }
}

impl<F> Sorted<F> {
    /// The order's name.
    pub fn order(&self) -> &str {
        self.list.sort.as_deref().unwrap_or(NEWEST)
    }

    /// How a column is sorted, as `aria-sort` says it; empty if the list is not sorted by it.
    pub fn direction(&self, column: &str) -> &'static str {
        match self.order().strip_prefix('-') {
            Some(name) if name == column => "descending",
            None if self.order() == column => "ascending",
            _ => "",
        }
    }
}

impl<F: Clone + Serialize> Sorted<F> {
    /// The address that sorts by a column, or turns its order round.
    pub fn sort_href(&self, column: &str) -> String {
        let turned = self.direction(column) == "ascending";
        let minus = if turned { "-" } else { "" };
        let query = Self {
            list: ListQuery {
                sort: Some(format!("{minus}{column}")),
                after: None,
                ..self.list.clone()
            },
            filter: self.filter.clone(),
        };
        format!("?{}", serde_html_form::to_string(&query).unwrap_or_default())
    }
}

/// What the cursor of such a list holds: the sort's value, and the id that tells equal ones apart.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum SortKey {
    /// By a time.
    Time(DateTime<Utc>, Uuid),
    /// By a text, as the database orders it.
    Text(String, Uuid),
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[derive(Debug, Clone, Default, Deserialize, Serialize)]
    struct Colour {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        colour: Option<String>,
    }

    async fn asked(query: &str) -> Sorted<Colour> {
        let request = Request::get(format!("/things?{query}")).body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        Sorted::from_request_parts(&mut parts, &()).await.unwrap()
    }

    #[tokio::test]
    async fn a_column_turns_round_and_keeps_search_and_filter() {
        let query = asked("q=a+b&sort=name&colour=red&after=xyz&limit=7").await;
        assert_eq!(
            (query.direction("name"), query.direction("created")),
            ("ascending", "")
        );
        assert_eq!(query.sort_href("name"), "?q=a+b&sort=-name&limit=7&colour=red");
        assert_eq!(
            query.sort_href("created"),
            "?q=a+b&sort=created&limit=7&colour=red"
        );
        assert_eq!(asked("").await.direction("created"), "descending");
    }
}
