//! The panel beside a ticket: what else there is of it, for either side.

use askama::Template;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{CannedReplyId, ChecklistId, TicketId};
use crate::platform::web::ago;

use super::super::attachments::{self, FileRow};
use super::super::checklists::{self, Checklist};
use super::super::links::{self, Linked, Other};
use super::super::model::{Html, Post, Ticket};
use super::super::satisfaction::{self, Satisfaction};
use super::super::{canned, store, time};
use super::{ExtrasSide, href};

/// As many posts of a merged ticket as the panel shows; its own page has all.
const SHOWN: i64 = 50;
/// As many merged tickets as it shows, the newest.
const MERGED: usize = 20;

/// A post of a ticket that was merged into this one.
#[derive(Debug)]
struct Said {
    author: String,
    is_public: bool,
    at: String,
    ago: String,
    /// Safe: the model made it.
    html: Html,
}

/// A ticket that was merged into this one, with what was written in it.
#[derive(Debug)]
struct Merged {
    other: Other,
    posts: Vec<Said>,
}

impl Merged {
    /// The newest that were merged into a ticket, and how many more there are.
    async fn of(
        tx: &mut impl Scoped,
        ticket: TicketId,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Self>, usize), Error> {
        let mut all = links::merged(tx, ticket).await?;
        let more = all.len().saturating_sub(MERGED);
        let shown = all.split_off(more);
        let ids: Vec<TicketId> = shown.iter().map(|other| other.id).collect();
        let mut posts = store::posts_of_all(tx, &ids, SHOWN).await?;
        let merged = shown.into_iter().map(|other| {
            let posts = posts.remove(&other.id).unwrap_or_default();
            Self::new(other, posts, now)
        });
        Ok((merged.collect(), more))
    }

    fn new(other: Other, posts: Vec<Post>, now: DateTime<Utc>) -> Self {
        let said = |post: Post| Said {
            is_public: post.public,
            at: post.at.to_rfc3339(),
            ago: ago(post.at, now),
            html: post.html(),
            author: post.author_name,
        };
        Self {
            other,
            posts: posts.into_iter().map(said).collect(),
        }
    }
}

/// What staff alone see and use.
#[derive(Debug, Default)]
struct OfStaff {
    checklists: Vec<Checklist>,
    /// Those that can be added.
    templates: Vec<(ChecklistId, String)>,
    canned: Vec<(CannedReplyId, String)>,
}

/// The panel.
#[derive(Debug, Template)]
#[template(path = "tickets/extras/panel.html")]
pub struct ExtrasView {
    /// Where the ticket is, and where all are.
    base: String,
    tickets: String,
    is_staff: bool,
    may_write: bool,
    files: Vec<FileRow>,
    links: Vec<Linked>,
    merged: Vec<Merged>,
    /// How many more were merged into it.
    more: usize,
    /// How much time was spent on it; empty if none was.
    spent: String,
    /// How much of the tenant's is left; empty if there is nothing to say.
    support: String,
    staff: OfStaff,
    said: Option<Satisfaction>,
    may_say: bool,
}

/// Its template escapes what it prints, and the model what people wrote.
impl askama::filters::HtmlSafe for ExtrasView {}

/// What else there is of a ticket, as one side sees it.
pub async fn extras_panel(
    app: &App,
    tx: &mut impl Scoped,
    ticket: &Ticket,
    side: &impl ExtrasSide,
) -> Result<ExtrasView, Error> {
    let (base, now) = (href(side, ticket), app.now());
    let files = attachments::list(tx, ticket.id).await?;
    let (merged, more) = Merged::of(tx, ticket.id, now).await?;
    let said = satisfaction::of_ticket(tx, ticket.id).await?;
    let may_write = side.may_write();
    let (spent, support) = spent(app, tx, ticket).await?;
    Ok(ExtrasView {
        files: files
            .into_iter()
            .map(|file| FileRow::new(app, &base, file))
            .collect(),
        base,
        tickets: side.tickets(),
        is_staff: is_staff(side),
        may_write,
        links: links::linked(tx, ticket.id).await?,
        merged,
        more,
        spent,
        support,
        staff: if is_staff(side) {
            of_staff(tx, ticket).await?
        } else {
            OfStaff::default()
        },
        may_say: !is_staff(side) && may_write && satisfaction::may_answer(ticket, said.as_ref(), now).is_ok(),
        said,
    })
}

fn is_staff<S: ExtrasSide>(_: &S) -> bool {
    S::IS_STAFF
}

async fn of_staff(tx: &mut impl Scoped, ticket: &Ticket) -> Result<OfStaff, Error> {
    Ok(OfStaff {
        checklists: checklists::of_ticket(tx, ticket.id).await?,
        templates: checklists::template_names(tx).await?,
        canned: canned::names(tx).await?,
    })
}

/// How much time was spent on a ticket, and how much its tenant has.
async fn spent(app: &App, tx: &mut impl Scoped, ticket: &Ticket) -> Result<(String, String), Error> {
    let minutes = time::spent(tx, ticket.id).await?;
    let spent = if minutes == 0 {
        String::new()
    } else {
        time::words(minutes)
    };
    let support = match ticket.tenant {
        Some(tenant) => Some(time::support(app, tx, tenant).await?),
        None => None,
    };
    let told = support.filter(|support| support.included > 0 || support.used > 0);
    Ok((spent, told.map(|support| support.words()).unwrap_or_default()))
}
