//! The page with everything that somebody types into a mail program, and the profile for Apple's devices: for people of the tenant
//! and for the mailbox's own person, whose phone it is.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::mail::filters::{Desk, frame};
use crate::platform::error::Error;
use crate::platform::web::Ctx;
use crate::platform::web::page::attachment;

use super::model::{Server, servers};
use super::profile::Profile;
use super::store::{self, Owner};

#[derive(Debug, Template)]
#[template(path = "mail/clients/show.html")]
struct Body {
    /// Where the profile is.
    profile: String,
    owner: Owner,
    host: String,
    servers: [Server; 4],
}

/// What to type in.
pub(super) async fn show(State(app): State<App>, desk: Desk, ctx: Ctx) -> Result<Response, Error> {
    let owner = store::owner(&mut desk.begin().await?, desk.mailbox()).await?;
    let address = owner.address.clone();
    let body = Body {
        profile: profile_of(&desk),
        owner,
        host: app.config.mail_host().to_owned(),
        servers: servers(app.config.mail_client_ports),
    };
    frame(&desk, ctx, ("Set up a program", &address), &body, 200)
}

fn profile_of(desk: &Desk) -> String {
    match desk {
        Desk::Tenant(..) => format!("{}/apple", desk.base()),
        Desk::Own(_) => format!("{}/set-up-program/apple", desk.base()),
    }
}

/// Who provides the mailbox, as far as whoever asks may know: its own person knows its domain only.
fn organisation<'a>(desk: &'a Desk, address: &'a str) -> &'a str {
    match desk {
        Desk::Tenant(scope, _) => &scope.member.name,
        Desk::Own(_) => address.rsplit('@').next().unwrap_or_default(),
    }
}

/// The profile.
pub(super) async fn apple(State(app): State<App>, desk: Desk) -> Result<Response, Error> {
    let mailbox = desk.mailbox();
    let owner = store::owner(&mut desk.begin().await?, mailbox).await?;
    let [incoming, _, outgoing, _] = servers(app.config.mail_client_ports);
    let profile = Profile {
        mailbox,
        address: &owner.address,
        name: &owner.name,
        organisation: organisation(&desk, &owner.address),
        host: app.config.mail_host(),
        incoming,
        outgoing,
    };
    let kind = HeaderValue::from_static("application/x-apple-aspen-config; charset=utf-8");
    let name = attachment(&format!("{}.mobileconfig", owner.address.replace('@', "-")));
    Ok(([(header::CONTENT_TYPE, kind), name], profile.plist()).into_response())
}
