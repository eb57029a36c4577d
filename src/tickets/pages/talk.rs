//! What was said in a ticket and what happened to it, one after the other. The customer's page and staff's have the same: what the
//! customer does not see is not in it, since row security does not give it to their transaction.

use askama::Template;
use chrono::{DateTime, Utc};

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{TicketId, TicketPostId};
use crate::platform::web::ago;

use super::super::model::{EventKind, Html, LoggedEvent, Post, PostKind, Side};
use super::super::store;

/// More than anybody reads. The API gives all of a longer one.
const MOST: i64 = 2_000;

/// Something that was written.
#[derive(Debug)]
pub(super) struct PostEntry {
    id: TicketPostId,
    kind: &'static str,
    from: &'static str,
    from_label: &'static str,
    author: String,
    initial: String,
    address: Option<String>,
    /// What says that the customer does not see it; empty where they do.
    inside: &'static str,
    iso: String,
    ago: String,
    html: Html,
}

impl PostEntry {
    fn new(post: Post, now: DateTime<Utc>) -> Self {
        let inside = match (post.public, post.kind) {
            (true, _) => "",
            (false, PostKind::Evidence) => "Evidence, the customer does not see this",
            (false, _) => "Internal note, the customer does not see this",
        };
        let initial = post.author_name.chars().find(|c| c.is_alphanumeric());
        Self {
            id: post.id,
            kind: post.kind.word(),
            from: post.side.word(),
            from_label: match post.side {
                Side::Customer => "Customer",
                Side::Staff => "Support",
                Side::System => "Automatic",
            },
            initial: initial.map(|c| c.to_uppercase().collect()).unwrap_or_default(),
            inside,
            iso: post.at.to_rfc3339(),
            ago: ago(post.at, now),
            html: post.html(),
            author: post.author_name,
            address: post.address,
        }
    }
}

/// Something that happened.
#[derive(Debug)]
pub(super) struct EventEntry {
    id: i64,
    words: String,
    is_inside: bool,
    iso: String,
    ago: String,
}

impl EventEntry {
    fn new(logged: LoggedEvent, now: DateTime<Utc>) -> Self {
        let LoggedEvent {
            event,
            actor_name,
            why,
        } = logged;
        let words = match why {
            Some(why) => format!("{actor_name} {}: {why}", event.kind.words()),
            None => format!("{actor_name} {}.", event.kind.words()),
        };
        Self {
            id: event.id,
            words,
            is_inside: !event.public,
            iso: event.at.to_rfc3339(),
            ago: ago(event.at, now),
        }
    }
}

/// One thing after the other.
#[derive(Debug)]
pub(super) enum Entry {
    /// It was written.
    Post(PostEntry),
    /// It happened.
    Event(EventEntry),
}

/// The conversation; also what the live stream sends.
#[derive(Debug, Template)]
#[template(path = "tickets/talk.html")]
pub(super) struct Talk {
    entries: Vec<Entry>,
}

/// What Markdown was drawn as is safe: its model cleans it.
impl askama::filters::HtmlSafe for Html {}

/// Its template escapes what it prints, and the model what people wrote.
impl askama::filters::HtmlSafe for Talk {}

/// Whether an entry of the log says what a post beside it says anyway.
fn is_a_post(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Opened | EventKind::CustomerReplied | EventKind::StaffReplied | EventKind::Noted
    )
}

impl Talk {
    /// Its element.
    pub(super) const ID: &'static str = "conversation";

    /// All that the scope may see of it.
    pub(super) async fn load(
        tx: &mut impl Scoped,
        ticket: TicketId,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let posts = store::posts_of(tx, ticket, None, MOST).await?;
        let log = store::log_of(tx, ticket).await?;
        let posts = posts
            .into_iter()
            .map(|post| (post.at, Entry::Post(PostEntry::new(post, now))));
        let events = log
            .into_iter()
            .filter(|one| !is_a_post(&one.event.kind))
            .map(|one| (one.event.at, Entry::Event(EventEntry::new(one, now))));
        let mut all: Vec<(DateTime<Utc>, Entry)> = posts.chain(events).collect();
        // Stable: what was written stands before what became of it at the same moment.
        all.sort_by_key(|(at, _)| *at);
        Ok(Self {
            entries: all.into_iter().map(|(_, entry)| entry).collect(),
        })
    }
}
