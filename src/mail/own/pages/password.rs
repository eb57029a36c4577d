//! Choosing another mail password.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::cookie::CookieJar;

use crate::accounts::AttemptError;
use crate::app::App;
use crate::mail::filters::frame;
use crate::mail::own::actions;
use crate::platform::access::MailboxScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::secret::Secret;
use crate::platform::web::{Ctx, FormData, FormState, SeeOther, mailbox_cookie};

use super::{Browser, desk};

#[derive(Template)]
#[template(path = "mail/own/password.html")]
struct Body {
    address: String,
    form: FormState,
}

fn page(scope: &MailboxScope, ctx: Ctx, form: FormState, status: u16) -> Result<Response, Error> {
    let address = scope.owner.address.clone();
    let body = Body {
        address: address.clone(),
        form,
    };
    frame(&desk(scope), ctx, ("Password", &address), &body, status)
}

/// Shows the form.
pub(in crate::mail::own) async fn show(scope: MailboxScope, ctx: Ctx) -> Result<Response, Error> {
    page(&scope, ctx, FormState::default(), 200)
}

/// Changes it.
pub(in crate::mail::own) async fn change(
    State(app): State<App>,
    scope: MailboxScope,
    browser: Browser,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let current = Secret::new(form.get("current").to_owned());
    let proof = (&current, form.get("password"));
    let (errors, status) = match actions::change_password(&app, &scope, &browser.client, proof).await {
        Ok(cookie) => {
            let cookies = CookieJar::new().add(mailbox_cookie(cookie.expose().clone()));
            let words =
                "Password changed. Programs that had the old one ask for the new one; app passwords go on.";
            let to = SeeOther::to("/mailbox/password").good(words);
            return Ok((cookies, to).into_response());
        }
        Err(AttemptError::Wrong) => (
            FieldErrors::one("current", "This is not your present password."),
            422,
        ),
        Err(locked @ AttemptError::Locked { .. }) => (FieldErrors::one("current", locked.to_string()), 429),
        Err(AttemptError::Other(Error::Invalid(errors))) => (errors, 422),
        Err(AttemptError::Other(error)) => return Err(error),
    };
    page(&scope, ctx, FormState::new(form, errors), status)
}
