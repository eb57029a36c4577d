//! Starting an import, and giving it up.

use axum::extract::State;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::MailImportId;
use crate::platform::web::{Path, SeeOther};

use super::super::actions;
use super::href;

/// Starts it.
pub(super) async fn start(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, MailImportId)>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(href(&scope, id));
    match actions::start(&app, &scope, id).await {
        Ok(_) => Ok(to.good("The import has begun. You need not stay on this page.")),
        Err(error) => to.refused(error),
    }
}

/// Gives it up.
pub(super) async fn cancel(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, MailImportId)>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(href(&scope, id));
    match actions::cancel(&app, &scope, id).await {
        Ok(_) => Ok(to.good("The import is cancelled. What was made stays.")),
        Err(error) => to.refused(error),
    }
}
