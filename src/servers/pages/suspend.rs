//! Suspending one server, and letting it go on.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::{Ctx, FormData, FormState, Path, SeeOther};

use super::super::actions;
use super::staff;

/// Suspends a server, with a reason.
pub async fn suspend(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<ServerId>,
    data: FormData,
) -> Result<Response, Error> {
    let suspended = actions::suspend(&app, &scope, id, data.get("reason"));
    match data.submit(suspended).await {
        Ok(asked) => {
            let words = format!("Suspended {}. Its customer reads the reason.", asked.server.name);
            Ok(SeeOther::to(format!("/staff/servers/{id}"))
                .good(words)
                .into_response())
        }
        Err(Error::Invalid(errors)) => {
            let form = FormState::new(data, errors);
            Ok(staff::page(&app, &scope, ctx, id, form).await?.status(422))
        }
        Err(error) => Err(error),
    }
}

/// Lets a server be again what it was.
pub async fn resume(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ServerId>,
) -> Result<SeeOther, Error> {
    let asked = actions::resume(&app, &scope, id).await?;
    let words = format!("Resumed {}. It becomes what it was before.", asked.server.name);
    Ok(SeeOther::to(format!("/staff/servers/{id}")).good(words))
}
