//! What was said in a ticket and what happened to it, one after the other. The customer's page and staff's have the same: what the
//! customer does not see is not in it, since row security does not give it to their transaction. A page has the newest posts, or older ones up to one that is named.

use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{TicketId, TicketPostId};
use crate::platform::web::{Fragment, ago};

use super::super::model::{EventKind, Html, LoggedEvent, Post, PostKind, Side};
use super::super::store;
use super::parts::html;

/// As many posts as a page has.
const PAGE: i64 = 100;
/// As many entries of the log as it has beside them. The API gives all.
const EVENTS: i64 = 500;

/// Something that was written.
#[derive(Debug)]
struct PostEntry {
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
struct EventEntry {
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
enum Entry {
    /// It was written.
    Post(PostEntry),
    /// It happened.
    Event(EventEntry),
}

impl Entry {
    /// Its element.
    fn id(&self) -> String {
        match self {
            Self::Post(post) => post.id.to_string(),
            Self::Event(event) => format!("event-{}", event.id),
        }
    }
}

/// Entries in their order: those of a page, or what the live stream adds to one.
#[derive(Debug, Template)]
#[template(path = "tickets/talk_lines.html")]
struct Lines {
    entries: Vec<Entry>,
}

/// Its template escapes what it prints, and the model what people wrote.
impl askama::filters::HtmlSafe for Lines {}

/// Which page of a conversation is asked for.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct Until {
    /// The post that the page ends with; the newest if none is named.
    #[serde(default)]
    until: Option<TicketPostId>,
}

/// How much of a conversation a page has, as the address of its stream says it.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct Mark {
    #[serde(default)]
    post: Option<TicketPostId>,
    #[serde(default)]
    event: i64,
    /// Newer posts stand on another page, so nothing is added to this one.
    #[serde(default)]
    old: bool,
}

/// A page of the conversation.
#[derive(Debug, Template)]
#[template(path = "tickets/talk.html")]
pub(super) struct Talk {
    lines: Lines,
    /// Where older and newer posts are; empty if there are none.
    older: String,
    newer: String,
    mark: Mark,
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

impl Lines {
    fn new(posts: Vec<Post>, log: Vec<LoggedEvent>, now: DateTime<Utc>) -> Self {
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
        Self {
            entries: all.into_iter().map(|(_, entry)| entry).collect(),
        }
    }
}

/// Where a page of a conversation is that ends with a post.
fn page_until(base: &str, post: TicketPostId) -> String {
    format!("{base}?until={post}")
}

impl Talk {
    /// Its element.
    const ID: &'static str = "talk";
    /// The element of its entries.
    const LIST: &'static str = "conversation";

    /// A page of what the scope may see of the ticket at `base`.
    pub(super) async fn load(
        tx: &mut impl Scoped,
        (ticket, base): (TicketId, &str),
        Until { mut until }: Until,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        // Before the rest, so that what comes in between is told by the stream once more.
        let event = store::newest_event(tx, ticket).await?;
        let mut posts = store::newest_posts(tx, ticket, until, PAGE + 1).await?;
        if posts.is_empty() && until.take().is_some() {
            posts = store::newest_posts(tx, ticket, None, PAGE + 1).await?;
        }
        let has_older = i64::try_from(posts.len()).unwrap_or(i64::MAX) > PAGE;
        let older = posts.pop_if(|_| has_older).map(|post| page_until(base, post.id));
        posts.reverse();
        let (newer, end) = newer(tx, (ticket, base), until).await?;
        let begin = posts.first().filter(|_| has_older).map(|post| post.at);
        let log = store::log_between(tx, ticket, (begin, end), EVENTS).await?;
        Ok(Self {
            mark: Mark {
                post: posts.last().map(|post| post.id),
                event,
                old: !newer.is_empty(),
            },
            lines: Lines::new(posts, log, now),
            older: older.unwrap_or_default(),
            newer,
        })
    }

    /// As a part of the stream's address.
    pub(super) fn mark(&self) -> String {
        let Mark { post, event, old } = self.mark;
        let post = post.map(|post| format!("&post={post}")).unwrap_or_default();
        format!("{post}&event={event}&old={old}")
    }
}

/// Where the posts after a page are, empty if it has the newest, and when they begin.
async fn newer(
    tx: &mut impl Scoped,
    (ticket, base): (TicketId, &str),
    until: Option<TicketPostId>,
) -> Result<(String, Option<DateTime<Utc>>), Error> {
    let Some(until) = until else {
        return Ok((String::new(), None));
    };
    let Some((_, begin)) = store::post_past(tx, (ticket, until), 0).await? else {
        return Ok((String::new(), None));
    };
    let last = store::post_past(tx, (ticket, until), PAGE - 1).await?;
    let href = last.map_or_else(|| base.to_owned(), |(post, _)| page_until(base, post));
    Ok((href, Some(begin)))
}

impl Mark {
    /// Adds what came since to the page of the ticket at `base`, and moves on. What the page has already is put where it was: a
    /// stream that connects anew says it once more.
    pub(super) async fn news(
        &mut self,
        tx: &mut impl Scoped,
        (ticket, base): (TicketId, &str),
        changed: Fragment,
        now: DateTime<Utc>,
    ) -> Result<Fragment, Error> {
        if self.old {
            return Ok(changed);
        }
        let posts = store::posts_of(tx, ticket, self.post, PAGE).await?;
        let log = store::log_after(tx, ticket, self.event, EVENTS).await?;
        let is_full = |count: usize, most: i64| i64::try_from(count).unwrap_or(i64::MAX) >= most;
        let is_split = |one: &LoggedEvent| matches!(one.event.kind, EventKind::Split { .. });
        if is_full(posts.len(), PAGE) || is_full(log.len(), EVENTS) || log.iter().any(is_split) {
            // So much came, or posts went: all of the page is drawn anew.
            let talk = Talk::load(tx, (ticket, base), Until::default(), now).await?;
            *self = talk.mark;
            return Ok(changed.replace(Talk::ID, &html(&talk)?));
        }
        self.post = posts.last().map(|post| post.id).or(self.post);
        self.event = log.last().map_or(self.event, |one| one.event.id);
        let lines = Lines::new(posts, log, now);
        if lines.entries.is_empty() {
            return Ok(changed);
        }
        let shown = lines.entries.iter().map(Entry::id);
        let changed = shown.fold(changed, |changed, id| changed.remove(&id));
        Ok(changed.append(Talk::LIST, &html(&lines)?))
    }
}
