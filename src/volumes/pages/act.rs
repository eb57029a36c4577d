//! Deleting a volume, and detaching it.

use axum::extract::State;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, VolumeId};
use crate::platform::web::{FormData, Path, SeeOther};

use super::super::actions;
use super::{base, href, tab};

/// Deletes it, if its name was typed.
pub(super) async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, VolumeId)>,
    data: FormData,
) -> Result<SeeOther, Error> {
    match actions::remove(&app, &scope, id, Some(data.get("confirm"))).await {
        Ok(asked) => Ok(SeeOther::to(base(&scope)).info(format!("{} is being deleted.", asked.volume.name))),
        Err(Error::Invalid(errors)) => {
            let message = errors.get("confirm").unwrap_or_default().to_owned();
            Ok(SeeOther::to(href(&scope, id)).bad(message))
        }
        Err(error @ Error::Conflict { .. }) => Ok(SeeOther::to(href(&scope, id)).bad(error.sentence())),
        Err(error) => Err(error),
    }
}

/// Detaches it from a server.
pub(super) async fn detach(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id, server)): Path<(String, VolumeId, ServerId)>,
    data: FormData,
) -> Result<SeeOther, Error> {
    let to = if data.get("from") == "server" {
        SeeOther::to(tab(&scope, server))
    } else {
        SeeOther::to(href(&scope, id))
    };
    match actions::detach(&app, &scope, (id, server)).await {
        Ok(_) => Ok(to.info("It is being detached. Its data stays.")),
        Err(error) => to.refused(error),
    }
}
