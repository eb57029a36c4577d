//! A tenant's tickets.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::TicketId;
use crate::platform::web::{IfMatch, Json, ListOut, ListQuery, Path, Query, Tagged};

use super::super::model::{Side, Ticket};
use super::super::query::{TenantTicketFilter, TenantTicketQuery};
use super::super::{actions, store};
use super::outs::{EventOut, PostOut, TicketDetailOut, TicketOut, TicketThingOut, WatcherOut};
use super::{TicketIn, TicketWatcherIn, created, events_of, posts_of, watchers_of, whole, written};

type One = Result<Tagged<Json<TicketDetailOut>>, Error>;

async fn detail(tx: &mut impl Scoped, ticket: Ticket) -> One {
    let things = store::things(tx, ticket.id).await?;
    let version = ticket.version;
    let out = TicketDetailOut {
        ticket: ticket.into(),
        about: things.into_iter().map(TicketThingOut::from).collect(),
    };
    Ok(Tagged(version, Json(out)))
}

/// List tickets
///
/// `q` is found in subjects and in what was written, by the beginnings of words, or is a ticket's number. `sort` is `-changed` (if
/// nothing is said), `-created` or `created`, and of open tickets `due` or `severity`.
#[utoipa::path(get, path = "/api/v1/tickets", tag = "tickets", params(TenantTicketFilter, ListQuery),
    responses((status = 200, description = "A page of the tenant's tickets", body = ListOut<TicketOut>)))]
pub(super) async fn list(scope: TenantScope, query: TenantTicketQuery) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    let listing = query.run(&mut tx, scope.tenant()).await?;
    Ok(listing.map(TicketOut::from).json(&query))
}

/// Open a ticket
///
/// Also while the tenant is suspended.
#[utoipa::path(post, path = "/api/v1/tickets", tag = "tickets", request_body = TicketIn,
    responses((status = 201, description = "The ticket", body = TicketDetailOut)))]
pub(super) async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Json(new): Json<TicketIn>,
) -> Result<Response, Error> {
    let ticket = actions::open_by_customer(&app, &scope, new.parse()?, &[]).await?;
    let path = format!("/api/v1/tickets/{}", ticket.id);
    Ok(created(path, detail(&mut scope.begin().await?, ticket).await?))
}

/// Show a ticket
#[utoipa::path(get, path = "/api/v1/tickets/{ticket}", tag = "tickets", params(("ticket" = TicketId, Path)),
    responses((status = 200, description = "The ticket", body = TicketDetailOut)))]
pub(super) async fn show(scope: TenantScope, Path(id): Path<TicketId>) -> One {
    let mut tx = scope.begin().await?;
    let ticket = store::find(&mut tx, id).await?;
    detail(&mut tx, ticket).await
}

/// List what was written into a ticket
///
/// The oldest first.
#[utoipa::path(get, path = "/api/v1/tickets/{ticket}/posts", tag = "tickets",
    params(("ticket" = TicketId, Path), ListQuery),
    responses((status = 200, description = "A page of it", body = ListOut<PostOut>)))]
pub(super) async fn posts(
    scope: TenantScope,
    Path(id): Path<TicketId>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    posts_of(&mut scope.begin().await?, id, &query).await
}

/// An answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketReplyIn {
    /// Markdown.
    #[schema(min_length = 1, max_length = 65_536)]
    body: String,
}

/// Answer a ticket
///
/// One that waits for you goes on, and one that is resolved, or was closed in the last 14 days, is open again.
#[utoipa::path(post, path = "/api/v1/tickets/{ticket}/posts", tag = "tickets", params(("ticket" = TicketId, Path)),
    request_body = TicketReplyIn, responses((status = 201, description = "The answer", body = PostOut)))]
pub(super) async fn reply(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<TicketId>,
    Json(new): Json<TicketReplyIn>,
) -> Result<Response, Error> {
    let post = actions::reply_by_customer(&app, &scope, id, &new.body, &[]).await?;
    let mut tx = scope.begin().await?;
    let post = store::post(&mut tx, post).await?;
    written(&mut tx, post).await
}

/// List what happened in a ticket
///
/// All of it, the oldest first.
#[utoipa::path(get, path = "/api/v1/tickets/{ticket}/events", tag = "tickets", params(("ticket" = TicketId, Path)),
    responses((status = 200, description = "What happened", body = ListOut<EventOut>)))]
pub(super) async fn events(scope: TenantScope, Path(id): Path<TicketId>) -> Result<Response, Error> {
    events_of(&mut scope.begin().await?, id).await
}

/// Resolve a ticket
///
/// Says that it works again. An answer opens it again.
#[utoipa::path(post, path = "/api/v1/tickets/{ticket}/resolve", tag = "tickets", params(("ticket" = TicketId, Path)),
    responses((status = 200, description = "The ticket", body = TicketDetailOut)))]
pub(super) async fn resolve(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<TicketId>,
    if_match: IfMatch,
) -> One {
    let check = |version| if_match.check(version);
    let ticket = actions::resolve_by_customer(&app, &scope, id, check).await?;
    detail(&mut scope.begin().await?, ticket).await
}

/// List who watches a ticket
#[utoipa::path(get, path = "/api/v1/tickets/{ticket}/watchers", tag = "tickets",
    params(("ticket" = TicketId, Path)),
    responses((status = 200, description = "They are told what happens in it", body = ListOut<WatcherOut>)))]
pub(super) async fn watchers(scope: TenantScope, Path(id): Path<TicketId>) -> Result<Response, Error> {
    watchers_of(&mut scope.begin().await?, id).await
}

/// Have somebody watch a ticket
///
/// One of the tenant's people, who is told what happens in it.
#[utoipa::path(post, path = "/api/v1/tickets/{ticket}/watchers", tag = "tickets",
    params(("ticket" = TicketId, Path)), request_body = TicketWatcherIn,
    responses((status = 200, description = "All who watch it", body = ListOut<WatcherOut>)))]
pub(super) async fn watch(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<TicketId>,
    Json(new): Json<TicketWatcherIn>,
) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    actions::watch(&app, &mut tx, &scope.who, (id, Side::Customer), &new.address).await?;
    let watchers = store::watchers(&mut tx, id).await?;
    tx.commit().await?;
    Ok(whole(watchers.into_iter().map(WatcherOut::from).collect()))
}

/// Have somebody watch a ticket no more
#[utoipa::path(delete, path = "/api/v1/tickets/{ticket}/watchers/{address}", tag = "tickets",
    params(("ticket" = TicketId, Path), ("address" = String, Path)),
    responses((status = 204, description = "They are told no more")))]
pub(super) async fn unwatch(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, address)): Path<(TicketId, String)>,
) -> Result<StatusCode, Error> {
    let mut tx = scope.begin().await?;
    actions::unwatch(&app, &mut tx, &scope.who, id, &address).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
