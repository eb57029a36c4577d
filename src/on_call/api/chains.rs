//! Chains.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::EscalationId;
use crate::platform::web::{IfMatch, Json, Path, Tagged};

use super::super::model::{Chain, ChainIn, ChainText};
use super::super::{actions, store};
use super::outs::EscalationOut;

fn tagged(chain: &Chain) -> Tagged<Json<EscalationOut>> {
    Tagged(chain.version, Json(EscalationOut::from(chain)))
}

/// List escalation chains
#[utoipa::path(get, path = "/api/v1/staff/on-call/chains", tag = "staff on call",
    responses((status = 200, description = "All of them, by name", body = Vec<EscalationOut>)))]
pub async fn list(scope: StaffScope) -> Result<Json<Vec<EscalationOut>>, Error> {
    let chains = store::chains(&mut scope.begin().await?).await?;
    Ok(Json(chains.iter().map(EscalationOut::from).collect()))
}

/// Make an escalation chain
///
/// The first one is the one that tickets page by.
#[utoipa::path(post, path = "/api/v1/staff/on-call/chains", tag = "staff on call", request_body = ChainIn,
    responses((status = 201, description = "The chain", body = EscalationOut)))]
pub async fn create(
    State(app): State<App>,
    scope: StaffScope,
    Json(new): Json<ChainIn>,
) -> Result<Response, Error> {
    let chain = actions::create_chain(&app, &scope, &ChainText::default().with(new)).await?;
    Ok((StatusCode::CREATED, tagged(&chain)).into_response())
}

/// Show an escalation chain
#[utoipa::path(get, path = "/api/v1/staff/on-call/chains/{chain}", tag = "staff on call", params(("chain" = EscalationId, Path)),
    responses((status = 200, description = "The chain", body = EscalationOut)))]
pub async fn show(
    scope: StaffScope,
    Path(id): Path<EscalationId>,
) -> Result<Tagged<Json<EscalationOut>>, Error> {
    Ok(tagged(&store::chain(&mut scope.begin().await?, id).await?))
}

/// Change an escalation chain
///
/// What pages by it at this moment goes on with its new levels.
#[utoipa::path(patch, path = "/api/v1/staff/on-call/chains/{chain}", tag = "staff on call", params(("chain" = EscalationId, Path)),
    request_body = ChainIn, responses((status = 200, description = "The chain", body = EscalationOut)))]
pub async fn change(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<EscalationId>,
    if_match: IfMatch,
    Json(said): Json<ChainIn>,
) -> Result<Tagged<Json<EscalationOut>>, Error> {
    let is_seen = |version| if_match.check(version);
    let chain = actions::change_chain(&app, &scope, id, |text| text.with(said), is_seen).await?;
    Ok(tagged(&chain))
}

/// Delete an escalation chain
///
/// One that tickets do not page by, or the last one.
#[utoipa::path(delete, path = "/api/v1/staff/on-call/chains/{chain}", tag = "staff on call", params(("chain" = EscalationId, Path)),
    responses((status = 204, description = "It is gone")))]
pub async fn remove(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<EscalationId>,
) -> Result<StatusCode, Error> {
    actions::delete_chain(&app, &scope, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Page by an escalation chain
///
/// Tickets do from now on.
#[utoipa::path(post, path = "/api/v1/staff/on-call/chains/{chain}/default", tag = "staff on call",
    params(("chain" = EscalationId, Path)), responses((status = 200, description = "The chain", body = EscalationOut)))]
pub async fn make_default(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<EscalationId>,
) -> Result<Tagged<Json<EscalationOut>>, Error> {
    Ok(tagged(&actions::make_default(&app, &scope, id).await?))
}
