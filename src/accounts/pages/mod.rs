//! The pages of accounts: entering, one's own account, and the provider's people.

mod entry;
mod invite;
mod password;
mod people;
mod person;
mod profile;
mod sessions;
mod setup;
mod tokens;

use std::convert::Infallible;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::CookieJar;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, Rule, Visitor};
use crate::platform::web::{Ctx, Page, Routes, SESSION_COOKIE, ago, session_cookie, who_cookie};

pub use entry::ask_again;

use super::actions::SignedIn;
use super::model::Client;

/// Every page and form of accounts.
pub(super) fn routes() -> Routes<App> {
    entry_routes().merge(account_routes()).merge(people_routes())
}

fn entry_routes() -> Routes<App> {
    Routes::new()
        .get("/sign-in", Rule::Public, entry::show)
        .post("/sign-in", Rule::Public, entry::sign_in)
        .post("/sign-out", Rule::Public, entry::sign_out)
        .get("/setup", Rule::Public, setup::lost)
        .get("/setup/{token}", Rule::Public, setup::show)
        .post("/setup/{token}", Rule::Public, setup::complete)
        .get("/invite/{token}", Rule::Public, invite::show)
        .post("/invite/{token}", Rule::Public, invite::accept)
        .get("/password/{token}", Rule::Public, password::show)
        .post("/password/{token}", Rule::Public, password::reset)
}

fn account_routes() -> Routes<App> {
    Routes::new()
        .get("/account", Rule::SignedIn, profile::show)
        .form(
            "/account/name",
            Rule::Own(Permission::ProfileWrite),
            profile::rename,
        )
        .post("/account/password", Rule::SignedIn, profile::change_password)
        .get("/account/sessions", Rule::SignedIn, sessions::list)
        .post(
            "/account/sessions/end-others",
            Rule::SignedIn,
            sessions::end_others,
        )
        .post("/account/sessions/{session}/end", Rule::SignedIn, sessions::end)
        .get("/account/tokens", Rule::SignedIn, tokens::list)
        .get("/account/tokens/new", Rule::SignedIn, tokens::new)
        .form("/account/tokens/new", Rule::SignedIn, tokens::create)
        .post("/account/tokens/{token}/revoke", Rule::SignedIn, tokens::revoke)
}

fn people_routes() -> Routes<App> {
    let (read, manage) = (
        Rule::Staff(Permission::StaffPeopleRead),
        Rule::Staff(Permission::StaffPeopleManage),
    );
    Routes::new()
        .get("/staff/people", read, people::list)
        .get("/staff/people/invite", manage, people::invite_form)
        .form("/staff/people/invite", manage, people::invite)
        .post(
            "/staff/people/invitations/{invitation}/revoke",
            manage,
            people::revoke_invitation,
        )
        .get("/staff/people/{person}", read, person::show)
        .post("/staff/people/{person}/role", manage, person::change_role)
        .post("/staff/people/{person}/disable", manage, person::disable)
        .post("/staff/people/{person}/enable", manage, person::enable)
        .post(
            "/staff/people/{person}/password-link",
            manage,
            person::password_link,
        )
}

/// Whoever calls a public page, with the browser's present session.
struct Guest {
    visitor: Visitor,
    client: Client,
    cookie: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Guest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let visitor = Visitor::from_request_parts(parts, state).await?;
        let user_agent = parts
            .headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok());
        let client = Client::new(&visitor.ip, user_agent.unwrap_or_default(), &visitor.request_id);
        let cookie = CookieJar::from_headers(&parts.headers)
            .get(SESSION_COOKIE)
            .map(|cookie| cookie.value().to_owned());
        Ok(Self {
            visitor,
            client,
            cookie,
        })
    }
}

/// Hands the new session to the browser and goes on.
fn enter(app: &App, signed_in: &SignedIn, to: impl IntoResponse) -> Response {
    let cookies = CookieJar::new()
        .add(session_cookie(signed_in.cookie.expose().clone()))
        .add(who_cookie(&app.keyring, Some(signed_in.user)));
    (cookies, to).into_response()
}

/// A time as pages show it.
struct Moment {
    iso: String,
    text: String,
}

impl Moment {
    fn new(at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self {
            iso: at.to_rfc3339(),
            text: ago(at, now),
        }
    }
}

#[derive(Template)]
#[template(path = "accounts/gone.html")]
struct Gone {
    ctx: Ctx,
    title: &'static str,
    advice: &'static str,
}

/// A link that works no more, or never did.
fn gone(ctx: Ctx, title: &'static str, advice: &'static str) -> Response {
    Page(Gone { ctx, title, advice }).status(404)
}

#[derive(Template)]
#[template(path = "accounts/link.html")]
struct LinkPage {
    ctx: Ctx,
    title: String,
    text: String,
    url: String,
    back: String,
}

/// A link that is shown once, to hand it on.
fn show_link(ctx: Ctx, title: String, text: String, url: String, back: String) -> Response {
    Page(LinkPage {
        ctx,
        title,
        text,
        url,
        back,
    })
    .into_response()
}
