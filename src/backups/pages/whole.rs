//! The buttons that get a whole server back.

use axum::extract::State;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, ServerId};
use crate::platform::web::{FormData, Path, SeeOther};

use super::super::actions;
use super::href;

type At = Path<(String, ServerId, BackupId)>;

/// Makes another server.
pub(super) async fn into_new(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, server, id)): At,
) -> Result<SeeOther, Error> {
    match actions::into_new(&app, &scope, (server, id), None).await {
        Ok(asked) => {
            let to = SeeOther::to(format!("/t/{slug}/servers/{}", asked.server.id));
            Ok(to.info(format!("{} is being made from the backup.", asked.server.name)))
        }
        Err(error) => back(&slug, (server, id), error),
    }
}

/// Restores it in place, if its name was typed.
pub(super) async fn over(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, server, id)): At,
    form: FormData,
) -> Result<SeeOther, Error> {
    match actions::over(&app, &scope, (server, id), Some(form.get("confirm"))).await {
        Ok(_) => {
            let to = SeeOther::to(href(&slug, server));
            Ok(to.info("It stops, what it has now is backed up, and then it is restored."))
        }
        Err(error) => back(&slug, (server, id), error),
    }
}

/// Back to the backup, which says why not.
fn back(slug: &str, (server, id): (ServerId, BackupId), error: Error) -> Result<SeeOther, Error> {
    let to = SeeOther::to(format!("{}/{id}", href(slug, server)));
    match error {
        Error::Invalid(errors) => {
            let message = errors.0.first().map(|error| error.message.clone());
            Ok(to.bad(message.unwrap_or_default()))
        }
        error @ (Error::Conflict { .. } | Error::LimitReached { .. }) => Ok(to.bad(error.sentence())),
        error => Err(error),
    }
}
