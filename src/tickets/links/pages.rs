//! What a ticket hangs together with, for staff: links, a merge, a split.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::{TicketId, TicketPostId};
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, Query, SeeOther, mistakes};
use crate::tickets;
use crate::tickets::extras::{crumbs, href};
use crate::tickets::model::Post;
use crate::tickets::store::newest_posts;

use super::model::{Kind, Linked, Named};
use super::{actions, store};

/// As many posts as the page offers to be moved.
const OFFERED: i64 = 200;

/// Which posts the page offers.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct Until {
    /// Those up to this one; the newest if none is named.
    #[serde(default)]
    until: Option<TicketPostId>,
}

/// A post that can be moved.
struct Choice {
    id: String,
    words: String,
}

impl Choice {
    fn new(post: &Post) -> Self {
        let begin: String = post.body.chars().take(100).collect();
        let begin = begin.split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            id: post.id.to_string(),
            words: format!(
                "{}, {}: {begin}",
                post.author_name,
                post.at.format("%-d %b %Y %H:%M")
            ),
        }
    }
}

#[derive(Template)]
#[template(path = "tickets/extras/links.html")]
pub(super) struct Links {
    ctx: Ctx,
    label: String,
    base: String,
    all: Vec<Linked>,
    posts: Vec<Choice>,
    /// The post up to which they are offered, empty if those are the newest; and the one up to which older ones are.
    until: String,
    older: String,
    is_merged: bool,
    form: FormState,
}

impl Links {
    fn kinds(&self) -> [(&'static str, &'static str, bool); 3] {
        Kind::ALL.map(|kind| {
            (
                kind.word(),
                kind.label(true),
                self.form.value("kind") == kind.word(),
            )
        })
    }
}

async fn page(
    scope: &StaffScope,
    ctx: Ctx,
    (id, until): (TicketId, Option<TicketPostId>),
    form: FormState,
) -> Result<Page<Links>, Error> {
    let mut tx = scope.begin().await?;
    let ticket = tickets::find(&mut tx, id).await?;
    let mut posts = newest_posts(&mut tx, id, until, OFFERED + 1).await?;
    let has_older = i64::try_from(posts.len()).unwrap_or(i64::MAX) > OFFERED;
    let older = posts.pop_if(|_| has_older).map(|post| post.id.to_string());
    Ok(Page(Links {
        ctx: crumbs(ctx, scope, &ticket),
        label: ticket.label(),
        base: href(scope, &ticket),
        all: store::linked(&mut tx, id).await?,
        posts: posts.iter().rev().map(Choice::new).collect(),
        until: until.map(|post| post.to_string()).unwrap_or_default(),
        older: older.unwrap_or_default(),
        is_merged: ticket.merged_into.is_some(),
        form,
    }))
}

/// Shows links and what can be done.
pub(super) async fn show(
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TicketId>,
    Query(Until { until }): Query<Until>,
) -> Result<Page<Links>, Error> {
    page(&scope, ctx, (id, until), FormState::default()).await
}

/// Where it goes on, or the page again.
async fn answer(
    scope: &StaffScope,
    ctx: Ctx,
    (id, data): (TicketId, FormData),
    done: Result<SeeOther, Error>,
) -> Result<Response, Error> {
    match done {
        Ok(to) => Ok(to.into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let until = data.get("until").parse().ok();
            let form = FormState::new(data, errors);
            Ok(page(scope, ctx, (id, until), form).await?.status(status))
        }
    }
}

fn links_of(id: TicketId) -> SeeOther {
    SeeOther::to(format!("/staff/tickets/{id}/links"))
}

/// Links it.
pub(super) async fn link(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TicketId>,
    data: FormData,
) -> Result<Response, Error> {
    let (other, kind) = (Named::parse(data.get("ticket")), Kind::parse(data.get("kind")));
    let done = data.submit(actions::link(&app, &scope, id, other, kind)).await;
    let done = done.map(|()| links_of(id).good("Linked."));
    answer(&scope, ctx, (id, data), done).await
}

/// Takes a link away.
pub(super) async fn unlink(
    State(app): State<App>,
    scope: StaffScope,
    Path((id, other)): Path<(TicketId, TicketId)>,
) -> Result<SeeOther, Error> {
    actions::unlink(&app, &scope, id, other).await?;
    Ok(links_of(id).good("The link is gone."))
}

/// Merges it into another one.
pub(super) async fn merge(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TicketId>,
    data: FormData,
) -> Result<Response, Error> {
    let into = Named::parse(data.get("into"));
    let done = data.submit(actions::merge(&app, &scope, id, into)).await;
    let done = done.map(|into| SeeOther::to(href(&scope, &into)).good("Merged. It goes on here."));
    answer(&scope, ctx, (id, data), done).await
}

/// Splits posts off.
pub(super) async fn split(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TicketId>,
    data: FormData,
) -> Result<Response, Error> {
    let posts: Vec<TicketPostId> = data.all("posts").filter_map(|post| post.parse().ok()).collect();
    let done = data
        .submit(actions::split(&app, &scope, id, data.get("subject"), &posts))
        .await;
    let done = done.map(|into| SeeOther::to(href(&scope, &into)).good("This is the new ticket."));
    answer(&scope, ctx, (id, data), done).await
}
