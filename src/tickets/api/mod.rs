//! Tickets for programs: the same actions as the pages.

mod outs;
mod staff;
mod tenant;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::TicketId;
use crate::platform::web::{Cursor, Json, ListQuery, Listing, Routes, Tagged, operation};

use super::actions::Opening;
use super::model::{About, Post, Severity};
use super::store;
use outs::{EventOut, PostOut, WatcherOut};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::TicketRead), Rule::Tenant(P::TicketWrite));
    let (staff_read, staff_write) = (Rule::Staff(P::StaffTicketRead), Rule::Staff(P::StaffTicketWrite));
    Routes::new()
        .api(read, operation!(tenant::list))
        .api(write, operation!(tenant::create))
        .api(read, operation!(tenant::show))
        .api(read, operation!(tenant::posts))
        .api(write, operation!(tenant::reply))
        .api(read, operation!(tenant::events))
        .api(write, operation!(tenant::resolve))
        .api(read, operation!(tenant::watchers))
        .api(write, operation!(tenant::watch))
        .api(write, operation!(tenant::unwatch))
        .api(staff_read, operation!(staff::list))
        .api(staff_write, operation!(staff::create))
        .api(staff_write, operation!(staff::bulk))
        .api(staff_read, operation!(staff::show))
        .api(staff_write, operation!(staff::change))
        .api(staff_read, operation!(staff::posts))
        .api(staff_write, operation!(staff::write))
        .api(staff_read, operation!(staff::events))
        .api(staff_write, operation!(staff::take))
        .api(staff_write, operation!(staff::give))
        .api(staff_read, operation!(staff::watchers))
        .api(staff_write, operation!(staff::watch))
        .api(staff_write, operation!(staff::unwatch))
}

/// What a ticket is opened with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketIn {
    /// What it is about, in a line.
    #[schema(example = "The shop answers slowly", min_length = 1, max_length = 200)]
    subject: String,
    /// What is said first: Markdown.
    #[schema(
        example = "Since noon each page takes **ten seconds**.",
        min_length = 1,
        max_length = 65_536
    )]
    body: String,
    /// How bad it is.
    severity: Severity,
    /// Servers, mailboxes and domains that it is about, by their ids.
    #[serde(default)]
    #[schema(max_items = 20)]
    about: Vec<String>,
}

/// As many things as a ticket is about.
const MOST_THINGS: usize = 20;

impl TicketIn {
    fn parse(self) -> Result<Opening, Error> {
        let about: Result<Vec<About>, String> = self.about.iter().map(|id| About::parse(id)).collect();
        let about = about.map_err(|why| Error::invalid("about", why))?;
        if about.len() > MOST_THINGS {
            return Err(Error::invalid(
                "about",
                format!("Name at most {MOST_THINGS} things."),
            ));
        }
        Ok(Opening {
            subject: self.subject,
            body: self.body,
            severity: self.severity,
            about,
        })
    }
}

/// Somebody who is to watch a ticket.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketWatcherIn {
    /// Their mail address.
    #[schema(example = "ada@example.com", max_length = 254)]
    address: String,
}

/// 201 with the address of what was made.
fn created(path: String, answer: Tagged<Json<impl Serialize>>) -> Response {
    (StatusCode::CREATED, [(header::LOCATION, path)], answer).into_response()
}

/// A post as an answer to whoever wrote it.
async fn written(tx: &mut impl Scoped, post: Post) -> Result<Response, Error> {
    // An answer to a ticket that was merged stands in the one that goes on with it, which has the version.
    let version = store::find(tx, post.ticket).await?.version;
    Ok((StatusCode::CREATED, Tagged(version, Json(PostOut::from(post)))).into_response())
}

/// A page of what was written into a ticket and the scope may see.
async fn posts_of(tx: &mut impl Scoped, id: TicketId, query: &ListQuery) -> Result<Response, Error> {
    store::find(tx, id).await?;
    let after = Cursor::decode(query.after.as_deref())?;
    let rows = store::posts_of(tx, id, after, query.fetch()?).await?;
    let listing = Listing::new(rows, query, |post| post.id)?;
    Ok(listing.map(PostOut::from).json(query))
}

/// What happened in a ticket and the scope may see.
async fn events_of(tx: &mut impl Scoped, id: TicketId) -> Result<Response, Error> {
    store::find(tx, id).await?;
    let log = store::log_of(tx, id).await?;
    let items: Result<Vec<EventOut>, Error> = log.into_iter().map(EventOut::new).collect();
    Ok(whole(items?))
}

/// Who watches a ticket and the scope may see.
async fn watchers_of(tx: &mut impl Scoped, id: TicketId) -> Result<Response, Error> {
    store::find(tx, id).await?;
    let watchers = store::watchers(tx, id).await?;
    Ok(whole(watchers.into_iter().map(WatcherOut::from).collect()))
}

/// A list that has one page.
fn whole<T: Serialize>(items: Vec<T>) -> Response {
    Listing { items, next: None }.json(&ListQuery::default())
}
