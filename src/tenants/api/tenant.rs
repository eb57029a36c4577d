//! A tenant about itself, and the way out of it.

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::web::{Json, Tagged};

use super::super::actions::{self, By};
use super::super::store;
use super::outs::TenantOut;

/// Show your tenant
///
/// Its plan, limits, what is used of them, and its status.
#[utoipa::path(get, path = "/api/v1/tenant", tag = "tenant",
    responses((status = 200, description = "Your tenant", body = TenantOut)))]
pub(crate) async fn show(
    State(app): State<App>,
    scope: TenantScope,
) -> Result<Tagged<Json<TenantOut>>, Error> {
    let mut tx = scope.begin().await?;
    let tenant = store::find_tenant(&mut tx, scope.tenant()).await?;
    let usage = store::usage(&mut tx, tenant.id, app.now()).await?;
    Ok(Tagged(tenant.version, Json(TenantOut::new(tenant, usage))))
}

/// Leave your tenant
///
/// Ends the membership of the token's owner, whatever their role, and with it this token. The last owner can't leave.
#[utoipa::path(post, path = "/api/v1/tenant/leave", tag = "tenant",
    responses((status = 204, description = "The membership has ended")))]
pub(crate) async fn leave(State(app): State<App>, scope: TenantScope) -> Result<StatusCode, Error> {
    actions::remove(&app, By::Member(&scope), scope.actor.user).await?;
    Ok(StatusCode::NO_CONTENT)
}
