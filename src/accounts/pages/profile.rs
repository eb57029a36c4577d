//! One's own name and password.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::accounts::actions::{self, AttemptError};
use crate::app::App;
use crate::platform::access::UserScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::secret::Secret;
use crate::platform::web::{Ctx, FormData, FormState, Page, SeeOther};

#[derive(Template)]
#[template(path = "accounts/profile.html")]
struct Profile {
    ctx: Ctx,
    email: String,
    name_form: FormState,
    password_form: FormState,
}

impl Profile {
    fn new(ctx: Ctx, scope: &UserScope) -> Self {
        Self {
            ctx,
            email: scope.actor.email.clone(),
            name_form: FormState::default().with("name", scope.actor.name.clone()),
            password_form: FormState::default(),
        }
    }
}

pub(super) async fn show(scope: UserScope, ctx: Ctx) -> Response {
    Page(Profile::new(ctx, &scope)).into_response()
}

pub(super) async fn rename(
    State(app): State<App>,
    scope: UserScope,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    match form.submit(actions::rename(&app, &scope, form.get("name"))).await {
        Ok(_) => Ok(SeeOther::to("/account").good("Name saved.").into_response()),
        Err(Error::Invalid(errors)) => {
            let name_form = FormState::new(form, errors);
            Ok(Page(Profile {
                name_form,
                ..Profile::new(ctx, &scope)
            })
            .status(422))
        }
        Err(error) => Err(error),
    }
}

pub(super) async fn change_password(
    State(app): State<App>,
    scope: UserScope,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let current = Secret::new(form.get("current").to_owned());
    let (status, errors) = match actions::change_password(&app, &scope, &current, form.get("password")).await
    {
        Ok(ended) => {
            let words = match ended {
                0 => "Password changed.".to_owned(),
                1 => "Password changed, and your other session ended.".to_owned(),
                ended => format!("Password changed, and your {ended} other sessions ended."),
            };
            return Ok(SeeOther::to("/account").good(words).into_response());
        }
        Err(AttemptError::Wrong) => (
            422,
            FieldErrors::one("current", "This is not your present password."),
        ),
        Err(locked @ AttemptError::Locked { .. }) => (429, FieldErrors::one("current", locked.to_string())),
        Err(AttemptError::Other(Error::Invalid(errors))) => (422, errors),
        Err(AttemptError::Other(error)) => return Err(error),
    };
    let password_form = FormState::new(form, errors);
    Ok(Page(Profile {
        password_form,
        ..Profile::new(ctx, &scope)
    })
    .status(status))
}
