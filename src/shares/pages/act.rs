//! Deleting a share, and taking it from somebody.

use axum::extract::State;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, ShareId};
use crate::platform::web::{Path, SeeOther};

use super::super::actions;
use super::{base, href};

/// Deletes it.
pub(super) async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id, share)): Path<(String, ServerId, ShareId)>,
) -> Result<SeeOther, Error> {
    match actions::remove(&app, &scope, id, share).await {
        Ok(()) => Ok(SeeOther::to(base(&scope, id)).good("The share is deleted. Its folder stays.")),
        Err(error) => SeeOther::to(href(&scope, id, share)).refused(error),
    }
}

/// Takes it from somebody.
pub(super) async fn take(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id, share, login)): Path<(String, ServerId, ShareId, String)>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(href(&scope, id, share));
    match actions::remove_person(&app, &scope, (id, share), &login).await {
        Ok(()) => Ok(to.good(format!("{login} no longer has it."))),
        Err(error) => to.refused(error),
    }
}
