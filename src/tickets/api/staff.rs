//! All tickets, for staff.

use axum::extract::State as Of;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{TenantId, TicketId};
use crate::platform::web::{IfMatch, Json, ListOut, ListQuery, Path, Query, Tagged};

use super::super::actions::{self, Assignee, Patch};
use super::super::model::{Severity, Side, State, Ticket};
use super::super::query::{TicketFilter, TicketQuery};
use super::super::store;
use super::outs::{
    EventOut, PostOut, StaffTicketDetailOut, StaffTicketOut, TicketBulkOut, TicketThingOut, WatcherOut,
};
use super::{TicketIn, TicketWatcherIn, created, events_of, posts_of, watchers_of, whole, written};

type One = Result<Tagged<Json<StaffTicketDetailOut>>, Error>;

async fn detail(tx: &mut impl Scoped, ticket: Ticket) -> One {
    let things = store::things(tx, ticket.id).await?;
    let version = ticket.version;
    let out = StaffTicketDetailOut {
        ticket: ticket.into(),
        about: things.into_iter().map(TicketThingOut::from).collect(),
    };
    Ok(Tagged(version, Json(out)))
}

/// List tickets
///
/// The queue: open tickets, what is due first. `q` is found in subjects, answers and notes, by the beginnings of words, or is a
/// ticket's number. `sort` is `due`, `severity`, `-changed`, `-created` or `created`; the first two are for open tickets.
#[utoipa::path(get, path = "/api/v1/staff/tickets", tag = "staff tickets", params(TicketFilter, ListQuery),
    responses((status = 200, description = "A page of the tickets", body = ListOut<StaffTicketOut>)))]
pub(super) async fn list(Of(app): Of<App>, scope: StaffScope, query: TicketQuery) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    let listing = query.run(&mut tx, Some(scope.actor.user), app.now()).await?;
    Ok(listing.map(StaffTicketOut::from).json(&query))
}

/// What a ticket is opened with by staff.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffTicketIn {
    /// For which tenant; for none yet if it is absent.
    tenant: Option<TenantId>,
    /// What it is about, in a line.
    #[schema(example = "Your disk is nearly full", min_length = 1, max_length = 200)]
    subject: String,
    /// What is said first: Markdown.
    #[schema(min_length = 1, max_length = 65_536)]
    body: String,
    /// How bad it is.
    severity: Severity,
    /// Servers, mailboxes and domains that it is about, by their ids.
    #[serde(default)]
    #[schema(max_items = 20)]
    about: Vec<String>,
}

/// Open a ticket
///
/// For a tenant, which reads it, or for nobody yet.
#[utoipa::path(post, path = "/api/v1/staff/tickets", tag = "staff tickets", request_body = StaffTicketIn,
    responses((status = 201, description = "The ticket", body = StaffTicketDetailOut)))]
pub(super) async fn create(
    Of(app): Of<App>,
    scope: StaffScope,
    Json(new): Json<StaffTicketIn>,
) -> Result<Response, Error> {
    let opening = TicketIn {
        subject: new.subject,
        body: new.body,
        severity: new.severity,
        about: new.about,
    };
    let ticket = actions::open_by_staff(&app, &scope, new.tenant, opening.parse()?, &[]).await?;
    let path = format!("/api/v1/staff/tickets/{}", ticket.id);
    Ok(created(path, detail(&mut scope.begin().await?, ticket).await?))
}

/// Show a ticket
#[utoipa::path(get, path = "/api/v1/staff/tickets/{ticket}", tag = "staff tickets",
    params(("ticket" = TicketId, Path)),
    responses((status = 200, description = "The ticket", body = StaffTicketDetailOut)))]
pub(super) async fn show(scope: StaffScope, Path(id): Path<TicketId>) -> One {
    let mut tx = scope.begin().await?;
    let ticket = store::find(&mut tx, id).await?;
    detail(&mut tx, ticket).await
}

/// What changes about a ticket; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TicketPatchIn {
    /// What it is about.
    #[schema(min_length = 1, max_length = 200)]
    subject: Option<String>,
    /// How bad it is.
    severity: Option<Severity>,
    /// How far it is.
    state: Option<State>,
    /// Who works on it: one of the staff by id, or `none`.
    #[schema(example = "none")]
    assignee: Option<String>,
    /// Which team works on it; empty for none.
    #[schema(max_length = 40)]
    team: Option<String>,
    /// All its tags, at most 20.
    tags: Option<Vec<String>>,
}

impl TicketPatchIn {
    fn parse(self) -> Result<Patch, Error> {
        Ok(Patch {
            subject: self.subject,
            severity: self.severity,
            state: self.state,
            assignee: self.assignee.as_deref().map(Assignee::parse).transpose()?,
            team: self.team,
            tags: self.tags,
            add_tag: None,
        })
    }
}

/// Change a ticket
///
/// What it is called and sorted by, who works on it, how bad it is and how far.
#[utoipa::path(patch, path = "/api/v1/staff/tickets/{ticket}", tag = "staff tickets",
    params(("ticket" = TicketId, Path)), request_body = TicketPatchIn,
    responses((status = 200, description = "The ticket", body = StaffTicketDetailOut)))]
pub(super) async fn change(
    Of(app): Of<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
    if_match: IfMatch,
    Json(patch): Json<TicketPatchIn>,
) -> One {
    let check = |version| if_match.check(version);
    let ticket = actions::change_by_staff(&app, &scope, id, patch.parse()?, check).await?;
    detail(&mut scope.begin().await?, ticket).await
}

/// What changes about several tickets; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketBulkIn {
    /// Which.
    #[schema(min_items = 1, max_items = 100)]
    tickets: Vec<TicketId>,
    /// How bad they are.
    severity: Option<Severity>,
    /// How far they are.
    state: Option<State>,
    /// Who works on them: one of the staff by id, or `none`.
    #[schema(example = "none")]
    assignee: Option<String>,
    /// A tag that they get.
    #[schema(max_length = 40)]
    tag: Option<String>,
}

/// Change several tickets
///
/// Each by itself: the answer tells for each what came of it.
#[utoipa::path(post, path = "/api/v1/staff/tickets/bulk", tag = "staff tickets", request_body = TicketBulkIn,
    responses((status = 200, description = "What came of it, in the order that was asked", body = ListOut<TicketBulkOut>)))]
pub(super) async fn bulk(
    Of(app): Of<App>,
    scope: StaffScope,
    Json(asked): Json<TicketBulkIn>,
) -> Result<Response, Error> {
    let patch = Patch {
        severity: asked.severity,
        state: asked.state,
        assignee: asked.assignee.as_deref().map(Assignee::parse).transpose()?,
        add_tag: asked.tag,
        ..Patch::default()
    };
    let outcomes = actions::bulk(&app, &scope, &asked.tickets, &patch).await?;
    let outs = outcomes.into_iter().map(|one| {
        let error = one.outcome.err();
        TicketBulkOut {
            ticket: one.ticket,
            error: error.as_ref().map(Error::code),
            message: error.as_ref().map(Error::sentence),
        }
    });
    Ok(whole(outs.collect()))
}

/// List what was written into a ticket
///
/// With notes, the oldest first.
#[utoipa::path(get, path = "/api/v1/staff/tickets/{ticket}/posts", tag = "staff tickets",
    params(("ticket" = TicketId, Path), ListQuery),
    responses((status = 200, description = "A page of it", body = ListOut<PostOut>)))]
pub(super) async fn posts(
    scope: StaffScope,
    Path(id): Path<TicketId>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    posts_of(&mut scope.begin().await?, id, &query).await
}

/// An answer, or a note.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffTicketPostIn {
    /// Markdown.
    #[schema(min_length = 1, max_length = 65_536)]
    body: String,
    /// Whether it is a note, which the tenant never reads.
    #[serde(default)]
    internal: bool,
    /// The state that the ticket gets with an answer.
    state: Option<State>,
}

/// Answer a ticket, or write a note
///
/// An answer acknowledges what nobody had taken. A note changes nothing, and `state` goes with answers only.
#[utoipa::path(post, path = "/api/v1/staff/tickets/{ticket}/posts", tag = "staff tickets",
    params(("ticket" = TicketId, Path)), request_body = StaffTicketPostIn,
    responses((status = 201, description = "What was written", body = PostOut)))]
pub(super) async fn write(
    Of(app): Of<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
    Json(new): Json<StaffTicketPostIn>,
) -> Result<Response, Error> {
    let post = match (new.internal, new.state) {
        (true, Some(_)) => return Err(Error::invalid("state", "A note changes no state.")),
        (true, None) => actions::note_by_staff(&app, &scope, id, &new.body, &[]).await?,
        (false, then) => actions::reply_by_staff(&app, &scope, id, &new.body, then, &[]).await?,
    };
    let mut tx = scope.begin().await?;
    let post = store::post(&mut tx, post).await?;
    written(&mut tx, post).await
}

/// List what happened in a ticket
///
/// All of it, the oldest first.
#[utoipa::path(get, path = "/api/v1/staff/tickets/{ticket}/events", tag = "staff tickets",
    params(("ticket" = TicketId, Path)),
    responses((status = 200, description = "What happened", body = ListOut<EventOut>)))]
pub(super) async fn events(scope: StaffScope, Path(id): Path<TicketId>) -> Result<Response, Error> {
    events_of(&mut scope.begin().await?, id).await
}

/// Take a ticket
///
/// Acknowledges it, and gives it to whoever asks.
#[utoipa::path(post, path = "/api/v1/staff/tickets/{ticket}/take", tag = "staff tickets",
    params(("ticket" = TicketId, Path)),
    responses((status = 200, description = "The ticket", body = StaffTicketDetailOut)))]
pub(super) async fn take(Of(app): Of<App>, scope: StaffScope, Path(id): Path<TicketId>) -> One {
    let ticket = actions::take(&app, &scope, id).await?;
    detail(&mut scope.begin().await?, ticket).await
}

/// To which tenant a ticket is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketTenantIn {
    /// It reads what is public of the ticket from then on.
    tenant: TenantId,
}

/// Give a ticket to a tenant
///
/// One from triage, which no tenant has.
#[utoipa::path(post, path = "/api/v1/staff/tickets/{ticket}/tenant", tag = "staff tickets",
    params(("ticket" = TicketId, Path)), request_body = TicketTenantIn,
    responses((status = 200, description = "The ticket", body = StaffTicketDetailOut)))]
pub(super) async fn give(
    Of(app): Of<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
    Json(to): Json<TicketTenantIn>,
) -> One {
    let mut tx = scope.begin().await?;
    let ticket = actions::give_to_tenant(&app, &mut tx, &scope.who, id, to.tenant).await?;
    let answer = detail(&mut tx, ticket).await?;
    tx.commit().await?;
    Ok(answer)
}

/// List who watches a ticket
#[utoipa::path(get, path = "/api/v1/staff/tickets/{ticket}/watchers", tag = "staff tickets",
    params(("ticket" = TicketId, Path)),
    responses((status = 200, description = "They are told what happens in it", body = ListOut<WatcherOut>)))]
pub(super) async fn watchers(scope: StaffScope, Path(id): Path<TicketId>) -> Result<Response, Error> {
    watchers_of(&mut scope.begin().await?, id).await
}

/// Have somebody watch a ticket
///
/// Whoever has an address. One of the staff who is none of the tenant's people is told of notes, too.
#[utoipa::path(post, path = "/api/v1/staff/tickets/{ticket}/watchers", tag = "staff tickets",
    params(("ticket" = TicketId, Path)), request_body = TicketWatcherIn,
    responses((status = 200, description = "All who watch it", body = ListOut<WatcherOut>)))]
pub(super) async fn watch(
    Of(app): Of<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
    Json(new): Json<TicketWatcherIn>,
) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    actions::watch(&app, &mut tx, &scope.who, (id, Side::Staff), &new.address).await?;
    let watchers = store::watchers(&mut tx, id).await?;
    tx.commit().await?;
    Ok(whole(watchers.into_iter().map(WatcherOut::from).collect()))
}

/// Have somebody watch a ticket no more
#[utoipa::path(delete, path = "/api/v1/staff/tickets/{ticket}/watchers/{address}", tag = "staff tickets",
    params(("ticket" = TicketId, Path), ("address" = String, Path)),
    responses((status = 204, description = "They are told no more")))]
pub(super) async fn unwatch(
    Of(app): Of<App>,
    scope: StaffScope,
    Path((id, address)): Path<(TicketId, String)>,
) -> Result<StatusCode, Error> {
    let mut tx = scope.begin().await?;
    actions::unwatch(&app, &mut tx, &scope.who, id, &address).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
