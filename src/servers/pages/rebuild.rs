//! The button that makes a server's container anew.

use axum::extract::State;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::{Path, SeeOther};

use super::super::actions;
use super::href;

/// Rebuilds a server.
pub async fn act(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, ServerId)>,
) -> Result<SeeOther, Error> {
    actions::rebuild(&app, &scope, id).await?;
    Ok(SeeOther::to(href(&slug, id)).info("Rebuilding. Its data stays."))
}
