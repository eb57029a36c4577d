//! What customers say of tickets, for programs.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::TicketId;
use crate::platform::web::{Json, ListOut, ListQuery, PageQuery, Path, Query};
use crate::tickets;

use super::model::{Answer, Satisfaction};
use super::pages::listing;
use super::store::Answered;
use super::{actions, store};

/// How it went.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketRating {
    /// Well.
    Good,
    /// Badly.
    Bad,
}

impl TicketRating {
    fn of(said: &Satisfaction) -> Self {
        if said.is_good { Self::Good } else { Self::Bad }
    }
}

/// What a customer says of a ticket.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketSatisfactionIn {
    /// How it went.
    rating: TicketRating,
    /// What there is to say about it.
    #[serde(default)]
    #[schema(max_length = 2000)]
    words: String,
}

/// What a customer said of a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketSatisfactionOut {
    /// How it went.
    rating: TicketRating,
    /// What there is to say about it.
    words: String,
    /// Who said it.
    created_by: String,
    /// When first. For 7 days from then it can be changed.
    answered_at: DateTime<Utc>,
}

impl From<Satisfaction> for TicketSatisfactionOut {
    fn from(said: Satisfaction) -> Self {
        Self {
            rating: TicketRating::of(&said),
            words: said.words,
            created_by: said.created_by,
            answered_at: said.answered_at,
        }
    }
}

/// What a customer said of which ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffTicketSatisfactionOut {
    /// The ticket.
    ticket: TicketId,
    /// What people call it by.
    number: i64,
    #[serde(flatten)]
    said: TicketSatisfactionOut,
}

impl From<Answered> for StaffTicketSatisfactionOut {
    fn from(one: Answered) -> Self {
        Self {
            ticket: one.ticket,
            number: one.number,
            said: one.said.into(),
        }
    }
}

/// Show what was said of a ticket
///
/// 404 while nothing was.
#[utoipa::path(get, path = "/api/v1/tickets/{ticket}/satisfaction", tag = "tickets", params(("ticket" = TicketId, Path)),
    responses((status = 200, description = "The answer", body = TicketSatisfactionOut)))]
pub(super) async fn show(
    scope: TenantScope,
    Path(ticket): Path<TicketId>,
) -> Result<Json<TicketSatisfactionOut>, Error> {
    let mut tx = scope.begin().await?;
    tickets::find(&mut tx, ticket).await?;
    let said = store::of_ticket(&mut tx, ticket).await?.ok_or(Error::NotFound)?;
    Ok(Json(said.into()))
}

/// Say how a ticket went
///
/// When it is resolved or closed. For 7 days it can be said otherwise.
#[utoipa::path(post, path = "/api/v1/tickets/{ticket}/satisfaction", tag = "tickets", params(("ticket" = TicketId, Path)),
    request_body = TicketSatisfactionIn,
    responses((status = 200, description = "The answer", body = TicketSatisfactionOut)))]
pub(super) async fn answer(
    State(app): State<App>,
    scope: TenantScope,
    Path(ticket): Path<TicketId>,
    Json(body): Json<TicketSatisfactionIn>,
) -> Result<Json<TicketSatisfactionOut>, Error> {
    let rating = match body.rating {
        TicketRating::Good => "good",
        TicketRating::Bad => "bad",
    };
    let answer = Answer::parse(rating, &body.words);
    Ok(Json(actions::answer(&app, &scope, ticket, answer).await?.into()))
}

/// List what customers said of tickets
///
/// The newest first.
#[utoipa::path(get, path = "/api/v1/staff/tickets/satisfaction", tag = "staff tickets", params(PageQuery),
    responses((status = 200, description = "A page of answers", body = ListOut<StaffTicketSatisfactionOut>)))]
pub(super) async fn list(scope: StaffScope, Query(query): Query<PageQuery>) -> Result<Response, Error> {
    let query = ListQuery::from(query);
    let listing = listing(&scope, &query).await?;
    Ok(listing.map(StaffTicketSatisfactionOut::from).json(&query))
}
