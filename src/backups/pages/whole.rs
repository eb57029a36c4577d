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
        Err(error) => SeeOther::to(format!("{}/{id}", href(&slug, server))).refused_or_invalid(error),
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
            SeeOther::to(page).refused_or_invalid(error)
        }
    }
}
