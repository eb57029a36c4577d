//! The buttons of a schedule.

use axum::extract::State;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{ScheduleId, ServerId};
use crate::platform::web::{Path, SeeOther};

use super::super::actions;

type Place = Path<(String, ServerId, ScheduleId)>;

/// Where a server's schedules are.
pub(super) fn list_href(slug: &str, server: ServerId) -> String {
    format!("/t/{slug}/servers/{server}/schedules")
}

/// Where a schedule is.
pub(super) fn href(slug: &str, server: ServerId, id: ScheduleId) -> String {
    format!("{}/{id}", list_href(slug, server))
}

/// Pauses it.
pub(super) async fn pause(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, server, id)): Place,
) -> Result<SeeOther, Error> {
    actions::set_paused(&app, &scope, (server, id), true).await?;
    Ok(SeeOther::to(href(&slug, server, id)).good("Paused. It runs again when you resume it."))
}

/// Resumes it.
pub(super) async fn resume(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, server, id)): Place,
) -> Result<SeeOther, Error> {
    actions::set_paused(&app, &scope, (server, id), false).await?;
    Ok(SeeOther::to(href(&slug, server, id)).good("Resumed."))
}

/// Runs it now.
pub(super) async fn run(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, server, id)): Place,
) -> Result<SeeOther, Error> {
    actions::run_now(&app, &scope, (server, id)).await?;
    Ok(SeeOther::to(href(&slug, server, id)).info("It runs now."))
}

/// Deletes it.
pub(super) async fn delete(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, server, id)): Place,
) -> Result<SeeOther, Error> {
    actions::delete(&app, &scope, (server, id)).await?;
    Ok(SeeOther::to(list_href(&slug, server)).good("Deleted."))
}
