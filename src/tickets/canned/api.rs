//! Canned replies for programs of staff.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::{CannedReplyId, TicketId};
use crate::platform::web::{IfMatch, Json, Path, Tagged};

use super::model::{Canned, Wish};
use super::{actions, store};

/// A canned reply to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CannedReplyIn {
    /// What staff know it by.
    #[schema(example = "Asks for logs", min_length = 1, max_length = 60)]
    name: String,
    /// Markdown. `{customer}`, `{server}`, `{ticket}`, `{engineer}` and `{due}` are filled in for each ticket.
    #[schema(
        example = "Hello {customer}, please attach the log of {server}.",
        min_length = 1,
        max_length = 20_000
    )]
    body: String,
}

/// What is to change about a canned reply.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CannedReplyPatch {
    /// What staff know it by.
    #[schema(min_length = 1, max_length = 60)]
    name: Option<String>,
    /// Markdown with variables.
    #[schema(min_length = 1, max_length = 20_000)]
    body: Option<String>,
}

/// A canned reply.
#[derive(Debug, Serialize, ToSchema)]
pub struct CannedReplyOut {
    /// Its id.
    id: CannedReplyId,
    /// What staff know it by.
    name: String,
    /// Markdown with variables.
    body: String,
}

/// A canned reply as it is given to a ticket's customer.
#[derive(Debug, Serialize, ToSchema)]
pub struct CannedTextOut {
    /// Markdown, without variables.
    text: String,
}

fn out(canned: Canned) -> CannedReplyOut {
    CannedReplyOut {
        id: canned.id,
        name: canned.name,
        body: canned.body,
    }
}

fn tagged(canned: Canned) -> Tagged<Json<CannedReplyOut>> {
    Tagged(canned.version, Json(out(canned)))
}

/// List canned replies
#[utoipa::path(get, path = "/api/v1/staff/tickets/canned", tag = "staff tickets",
    responses((status = 200, description = "All of them, by name", body = Vec<CannedReplyOut>)))]
pub(super) async fn list(scope: StaffScope) -> Result<Json<Vec<CannedReplyOut>>, Error> {
    let all = store::list(&mut scope.begin().await?).await?;
    Ok(Json(all.into_iter().map(out).collect()))
}

/// Keep a canned reply
#[utoipa::path(post, path = "/api/v1/staff/tickets/canned", tag = "staff tickets", request_body = CannedReplyIn,
    responses((status = 201, description = "The reply", body = CannedReplyOut)))]
pub(super) async fn create(
    State(app): State<App>,
    scope: StaffScope,
    Json(new): Json<CannedReplyIn>,
) -> Result<Response, Error> {
    let wish = Wish::parse(&new.name, &new.body).map_err(Error::Invalid);
    let new = actions::create(&app, &scope, wish).await?;
    Ok((StatusCode::CREATED, tagged(new)).into_response())
}

/// Show a canned reply
#[utoipa::path(get, path = "/api/v1/staff/tickets/canned/{canned}", tag = "staff tickets",
    params(("canned" = CannedReplyId, Path)),
    responses((status = 200, description = "The reply", body = CannedReplyOut)))]
pub(super) async fn show(
    scope: StaffScope,
    Path(id): Path<CannedReplyId>,
) -> Result<Tagged<Json<CannedReplyOut>>, Error> {
    Ok(tagged(store::find(&mut scope.begin().await?, id).await?))
}

/// Change a canned reply
#[utoipa::path(patch, path = "/api/v1/staff/tickets/canned/{canned}", tag = "staff tickets",
    params(("canned" = CannedReplyId, Path)), request_body = CannedReplyPatch,
    responses((status = 200, description = "The reply", body = CannedReplyOut)))]
pub(super) async fn change(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<CannedReplyId>,
    if_match: IfMatch,
    Json(patch): Json<CannedReplyPatch>,
) -> Result<Tagged<Json<CannedReplyOut>>, Error> {
    let wish = |canned: &Canned| {
        let name = patch.name.as_deref().unwrap_or(&canned.name);
        let body = patch.body.as_deref().unwrap_or(&canned.body);
        Wish::parse(name, body).map_err(Error::Invalid)
    };
    let seen = |version| if_match.check(version);
    Ok(tagged(actions::change(&app, &scope, id, wish, seen).await?))
}

/// Delete a canned reply
#[utoipa::path(delete, path = "/api/v1/staff/tickets/canned/{canned}", tag = "staff tickets",
    params(("canned" = CannedReplyId, Path)), responses((status = 204, description = "It is gone")))]
pub(super) async fn remove(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<CannedReplyId>,
) -> Result<StatusCode, Error> {
    actions::remove(&app, &scope, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Fill a canned reply
///
/// For a ticket, in the name of whoever asks. Nothing is written.
#[utoipa::path(get, path = "/api/v1/staff/tickets/{ticket}/canned/{canned}", tag = "staff tickets",
    params(("ticket" = TicketId, Path), ("canned" = CannedReplyId, Path)),
    responses((status = 200, description = "Its text", body = CannedTextOut)))]
pub(super) async fn fill(
    scope: StaffScope,
    Path((ticket, id)): Path<(TicketId, CannedReplyId)>,
) -> Result<Json<CannedTextOut>, Error> {
    let text = actions::fill(&scope, ticket, id).await?;
    Ok(Json(CannedTextOut { text }))
}
