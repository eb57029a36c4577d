//! Checklists for programs of staff.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::{ChecklistId, TicketId};
use crate::platform::web::{IfMatch, Json, Path, Tagged};
use crate::tickets;

use super::model::{Checklist, Item, Template, Wish};
use super::{actions, store};

/// A checklist to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChecklistIn {
    /// What it is for.
    #[schema(example = "Disk full", min_length = 1, max_length = 60)]
    name: String,
    /// What is to be done, in order; each at most 200 characters.
    #[schema(min_items = 1, max_items = 50)]
    items: Vec<String>,
}

/// What is to change about a checklist.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChecklistPatch {
    /// What it is for.
    #[schema(min_length = 1, max_length = 60)]
    name: Option<String>,
    /// All that is to be done.
    #[schema(min_items = 1, max_items = 50)]
    items: Option<Vec<String>>,
}

/// A checklist that tickets can get.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChecklistOut {
    /// Its id.
    id: ChecklistId,
    /// What it is for.
    name: String,
    /// What is to be done, in order.
    items: Vec<String>,
}

/// A checklist of a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketChecklistOut {
    /// Its id.
    id: ChecklistId,
    /// What it is for.
    name: String,
    /// What is to be done, in order.
    items: Vec<TicketChecklistItemOut>,
}

/// Something to be done about a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketChecklistItemOut {
    /// Where it stands, from 0.
    item: i32,
    /// What it is.
    words: String,
    /// Who did it; null while nobody has.
    done_by: Option<String>,
    /// When.
    done_at: Option<DateTime<Utc>>,
}

/// Which checklist a ticket gets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketChecklistIn {
    /// The checklist that is copied.
    template: ChecklistId,
}

/// Whether something is done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketChecklistItemPatch {
    /// Whether it is.
    done: bool,
}

fn out(template: Template) -> ChecklistOut {
    ChecklistOut {
        id: template.id,
        name: template.name,
        items: template.items,
    }
}

fn tagged(template: Template) -> Tagged<Json<ChecklistOut>> {
    Tagged(template.version, Json(out(template)))
}

impl From<Checklist> for TicketChecklistOut {
    fn from(list: Checklist) -> Self {
        let item = |item: Item| {
            let (done_by, done_at) = item.done.unzip();
            TicketChecklistItemOut {
                item: item.place,
                words: item.words,
                done_by,
                done_at,
            }
        };
        Self {
            id: list.id,
            name: list.name,
            items: list.items.into_iter().map(item).collect(),
        }
    }
}

/// List checklists
#[utoipa::path(get, path = "/api/v1/staff/tickets/checklists", tag = "staff tickets",
    responses((status = 200, description = "All of them, by name", body = Vec<ChecklistOut>)))]
pub(super) async fn list(scope: StaffScope) -> Result<Json<Vec<ChecklistOut>>, Error> {
    let all = store::list(&mut scope.begin().await?).await?;
    Ok(Json(all.into_iter().map(out).collect()))
}

/// Keep a checklist
#[utoipa::path(post, path = "/api/v1/staff/tickets/checklists", tag = "staff tickets", request_body = ChecklistIn,
    responses((status = 201, description = "The checklist", body = ChecklistOut)))]
pub(super) async fn create(
    State(app): State<App>,
    scope: StaffScope,
    Json(new): Json<ChecklistIn>,
) -> Result<Response, Error> {
    let wish = Wish::parse(&new.name, new.items.iter().map(String::as_str)).map_err(Error::Invalid);
    let new = actions::create(&app, &scope, wish).await?;
    Ok((StatusCode::CREATED, tagged(new)).into_response())
}

/// Show a checklist
#[utoipa::path(get, path = "/api/v1/staff/tickets/checklists/{checklist}", tag = "staff tickets",
    params(("checklist" = ChecklistId, Path)),
    responses((status = 200, description = "The checklist", body = ChecklistOut)))]
pub(super) async fn show(
    scope: StaffScope,
    Path(id): Path<ChecklistId>,
) -> Result<Tagged<Json<ChecklistOut>>, Error> {
    Ok(tagged(store::find(&mut scope.begin().await?, id).await?))
}

/// Change a checklist
///
/// Tickets that have it keep theirs.
#[utoipa::path(patch, path = "/api/v1/staff/tickets/checklists/{checklist}", tag = "staff tickets",
    params(("checklist" = ChecklistId, Path)), request_body = ChecklistPatch,
    responses((status = 200, description = "The checklist", body = ChecklistOut)))]
pub(super) async fn change(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ChecklistId>,
    if_match: IfMatch,
    Json(patch): Json<ChecklistPatch>,
) -> Result<Tagged<Json<ChecklistOut>>, Error> {
    let wish = |kept: &Template| {
        let name = patch.name.as_deref().unwrap_or(&kept.name);
        let items = patch.items.as_ref().unwrap_or(&kept.items);
        Wish::parse(name, items.iter().map(String::as_str)).map_err(Error::Invalid)
    };
    let seen = |version| if_match.check(version);
    Ok(tagged(actions::change(&app, &scope, id, wish, seen).await?))
}

/// Delete a checklist
///
/// Tickets that have it keep theirs.
#[utoipa::path(delete, path = "/api/v1/staff/tickets/checklists/{checklist}", tag = "staff tickets",
    params(("checklist" = ChecklistId, Path)), responses((status = 204, description = "It is gone")))]
pub(super) async fn remove(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ChecklistId>,
) -> Result<StatusCode, Error> {
    actions::remove(&app, &scope, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List a ticket's checklists
#[utoipa::path(get, path = "/api/v1/staff/tickets/{ticket}/checklists", tag = "staff tickets",
    params(("ticket" = TicketId, Path)),
    responses((status = 200, description = "The checklists, the oldest first", body = Vec<TicketChecklistOut>)))]
pub(super) async fn of_ticket(
    scope: StaffScope,
    Path(ticket): Path<TicketId>,
) -> Result<Json<Vec<TicketChecklistOut>>, Error> {
    let mut tx = scope.begin().await?;
    tickets::find(&mut tx, ticket).await?;
    let all = store::of_ticket(&mut tx, ticket).await?;
    Ok(Json(all.into_iter().map(TicketChecklistOut::from).collect()))
}

/// Give a ticket a checklist
#[utoipa::path(post, path = "/api/v1/staff/tickets/{ticket}/checklists", tag = "staff tickets",
    params(("ticket" = TicketId, Path)), request_body = TicketChecklistIn,
    responses((status = 201, description = "The ticket's copy", body = TicketChecklistOut)))]
pub(super) async fn add(
    State(app): State<App>,
    scope: StaffScope,
    Path(ticket): Path<TicketId>,
    Json(new): Json<TicketChecklistIn>,
) -> Result<(StatusCode, Json<TicketChecklistOut>), Error> {
    let new = actions::add(&app, &scope, ticket, new.template).await?;
    Ok((StatusCode::CREATED, Json(new.into())))
}

/// Tick an item off
#[utoipa::path(patch, path = "/api/v1/staff/tickets/{ticket}/checklists/{checklist}/items/{item}", tag = "staff tickets",
    params(("ticket" = TicketId, Path), ("checklist" = ChecklistId, Path), ("item" = i32, Path)),
    request_body = TicketChecklistItemPatch,
    responses((status = 200, description = "The checklist", body = TicketChecklistOut)))]
pub(super) async fn tick(
    State(app): State<App>,
    scope: StaffScope,
    Path((ticket, id, place)): Path<(TicketId, ChecklistId, i32)>,
    Json(patch): Json<TicketChecklistItemPatch>,
) -> Result<Json<TicketChecklistOut>, Error> {
    let after = actions::tick(&app, &scope, (ticket, id), (place, patch.done)).await?;
    Ok(Json(after.into()))
}

/// Take a checklist off a ticket
#[utoipa::path(delete, path = "/api/v1/staff/tickets/{ticket}/checklists/{checklist}", tag = "staff tickets",
    params(("ticket" = TicketId, Path), ("checklist" = ChecklistId, Path)),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn take_off(
    State(app): State<App>,
    scope: StaffScope,
    Path(place): Path<(TicketId, ChecklistId)>,
) -> Result<StatusCode, Error> {
    actions::take_off(&app, &scope, place).await?;
    Ok(StatusCode::NO_CONTENT)
}
