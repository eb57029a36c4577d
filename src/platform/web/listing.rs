//! Lists: pages by key, so that the thousandth costs what the first does, and an insertion shifts nothing.
//!
//! A cursor holds the sort keys of the last row shown. It is opaque and not signed: all it can do is start elsewhere in
//! what its bearer may see anyway.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::platform::error::Error;

use super::extract::Json;

const DEFAULT_LIMIT: u16 = 50;
const MAX_LIMIT: u16 = 200;
/// Longer than any name that could be found.
const MAX_SEARCH: usize = 200;

/// What a list is asked for.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Search text; which fields are searched is the list's own.
    #[param(max_length = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// The sort's name; a minus before it turns it round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// The cursor of the answer before: `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many, at most 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
}

impl ListQuery {
    /// How many rows to show.
    pub fn limit(&self) -> Result<usize, Error> {
        match self.limit.unwrap_or(DEFAULT_LIMIT) {
            limit @ 1..=MAX_LIMIT => Ok(usize::from(limit)),
            _ => Err(Error::invalid("limit", format!("Use 1 to {MAX_LIMIT}."))),
        }
    }

    /// How many rows to fetch: one more, to know whether there is a next page.
    pub fn fetch(&self) -> Result<i64, Error> {
        Ok(i64::try_from(self.limit()?).unwrap_or(i64::from(MAX_LIMIT)) + 1)
    }

    /// The search text as a `like` pattern that finds it anywhere, or nothing.
    pub fn pattern(&self) -> Result<Option<String>, Error> {
        let text = self.q.as_deref().unwrap_or_default().trim();
        if text.len() > MAX_SEARCH {
            return Err(Error::invalid(
                "q",
                format!("Search for at most {MAX_SEARCH} bytes."),
            ));
        }
        if text.contains('\0') {
            return Err(Error::invalid("q", "Text may not hold NUL characters."));
        }
        if text.is_empty() {
            return Ok(None);
        }
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        Ok(Some(format!("%{escaped}%")))
    }

    /// The search text as it was typed, for the field.
    pub fn text(&self) -> &str {
        self.q.as_deref().unwrap_or_default()
    }
}

/// What a list is asked for that has one order, and no search.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The cursor of the answer before: `next`.
    after: Option<String>,
    /// How many, at most 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

impl From<PageQuery> for ListQuery {
    fn from(query: PageQuery) -> Self {
        Self {
            after: query.after,
            limit: query.limit,
            ..Self::default()
        }
    }
}

/// Cursors.
#[derive(Debug)]
pub struct Cursor;

impl Cursor {
    /// The key that a cursor holds, if there is a cursor.
    pub fn decode<K: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<K>, Error> {
        let Some(cursor) = cursor.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let key = URL_SAFE_NO_PAD
            .decode(cursor)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        key.map(Some).ok_or(Error::BadRequest {
            code: "bad-cursor",
            message: "This cursor is not valid here: start again from the first page.".to_owned(),
        })
    }

    /// The cursor that holds `key`.
    pub fn encode<K: Serialize>(key: &K) -> Result<String, Error> {
        Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).map_err(Error::internal)?))
    }
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Listing<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

impl<T> Listing<T> {
    /// Cuts `rows`, of which there may be one more than `query` asks for, and makes the cursor from the last one left.
    pub fn new<K: Serialize>(
        mut rows: Vec<T>,
        query: &ListQuery,
        key: impl Fn(&T) -> K,
    ) -> Result<Self, Error> {
        let limit = query.limit()?;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = match rows.last().filter(|_| has_more) {
            Some(last) => Some(Cursor::encode(&key(last))?),
            None => None,
        };
        Ok(Self { items: rows, next })
    }

    /// The same page with other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Listing<U> {
        Listing {
            items: self.items.into_iter().map(change).collect(),
            next: self.next,
        }
    }

    /// The query part of the next page's address: `?…`.
    pub fn next_href(&self, query: &impl Serialize) -> Option<String> {
        let next = self.next.as_ref()?;
        let kept = without_cursor(query);
        let joint = if kept.is_empty() { "" } else { "&" };
        Some(format!("?{kept}{joint}after={next}"))
    }
}

/// What a list is asked for but for where it goes on.
fn without_cursor(query: &impl Serialize) -> String {
    let text = serde_html_form::to_string(query).unwrap_or_default();
    let kept: Vec<&str> = text
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("after="))
        .collect();
    kept.join("&")
}

/// The query part of the first page's address: `?…`.
pub fn first_href(query: &impl Serialize) -> String {
    format!("?{}", without_cursor(query))
}

/// A page of a list as JSON.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ListOut<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Pass it as `after` to get the next page; null on the last.
    pub next: Option<String>,
}

impl<T: Serialize> Listing<T> {
    /// The answer with its `Link` header (RFC 8288).
    pub fn json(self, query: &impl Serialize) -> Response {
        let link = self
            .next_href(query)
            .map(|href| format!("<{href}>; rel=\"next\""));
        let mut response = Json(ListOut {
            items: self.items,
            next: self.next,
        })
        .into_response();
        if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_and_continues() {
        let query = ListQuery {
            limit: Some(2),
            q: Some("a b".to_owned()),
            ..ListQuery::default()
        };
        let listing = Listing::new(vec![1, 2, 3], &query, |row| *row).unwrap();
        assert_eq!(listing.items, [1, 2]);
        assert_eq!(Cursor::decode::<i32>(listing.next.as_deref()).unwrap(), Some(2));
        let href = listing.next_href(&query).unwrap();
        assert!(href.starts_with("?q=a+b&limit=2&after="), "{href}");
        let later = ListQuery {
            after: listing.next.clone(),
            ..query.clone()
        };
        assert_eq!(first_href(&later), "?q=a+b&limit=2");
        assert_eq!(Listing::new(vec![1, 2], &query, |row| *row).unwrap().next, None);
    }

    #[test]
    fn refuses_strange_cursors_and_limits() {
        for bad in ["x", "!!!", "e30"] {
            assert_eq!(Cursor::decode::<i32>(Some(bad)).unwrap_err().code(), "bad-cursor");
        }
        assert!(
            ListQuery {
                limit: Some(0),
                ..ListQuery::default()
            }
            .limit()
            .is_err()
        );
        assert!(
            ListQuery {
                limit: Some(201),
                ..ListQuery::default()
            }
            .limit()
            .is_err()
        );
    }

    #[test]
    fn search_text_is_no_pattern() {
        let query = ListQuery {
            q: Some(" 50%_a\\ ".to_owned()),
            ..ListQuery::default()
        };
        assert_eq!(query.pattern().unwrap().as_deref(), Some("%50\\%\\_a\\\\%"));
    }
}
