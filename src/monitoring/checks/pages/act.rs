//! The buttons of a check.

use axum::extract::State;

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{CheckId, ServerId};
use crate::platform::web::{Path, SeeOther};

use super::super::actions;

/// Where a check is.
pub(super) fn href(slug: &str, id: CheckId) -> String {
    format!("/t/{slug}/checks/{id}")
}

/// Where a server's checks are.
pub(super) fn list_href(slug: &str, server: ServerId) -> String {
    format!("/t/{slug}/servers/{server}/checks")
}

/// Pauses it.
pub(super) async fn pause(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, CheckId)>,
) -> Result<SeeOther, Error> {
    actions::set_paused(&app, &scope, id, true).await?;
    Ok(SeeOther::to(href(&slug, id)).good("Paused. Nobody looks until you resume it."))
}

/// Resumes it.
pub(super) async fn resume(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, CheckId)>,
) -> Result<SeeOther, Error> {
    actions::set_paused(&app, &scope, id, false).await?;
    Ok(SeeOther::to(href(&slug, id)).good("Resumed."))
}

/// Has somebody look.
pub(super) async fn run(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, CheckId)>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(href(&slug, id));
    match actions::run_now(&app, &scope, id).await {
        Ok(_) => Ok(to.info("Looking. What is found shows in a moment.")),
        Err(error) => to.refused(error),
    }
}

/// Deletes it.
pub(super) async fn delete(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, CheckId)>,
) -> Result<SeeOther, Error> {
    let check = actions::delete(&app, &scope, id).await?;
    Ok(SeeOther::to(list_href(&slug, check.server)).good("Deleted."))
}

/// Pauses any tenant's.
pub(super) async fn staff_pause(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<CheckId>,
) -> Result<SeeOther, Error> {
    let check = actions::set_paused_as_staff(&app, &scope, id, true).await?;
    Ok(SeeOther::to("/staff/checks").good(format!("{} of {} is paused.", check.name, check.server_name)))
}

/// Resumes any tenant's.
pub(super) async fn staff_resume(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<CheckId>,
) -> Result<SeeOther, Error> {
    let check = actions::set_paused_as_staff(&app, &scope, id, false).await?;
    Ok(SeeOther::to("/staff/checks").good(format!("{} of {} is resumed.", check.name, check.server_name)))
}
