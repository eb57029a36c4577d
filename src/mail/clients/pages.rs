//! The page with everything that somebody types into a mail program, and the profile for Apple's devices.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::MailboxId;
use crate::platform::web::page::attachment;
use crate::platform::web::{Ctx, Page, Path};

use super::model::{Server, servers};
use super::profile::Profile;
use super::store::{self, Owner};

#[derive(Debug, Template)]
#[template(path = "mail/clients/show.html")]
pub(super) struct SetUp {
    ctx: Ctx,
    base: String,
    owner: Owner,
    host: String,
    servers: [Server; 4],
}

/// What to type in.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, mailbox)): Path<(String, MailboxId)>,
) -> Result<Page<SetUp>, Error> {
    let owner = store::owner(&mut scope.begin().await?, mailbox).await?;
    let mail = format!("/t/{}/mail", scope.member.slug);
    let base = format!("{mail}/mailboxes/{mailbox}");
    Ok(Page(SetUp {
        ctx: ctx.with_crumbs([("Mail".to_owned(), mail), (owner.address.clone(), base.clone())]),
        base,
        owner,
        host: app.config.mail_host().to_owned(),
        servers: servers(app.config.mail_client_ports),
    }))
}

/// The profile.
pub(super) async fn apple(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, mailbox)): Path<(String, MailboxId)>,
) -> Result<Response, Error> {
    let owner = store::owner(&mut scope.begin().await?, mailbox).await?;
    let [incoming, _, outgoing, _] = servers(app.config.mail_client_ports);
    let profile = Profile {
        mailbox,
        address: &owner.address,
        name: &owner.name,
        organisation: &scope.member.name,
        host: app.config.mail_host(),
        incoming,
        outgoing,
    };
    let kind = HeaderValue::from_static("application/x-apple-aspen-config; charset=utf-8");
    let name = attachment(&format!("{}.mobileconfig", owner.address.replace('@', "-")));
    Ok(([(header::CONTENT_TYPE, kind), name], profile.plist()).into_response())
}
