//! The buttons that get a whole server back.

use axum::extract::State;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, ServerId};
use crate::platform::web::{FormData, Path, SeeOther};

use super::super::{actions, store};
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
        Err(error) => back(format!("{}/{id}", href(&slug, server)), error),
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
        Err(error) => {
            let backup = store::any(&mut scope.begin().await?, id).await?;
            // That of another server is restored from a page of its own.
            let page = if backup.server == Some(server) {
                format!("{}/{id}", href(&slug, server))
            } else {
                format!("/t/{slug}/backups/{id}")
            };
            back(page, error)
        }
    }
}

/// Back to the backup's page, which says why not.
pub(super) fn back(page: String, error: Error) -> Result<SeeOther, Error> {
    let to = SeeOther::to(page);
    match error {
        Error::Invalid(errors) => {
            let message = errors.0.first().map(|error| error.message.clone());
            Ok(to.bad(message.unwrap_or_default()))
        }
        error @ (Error::Conflict { .. } | Error::LimitReached { .. }) => Ok(to.bad(error.sentence())),
        error => Err(error),
    }
}
