//! Mail of tickets for programs of staff.

use axum::extract::State as Of;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::{InboundMailId, OutboundMailId, TenantId, TicketId};
use crate::platform::web::{Json, ListOut, ListQuery, PageQuery, Path, Query};

use super::actions;
use super::model::{Logged, Outcome, Outgoing, State};

/// An organisation that a mail may be from.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketMailTenantOut {
    /// Its id.
    id: TenantId,
    /// Its name.
    name: String,
}

/// A mail that came in for tickets.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketMailInOut {
    /// Its id.
    id: InboundMailId,
    /// Whom it said that it was from; empty where that could not be read.
    sender: String,
    /// Whether the mail service of this installation found that true.
    verified: bool,
    /// Its subject.
    subject: String,
    /// When it was taken.
    created_at: DateTime<Utc>,
    /// What became of it.
    outcome: Outcome,
    /// Why; empty where nothing is to be said.
    why: String,
    /// The ticket that it opened or answered in.
    ticket: Option<TicketId>,
    /// In triage: the organisations of a person with the sender's address.
    tenants: Vec<TicketMailTenantOut>,
}

impl From<Logged> for TicketMailInOut {
    fn from(one: Logged) -> Self {
        let tenants = one
            .tenants
            .into_iter()
            .map(|(id, name)| TicketMailTenantOut { id, name });
        Self {
            id: one.id,
            sender: one.sender,
            verified: one.is_verified,
            subject: one.subject,
            created_at: one.at,
            outcome: one.outcome,
            why: one.why,
            ticket: one.ticket.map(|(ticket, _)| ticket),
            tenants: tenants.collect(),
        }
    }
}

/// A mail that tells somebody of a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketMailOut {
    /// Its id.
    id: OutboundMailId,
    /// The ticket.
    ticket: TicketId,
    /// The address.
    recipient: String,
    /// The line.
    subject: String,
    /// The text.
    text: String,
    /// How it is.
    state: State,
    /// How often it was tried.
    attempts: i32,
    /// Why it did not go at the last try.
    error: Option<String>,
    /// When it was written.
    created_at: DateTime<Utc>,
    /// When the mail server took it.
    sent_at: Option<DateTime<Utc>>,
}

impl From<Outgoing> for TicketMailOut {
    fn from(one: Outgoing) -> Self {
        Self {
            id: one.id,
            ticket: one.ticket.0,
            recipient: one.recipient,
            subject: one.subject,
            text: one.body,
            state: one.state,
            attempts: one.attempts,
            error: one.error,
            created_at: one.created_at,
            sent_at: one.sent_at,
        }
    }
}

/// List mail that came in
///
/// Of the last 90 days, the newest first. `q` is found in the sender and the subject; `sort` is `-created` or nothing.
#[utoipa::path(get, path = "/api/v1/staff/tickets/mail/in", tag = "staff tickets", params(ListQuery),
    responses((status = 200, description = "A page of them", body = ListOut<TicketMailInOut>)))]
pub(super) async fn came_in(scope: StaffScope, Query(query): Query<ListQuery>) -> Result<Response, Error> {
    let listing = actions::came_in(&scope, &query).await?;
    Ok(listing.map(TicketMailInOut::from).json(&query))
}

/// List mail in triage
///
/// Whose tickets are nobody's yet, the oldest first. Give one to its organisation, or discard it.
#[utoipa::path(get, path = "/api/v1/staff/tickets/mail", tag = "staff tickets", params(PageQuery),
    responses((status = 200, description = "A page of them", body = ListOut<TicketMailInOut>)))]
pub(super) async fn triage(scope: StaffScope, Query(query): Query<PageQuery>) -> Result<Response, Error> {
    let query = ListQuery::from(query);
    let listing = actions::triage(&scope, &query).await?;
    Ok(listing.map(TicketMailInOut::from).json(&query))
}

/// List mail that went out
///
/// Of the last 90 days, the newest first. `q` is found in the address and the subject; `sort` is `-created` or nothing.
#[utoipa::path(get, path = "/api/v1/staff/tickets/mail/out", tag = "staff tickets", params(ListQuery),
    responses((status = 200, description = "A page of them", body = ListOut<TicketMailOut>)))]
pub(super) async fn went_out(scope: StaffScope, Query(query): Query<ListQuery>) -> Result<Response, Error> {
    let listing = actions::went_out(&scope, &query).await?;
    Ok(listing.map(TicketMailOut::from).json(&query))
}

/// Send a mail of a ticket again
///
/// One that has failed.
#[utoipa::path(post, path = "/api/v1/staff/tickets/mail/out/{outbound}/retry", tag = "staff tickets",
    params(("outbound" = OutboundMailId, Path)),
    responses((status = 202, description = "The mail, which is yet to be sent", body = TicketMailOut)))]
pub(super) async fn retry(
    Of(app): Of<App>,
    scope: StaffScope,
    Path(id): Path<OutboundMailId>,
) -> Result<Response, Error> {
    let found = actions::retry(&app, &scope, id).await?;
    Ok((StatusCode::ACCEPTED, Json(TicketMailOut::from(found))).into_response())
}

/// Discard a ticket of triage
///
/// It is closed, and nobody is told.
#[utoipa::path(post, path = "/api/v1/staff/tickets/{ticket}/discard", tag = "staff tickets",
    params(("ticket" = TicketId, Path)),
    responses((status = 204, description = "It is closed")))]
pub(super) async fn discard(
    Of(app): Of<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
) -> Result<StatusCode, Error> {
    actions::discard(&app, &scope, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
