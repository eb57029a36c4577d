//! Signing in and out.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::cookie::CookieJar;

use crate::accounts::AttemptError;
use crate::app::App;
use crate::mail::own::actions;
use crate::platform::error::Error;
use crate::platform::secret::Secret;
use crate::platform::web::{Ctx, FormData, MAILBOX_SIGN_IN, Page, SeeOther, mailbox_cookie};

use super::Browser;

#[derive(Template)]
#[template(path = "mail/own/sign_in.html")]
struct SignIn {
    ctx: Ctx,
    /// Why it did not work; empty at first.
    message: String,
    address: String,
}

pub(in crate::mail::own) async fn show(ctx: Ctx) -> Response {
    let page = SignIn {
        ctx,
        message: String::new(),
        address: String::new(),
    };
    Page(page).into_response()
}

pub(in crate::mail::own) async fn sign_in(
    State(app): State<App>,
    browser: Browser,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let (address, password) = (form.get("address"), Secret::new(form.get("password").to_owned()));
    let old = browser.cookie.as_deref();
    let refusal = match actions::sign_in(&app, &browser.client, (address, &password), old).await {
        Ok(cookie) => {
            let cookies = CookieJar::new().add(mailbox_cookie(cookie.expose().clone()));
            return Ok((cookies, SeeOther::to("/mailbox")).into_response());
        }
        Err(AttemptError::Other(error)) => return Err(error),
        Err(refusal) => refusal,
    };
    let status = if matches!(refusal, AttemptError::Locked { .. }) {
        429
    } else {
        422
    };
    let page = SignIn {
        ctx,
        message: refusal.to_string(),
        address: address.to_owned(),
    };
    Ok(Page(page).status(status))
}

pub(in crate::mail::own) async fn sign_out(
    State(app): State<App>,
    browser: Browser,
) -> Result<Response, Error> {
    if let Some(cookie) = &browser.cookie {
        actions::sign_out(&app, &browser.client, cookie).await?;
    }
    let mut cookie = mailbox_cookie(String::new());
    cookie.make_removal();
    let to = SeeOther::to(MAILBOX_SIGN_IN).info("You are signed out.");
    Ok((CookieJar::new().add(cookie), to).into_response())
}
