//! Grants for programs: of the organisation, which sees who could look at what, and of staff.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::files::{Binary, FileOut, PathQuery};
use crate::mail::TracedMessage;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{BreakGlassId, ServerId, TenantId, TicketId};
use crate::platform::web::{Json, ListOut, ListQuery, Listing, PageQuery, Path, Query};
use crate::tickets;

use super::model::{Grant, Look, Part, Wish};
use super::{actions, looks, pages, staff, store};

/// A time in which staff may see what is an organisation's.
#[derive(Debug, Serialize, ToSchema)]
pub struct BreakGlassOut {
    /// Its id.
    id: BreakGlassId,
    /// Whose things.
    tenant: TenantId,
    /// What that is called.
    tenant_name: String,
    /// The ticket that it is for.
    ticket: TicketId,
    /// That ticket's number.
    ticket_number: i64,
    /// Who of the staff: name and address.
    by: String,
    /// What they may see.
    parts: Vec<Part>,
    /// Why.
    reason: String,
    /// Since when.
    opened_at: DateTime<Utc>,
    /// Until when at most.
    until: DateTime<Utc>,
    /// Whether it lasts.
    is_open: bool,
    /// When it was ended.
    ended_at: Option<DateTime<Utc>>,
    /// By what: `staff`, `time`, or `left` if whoever opened it signed out or may look no more.
    ended_by: Option<String>,
    /// What was looked at, the oldest first.
    looks: Vec<BreakGlassLookOut>,
}

/// A look at something.
#[derive(Debug, Serialize, ToSchema)]
pub struct BreakGlassLookOut {
    /// When.
    at: DateTime<Utc>,
    /// Of what kind: `console`, `files`, `mail` or `archive`.
    part: String,
    /// What it was.
    #[schema(example = "web-1: /site/index.html")]
    what: String,
}

impl BreakGlassOut {
    fn new(grant: Grant, looks: &[Look], now: DateTime<Utc>) -> Self {
        let own = looks.iter().filter(|look| look.grant == grant.id);
        let own = own.map(|look| BreakGlassLookOut {
            at: look.at,
            part: look.part.clone(),
            what: look.what.clone(),
        });
        Self {
            looks: own.collect(),
            is_open: grant.is_open(now),
            id: grant.id,
            tenant: grant.tenant,
            tenant_name: grant.tenant_name,
            ticket: grant.ticket,
            ticket_number: grant.ticket_number,
            by: grant.staff_label,
            parts: grant.parts,
            reason: grant.reason,
            opened_at: grant.opened_at,
            until: grant.until,
            ended_at: grant.ended_at,
            ended_by: grant.ended_by,
        }
    }
}

/// Access to be opened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakGlassIn {
    /// A ticket of the organisation that is not closed.
    ticket: TicketId,
    /// What is to be seen.
    #[schema(min_items = 1, max_items = 4)]
    parts: Vec<Part>,
    /// Why; the customer reads it.
    #[schema(min_length = 10, max_length = 500)]
    reason: String,
    /// For how long.
    #[schema(minimum = 15, maximum = 480)]
    minutes: i64,
}

async fn out(
    tx: &mut impl Scoped,
    listing: Listing<Grant>,
    now: DateTime<Utc>,
) -> Result<Listing<BreakGlassOut>, Error> {
    let ids: Vec<_> = listing.items.iter().map(|grant| grant.id).collect();
    let looks = store::uses(tx, &ids).await?;
    Ok(listing.map(|grant| BreakGlassOut::new(grant, &looks, now)))
}

async fn one(tx: &mut impl Scoped, grant: Grant, now: DateTime<Utc>) -> Result<BreakGlassOut, Error> {
    let looks = store::uses(tx, &[grant.id]).await?;
    Ok(BreakGlassOut::new(grant, &looks, now))
}

/// List when staff could see what is yours
///
/// The newest first, with what they looked at.
#[utoipa::path(get, path = "/api/v1/break-glass", tag = "tenant", params(PageQuery),
    responses((status = 200, description = "A page of them", body = ListOut<BreakGlassOut>)))]
pub async fn list(
    State(app): State<App>,
    scope: TenantScope,
    Query(query): Query<PageQuery>,
) -> Result<Response, Error> {
    let query = ListQuery::from(query);
    let mut tx = scope.begin().await?;
    let listing = pages::page_of(&mut tx, &scope, &query).await?;
    Ok(out(&mut tx, listing, app.now()).await?.json(&query))
}

/// List when staff could see what is customers'
#[utoipa::path(get, path = "/api/v1/staff/break-glass", tag = "staff", params(PageQuery),
    responses((status = 200, description = "A page of them", body = ListOut<BreakGlassOut>)))]
pub async fn staff_list(
    State(app): State<App>,
    scope: StaffScope,
    Query(query): Query<PageQuery>,
) -> Result<Response, Error> {
    let query = ListQuery::from(query);
    let listing = staff::page_of(&scope, &query).await?;
    Ok(out(&mut scope.begin().await?, listing, app.now())
        .await?
        .json(&query))
}

/// Show when and why staff could see what is a customer's
#[utoipa::path(get, path = "/api/v1/staff/break-glass/{grant}", tag = "staff", params(("grant" = BreakGlassId, Path)),
    responses((status = 200, description = "The access", body = BreakGlassOut)))]
pub async fn staff_show(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<BreakGlassId>,
) -> Result<Json<BreakGlassOut>, Error> {
    let mut tx = scope.begin().await?;
    let grant = store::find(&mut tx, id).await?;
    Ok(Json(one(&mut tx, grant, app.now()).await?))
}

/// Break the glass
///
/// Opens access to consoles, files, mail or the whole archive of a ticket's organisation, for a while. Its people see who did it, when,
/// why and until when; its owners are told by mail. Access that a browser opened ends when its person signs out.
#[utoipa::path(post, path = "/api/v1/staff/break-glass", tag = "staff", request_body = BreakGlassIn,
    responses((status = 201, description = "The access", body = BreakGlassOut)))]
pub async fn open(
    State(app): State<App>,
    scope: StaffScope,
    Json(input): Json<BreakGlassIn>,
) -> Result<Response, Error> {
    let words = input.parts.iter().map(|part| part.word());
    let wish = Wish::parse(words, &input.reason, Some(input.minutes))?;
    let ticket = match tickets::find(&mut scope.begin().await?, input.ticket).await {
        Err(Error::NotFound) => return Err(Error::invalid("ticket", "There is no such ticket.")),
        other => other?,
    };
    let grant = actions::open(&app, &scope, ticket, &wish).await?;
    let made = BreakGlassOut::new(grant, &[], app.now());
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// End access before its time
///
/// Of whoever opened it. Consoles that it opened are closed. Ending twice changes nothing.
#[utoipa::path(post, path = "/api/v1/staff/break-glass/{grant}/end", tag = "staff", params(("grant" = BreakGlassId, Path)),
    responses((status = 200, description = "The access, which is over", body = BreakGlassOut)))]
pub async fn end(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<BreakGlassId>,
) -> Result<Json<BreakGlassOut>, Error> {
    let grant = actions::end(&app, &scope, id).await?;
    let mut tx = scope.begin().await?;
    Ok(Json(one(&mut tx, grant, app.now()).await?))
}

/// List a customer's files
///
/// By your own open access to files: the server's volumes as folders, or a page of a folder. Written down for the customer.
#[utoipa::path(get, path = "/api/v1/staff/break-glass/{grant}/servers/{server_id}/files", tag = "staff",
    params(("grant" = BreakGlassId, Path), ("server_id" = ServerId, Path), PathQuery, PageQuery),
    responses((status = 200, description = "What is there", body = ListOut<FileOut>)))]
pub async fn files(
    State(app): State<App>,
    scope: StaffScope,
    Path(place): Path<(BreakGlassId, ServerId)>,
    Query(query): Query<PathQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Error> {
    let page = ListQuery::from(page);
    let (_, files, listing) = looks::listed(&app, &scope, place, (&query, &page)).await?;
    match listing {
        Some(listing) => Ok(listing.map(|item| FileOut::from(&item)).json(&page)),
        None => {
            let items: Vec<_> = files.volumes.iter().map(FileOut::from).collect();
            Ok(Json(ListOut { items, next: None }).into_response())
        }
    }
}

/// Read a customer's file
///
/// By your own open access to files. Written down for the customer.
#[utoipa::path(get, path = "/api/v1/staff/break-glass/{grant}/servers/{server_id}/files/content", tag = "staff",
    params(("grant" = BreakGlassId, Path), ("server_id" = ServerId, Path), PathQuery),
    responses((status = 200, description = "The file", body = Binary, content_type = "application/octet-stream")))]
pub async fn content(
    State(app): State<App>,
    scope: StaffScope,
    Path(place): Path<(BreakGlassId, ServerId)>,
    Query(query): Query<PathQuery>,
) -> Result<Response, Error> {
    looks::sent(&app, &scope, place, &query).await
}

/// A message of a customer's.
#[derive(Debug, Serialize, ToSchema)]
pub struct BreakGlassMailOut {
    /// Its id in the queue.
    id: String,
    /// When it was first heard of.
    at: DateTime<Utc>,
    /// Who sent it; empty for a bounce.
    sender: Option<String>,
    /// The recipients.
    recipients: Vec<String>,
    /// What became of it.
    outcome: &'static str,
}

impl From<TracedMessage> for BreakGlassMailOut {
    fn from(one: TracedMessage) -> Self {
        Self {
            outcome: one.outcome.word(),
            id: one.queue_id,
            at: one.at,
            sender: one.sender,
            recipients: one.recipients,
        }
    }
}

/// List a customer's messages
///
/// By your own open access to mail: who wrote to whom and what became of it, and no content. Written down for the customer.
#[utoipa::path(get, path = "/api/v1/staff/break-glass/{grant}/mail", tag = "staff",
    params(("grant" = BreakGlassId, Path), PageQuery),
    responses((status = 200, description = "A page of messages, the newest first", body = ListOut<BreakGlassMailOut>)))]
pub async fn mail(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<BreakGlassId>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Error> {
    let query = ListQuery::from(page);
    let (_, listing) = looks::messages(&app, &scope, id, &query).await?;
    Ok(listing.map(BreakGlassMailOut::from).json(&query))
}
