//! Links, merges and splits for programs.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{TicketId, TicketPostId};
use crate::platform::web::{Json, Path};
use crate::tickets;
use crate::tickets::model::{State as TicketState, Ticket};

use super::model::{Kind, Named, Other};
use super::{actions, store};

/// A ticket, in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketRefOut {
    /// Its id.
    id: TicketId,
    /// What people call it by.
    number: i64,
    /// What it is about.
    subject: String,
    /// How far it is.
    state: TicketState,
}

impl From<Other> for TicketRefOut {
    fn from(other: Other) -> Self {
        Self {
            id: other.id,
            number: other.number,
            subject: other.subject,
            state: other.state,
        }
    }
}

impl From<Ticket> for TicketRefOut {
    fn from(ticket: Ticket) -> Self {
        Self {
            id: ticket.id,
            number: ticket.number,
            subject: ticket.subject,
            state: ticket.state,
        }
    }
}

/// What a ticket has to do with another one.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketLinkOut {
    /// What.
    kind: Kind,
    /// Whether it is said of this ticket; if not, of the other.
    outgoing: bool,
    /// The other ticket.
    ticket: TicketRefOut,
}

/// What a ticket hangs together with.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketLinksOut {
    /// The tickets that it is linked with.
    links: Vec<TicketLinkOut>,
    /// The tickets that were merged into it.
    merged: Vec<TicketRefOut>,
}

/// A link to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketLinkIn {
    /// The other ticket, of the same tenant.
    ticket: TicketId,
    /// What this one has to do with it.
    kind: Kind,
}

/// Which ticket goes on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketMergeIn {
    /// Another ticket of the same tenant.
    into: TicketId,
}

/// What becomes a ticket of its own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketSplitIn {
    /// What the new ticket is about.
    #[schema(min_length = 1, max_length = 200, example = "The backup is late, too")]
    subject: String,
    /// The posts that move; at least one stays.
    #[schema(min_items = 1, max_items = 200)]
    posts: Vec<TicketPostId>,
}

async fn all(tx: &mut impl Scoped, ticket: TicketId) -> Result<Json<TicketLinksOut>, Error> {
    tickets::find(tx, ticket).await?;
    let links = store::linked(tx, ticket)
        .await?
        .into_iter()
        .map(|link| TicketLinkOut {
            kind: link.kind,
            outgoing: link.is_outgoing,
            ticket: link.other.into(),
        });
    let links = links.collect();
    let merged = store::merged(tx, ticket).await?;
    Ok(Json(TicketLinksOut {
        links,
        merged: merged.into_iter().map(TicketRefOut::from).collect(),
    }))
}

/// Show what a ticket hangs together with
#[utoipa::path(get, path = "/api/v1/tickets/{ticket}/links", tag = "tickets", params(("ticket" = TicketId, Path)),
    responses((status = 200, description = "Links and merged tickets", body = TicketLinksOut)))]
pub(super) async fn list(
    scope: TenantScope,
    Path(ticket): Path<TicketId>,
) -> Result<Json<TicketLinksOut>, Error> {
    all(&mut scope.begin().await?, ticket).await
}

/// Show what a ticket hangs together with
#[utoipa::path(get, path = "/api/v1/staff/tickets/{ticket}/links", tag = "staff tickets", params(("ticket" = TicketId, Path)),
    responses((status = 200, description = "Links and merged tickets", body = TicketLinksOut)))]
pub(super) async fn staff_list(
    scope: StaffScope,
    Path(ticket): Path<TicketId>,
) -> Result<Json<TicketLinksOut>, Error> {
    all(&mut scope.begin().await?, ticket).await
}

/// Link two tickets
///
/// Of one tenant. Two tickets have one link at most, and what duplicates or was caused by something leads in no circle.
#[utoipa::path(post, path = "/api/v1/staff/tickets/{ticket}/links", tag = "staff tickets", params(("ticket" = TicketId, Path)),
    request_body = TicketLinkIn,
    responses((status = 200, description = "All that it hangs together with", body = TicketLinksOut)))]
pub(super) async fn link(
    State(app): State<App>,
    scope: StaffScope,
    Path(ticket): Path<TicketId>,
    Json(new): Json<TicketLinkIn>,
) -> Result<Json<TicketLinksOut>, Error> {
    actions::link(&app, &scope, ticket, Ok(Named::Id(new.ticket)), Ok(new.kind)).await?;
    all(&mut scope.begin().await?, ticket).await
}

/// Take a link away
#[utoipa::path(delete, path = "/api/v1/staff/tickets/{ticket}/links/{other}", tag = "staff tickets",
    params(("ticket" = TicketId, Path), ("other" = TicketId, Path)),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn unlink(
    State(app): State<App>,
    scope: StaffScope,
    Path((ticket, other)): Path<(TicketId, TicketId)>,
) -> Result<StatusCode, Error> {
    actions::unlink(&app, &scope, ticket, other).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Merge a ticket into another one
///
/// It is closed, and the other one goes on with it: shows what was written in it, and tells whoever watched it.
#[utoipa::path(post, path = "/api/v1/staff/tickets/{ticket}/merge", tag = "staff tickets", params(("ticket" = TicketId, Path)),
    request_body = TicketMergeIn,
    responses((status = 200, description = "The ticket that goes on", body = TicketRefOut)))]
pub(super) async fn merge(
    State(app): State<App>,
    scope: StaffScope,
    Path(ticket): Path<TicketId>,
    Json(body): Json<TicketMergeIn>,
) -> Result<Json<TicketRefOut>, Error> {
    let into = actions::merge(&app, &scope, ticket, Ok(Named::Id(body.into))).await?;
    Ok(Json(into.into()))
}

/// Split posts off a ticket
///
/// They move, with their files, to a new ticket of the same tenant.
#[utoipa::path(post, path = "/api/v1/staff/tickets/{ticket}/split", tag = "staff tickets", params(("ticket" = TicketId, Path)),
    request_body = TicketSplitIn,
    responses((status = 201, description = "The new ticket", body = TicketRefOut)))]
pub(super) async fn split(
    State(app): State<App>,
    scope: StaffScope,
    Path(ticket): Path<TicketId>,
    Json(body): Json<TicketSplitIn>,
) -> Result<(StatusCode, Json<TicketRefOut>), Error> {
    let into = actions::split(&app, &scope, ticket, &body.subject, &body.posts).await?;
    Ok((StatusCode::CREATED, Json(into.into())))
}
