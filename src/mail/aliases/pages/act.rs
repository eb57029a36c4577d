//! Deleting an alias.

use axum::extract::State;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::MailAliasId;
use crate::platform::web::{Path, SeeOther};

use super::super::actions;
use super::of_domain;

/// Deletes it.
pub(super) async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, MailAliasId)>,
) -> Result<SeeOther, Error> {
    let alias = actions::remove(&app, &scope, id).await?;
    let to = SeeOther::to(of_domain(&scope, alias.domain.0));
    Ok(to.good(format!("{} is deleted.", alias.shown())))
}
