//! Choosing a new password with a link.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::accounts::actions;
use crate::app::App;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther};

use super::{Guest, gone};

#[derive(Template)]
#[template(path = "accounts/password.html")]
struct Reset {
    ctx: Ctx,
    email: String,
    form: FormState,
}

fn closed(ctx: Ctx) -> Response {
    gone(
        ctx,
        "This password link does not work",
        "A password link works once, for 24 hours, and only the newest does. Ask your provider for a new one.",
    )
}

pub(super) async fn show(
    State(app): State<App>,
    ctx: Ctx,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    match actions::view_password_link(&app, &token).await? {
        Some(email) => Ok(Page(Reset {
            ctx,
            email,
            form: FormState::default(),
        })
        .into_response()),
        None => Ok(closed(ctx)),
    }
}

pub(super) async fn reset(
    State(app): State<App>,
    guest: Guest,
    ctx: Ctx,
    Path(token): Path<String>,
    form: FormData,
) -> Result<Response, Error> {
    let Some(email) = actions::view_password_link(&app, &token).await? else {
        return Ok(closed(ctx));
    };
    match actions::reset_password(&app, &guest.client, &token, form.get("password")).await {
        Ok(()) => {
            let words = "Your password is set and all sessions have ended. Sign in; then look through your API tokens, \
                         which still work.";
            Ok(SeeOther::to("/sign-in").good(words).into_response())
        }
        Err(Error::NotFound) => Ok(closed(ctx)),
        Err(Error::Invalid(errors)) => Ok(Page(Reset {
            ctx,
            email,
            form: FormState::new(form, errors),
        })
        .status(422)),
        Err(error) => Err(error),
    }
}
