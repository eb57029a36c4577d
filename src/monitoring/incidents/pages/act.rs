//! Closing an incident.

use axum::extract::State;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::IncidentId;
use crate::platform::web::{FormData, Path, SeeOther};

use super::super::actions;

/// Closes it, for the reason that was typed into the dialog.
pub(super) async fn close(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<IncidentId>,
    form: FormData,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(format!("/staff/incidents/{id}"));
    match actions::close(&app, &scope, id, form.get("reason")).await {
        Ok(_) => Ok(to.good("Closed. It opens again only after its cause was good once.")),
        Err(error) => to.refused_or_invalid(error),
    }
}
