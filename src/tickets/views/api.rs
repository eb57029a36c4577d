//! Views for programs of staff.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::SavedViewId;
use crate::platform::web::{IfMatch, Json, Path, Tagged};

use super::model::{View, Wish};
use super::{actions, store};

/// A view to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketViewIn {
    /// What it is called.
    #[schema(example = "Mine, due first", min_length = 1, max_length = 40)]
    name: String,
    /// The query of the queue, as its address has it.
    #[schema(example = "assignee=me&sort=due", max_length = 2000)]
    query: String,
    /// Whether all staff have it; for those who manage tickets.
    #[serde(default)]
    shared: bool,
}

/// What is to change about a view.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TicketViewPatch {
    /// What it is called.
    #[schema(min_length = 1, max_length = 40)]
    name: Option<String>,
    /// The query of the queue.
    #[schema(max_length = 2000)]
    query: Option<String>,
    /// Whether all staff have it.
    shared: Option<bool>,
}

/// A saved view.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketViewOut {
    /// Its id.
    id: SavedViewId,
    /// What it is called.
    name: String,
    /// The query of the queue.
    query: String,
    /// Whether all staff have it.
    shared: bool,
    /// Whose it is.
    owner: String,
}

/// All views that somebody has.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketViewsOut {
    /// One's own first, by name.
    items: Vec<TicketViewOut>,
}

impl From<View> for TicketViewOut {
    fn from(view: View) -> Self {
        Self {
            id: view.id,
            name: view.name,
            query: view.query,
            shared: view.shared,
            owner: view.owner_name,
        }
    }
}

/// List saved views of the queue
///
/// One's own, and those that all staff have.
#[utoipa::path(get, path = "/api/v1/staff/tickets/views", tag = "staff tickets",
    responses((status = 200, description = "The views", body = TicketViewsOut)))]
pub(super) async fn list(scope: StaffScope) -> Result<Json<TicketViewsOut>, Error> {
    let views = store::list(&mut scope.begin().await?, scope.actor.user).await?;
    Ok(Json(TicketViewsOut {
        items: views.into_iter().map(TicketViewOut::from).collect(),
    }))
}

/// Keep a view of the queue
#[utoipa::path(post, path = "/api/v1/staff/tickets/views", tag = "staff tickets", request_body = TicketViewIn,
    responses((status = 201, description = "The view", body = TicketViewOut)))]
pub(super) async fn create(
    State(app): State<App>,
    scope: StaffScope,
    Json(new): Json<TicketViewIn>,
) -> Result<Response, Error> {
    let wish = Wish::parse(&new.name, &new.query, new.shared)?;
    let view = actions::create(&app, &scope, wish).await?;
    let answer = Tagged(view.version, Json(TicketViewOut::from(view)));
    Ok((StatusCode::CREATED, answer).into_response())
}

/// Change a view of the queue
#[utoipa::path(patch, path = "/api/v1/staff/tickets/views/{view}", tag = "staff tickets",
    params(("view" = SavedViewId, Path)), request_body = TicketViewPatch,
    responses((status = 200, description = "The view", body = TicketViewOut)))]
pub(super) async fn change(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<SavedViewId>,
    if_match: IfMatch,
    Json(patch): Json<TicketViewPatch>,
) -> Result<Tagged<Json<TicketViewOut>>, Error> {
    let wish = |view: &View| -> Result<Wish, Error> {
        let name = patch.name.as_deref().unwrap_or(&view.name);
        let query = patch.query.as_deref().unwrap_or(&view.query);
        Ok(Wish::parse(name, query, patch.shared.unwrap_or(view.shared))?)
    };
    let check = |version| if_match.check(version);
    let view = actions::change(&app, &scope, id, wish, check).await?;
    Ok(Tagged(view.version, Json(view.into())))
}

/// Delete a view of the queue
#[utoipa::path(delete, path = "/api/v1/staff/tickets/views/{view}", tag = "staff tickets", params(("view" = SavedViewId, Path)),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn remove(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<SavedViewId>,
) -> Result<StatusCode, Error> {
    actions::remove(&app, &scope, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
