//! Signing in and out.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

use crate::accounts::actions::{self, AttemptError, SignedIn};
use crate::app::App;
use crate::config::Config;
use crate::platform::error::Error;
use crate::platform::secret::Secret;
use crate::platform::web::{
    Ctx, FormData, KEPT, Page, Query, SeeOther, local_path, session_cookie, way_back, who_cookie,
};

use super::{Guest, enter};

#[derive(Template)]
#[template(path = "accounts/sign_in.html")]
struct SignIn {
    ctx: Ctx,
    /// Why it did not work; empty at first.
    message: String,
    email: String,
    next: String,
    /// A form that comes back after signing in, sealed; empty without one.
    kept: String,
    /// Browsers throw the cookie away.
    needs_https: bool,
}

/// The page for whoever sends a form after the session has ended, with the form as `platform::web` keeps it.
pub fn ask_again(ctx: Ctx, kept: String) -> Response {
    let page = SignIn {
        ctx,
        message: String::new(),
        email: String::new(),
        next: "/".to_owned(),
        kept,
        // There was a session, so browsers keep cookies.
        needs_https: false,
    };
    Page(page).into_response()
}

/// Signed in again, and the form waits.
#[derive(Template)]
#[template(path = "accounts/way_back.html")]
struct WayBack {
    ctx: Ctx,
    address: String,
    kept: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

/// Browsers keep a cookie marked Secure over HTTPS, and on this very machine.
fn needs_https(config: &Config) -> bool {
    let host = config.public_url.strip_prefix("http://").unwrap_or_default();
    let is_here = ["127.", "localhost", "[::1]"]
        .iter()
        .any(|here| host.starts_with(here));
    !config.is_https() && !is_here
}

pub(super) async fn show(
    State(app): State<App>,
    guest: Guest,
    ctx: Ctx,
    Query(query): Query<Next>,
) -> Response {
    let next = local_path(&query.next).unwrap_or("/");
    if guest.visitor.actor.is_some() {
        return SeeOther::to(next).into_response();
    }
    let page = SignIn {
        ctx,
        message: String::new(),
        email: String::new(),
        next: next.to_owned(),
        kept: String::new(),
        needs_https: needs_https(&app.config),
    };
    Page(page).into_response()
}

pub(super) async fn sign_in(
    State(app): State<App>,
    guest: Guest,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let next = local_path(form.get("next")).unwrap_or("/");
    let (email, password) = (form.get("email"), Secret::new(form.get("password").to_owned()));
    let outcome = actions::sign_in(&app, &guest.client, (email, &password), guest.cookie.as_deref()).await;
    let refusal = match outcome {
        Ok(signed_in) => return Ok(welcome(&app, ctx, &signed_in, form.get(KEPT), next)),
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
        email: email.to_owned(),
        next: next.to_owned(),
        kept: form.get(KEPT).to_owned(),
        needs_https: needs_https(&app.config),
    };
    Ok(Page(page).status(status))
}

/// Goes on, by way of the form that was kept. One that was somebody else's is dropped.
fn welcome(app: &App, ctx: Ctx, signed_in: &SignedIn, kept: &str, next: &str) -> Response {
    if kept.is_empty() {
        return enter(app, signed_in, SeeOther::to(next));
    }
    match way_back(&app.keyring, kept, signed_in.user, app.now()) {
        Some(address) => {
            let kept = kept.to_owned();
            enter(app, signed_in, Page(WayBack { ctx, address, kept }))
        }
        None => {
            let words = "What was typed here before was not yours, or is too old. It was dropped.";
            enter(app, signed_in, SeeOther::to("/").info(words))
        }
    }
}

pub(super) async fn sign_out(State(app): State<App>, guest: Guest) -> Result<Response, Error> {
    if let Some(cookie) = &guest.cookie {
        actions::sign_out(&app, &guest.client, cookie).await?;
    }
    let mut cookie = session_cookie(String::new());
    cookie.make_removal();
    let cookies = CookieJar::new().add(cookie).add(who_cookie(&app.keyring, None));
    let to = SeeOther::to("/sign-in").info("You are signed out.");
    Ok((cookies, to).into_response())
}
