//! The first page that anybody sees: becoming the owner of the installation.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::accounts::actions::{self, NewPerson};
use crate::app::App;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther};

use super::{Guest, enter, gone};

#[derive(Template)]
#[template(path = "accounts/setup.html")]
struct Setup {
    ctx: Ctx,
    form: FormState,
}

fn closed(ctx: Ctx) -> Response {
    gone(
        ctx,
        "This set-up link does not work",
        "A set-up link works once, for 24 hours, and only the newest does. If nobody has set Berth up yet, start \
         `berth serve` again: it prints a new link. If somebody has, ask them for an invitation.",
    )
}

pub(super) async fn lost(ctx: Ctx) -> Response {
    closed(ctx)
}

pub(super) async fn show(
    State(app): State<App>,
    ctx: Ctx,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    if !actions::is_setup_link(&app, &token).await? {
        return Ok(closed(ctx));
    }
    let form = FormState::default();
    Ok(Page(Setup { ctx, form }).into_response())
}

pub(super) async fn complete(
    State(app): State<App>,
    guest: Guest,
    ctx: Ctx,
    Path(token): Path<String>,
    form: FormData,
) -> Result<Response, Error> {
    let person = NewPerson {
        name: form.get("name"),
        email: form.get("email"),
        password: form.get("password"),
    };
    match actions::complete_setup(&app, &guest.client, &token, &person, guest.cookie.as_deref()).await {
        Ok(signed_in) => {
            let to = SeeOther::to("/staff").good("Berth is yours. Begin with a plan and a tenant.");
            Ok(enter(&app, &signed_in, to))
        }
        Err(Error::NotFound) => Ok(closed(ctx)),
        Err(Error::Invalid(errors)) => {
            let form = FormState::new(form, errors);
            Ok(Page(Setup { ctx, form }).status(422))
        }
        Err(error) => Err(error),
    }
}
