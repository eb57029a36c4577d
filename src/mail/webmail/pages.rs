//! The page between the panel and webmail.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::MailboxScope;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Page};

use super::actions;

/// A page, since a form of ours may not lead to another site: form-action of the Content-Security-Policy holds for where an answer
/// sends the browser, too.
#[derive(Template)]
#[template(path = "mail/webmail/opening.html")]
struct Opening {
    ctx: Ctx,
    to: String,
}

/// Opens webmail.
pub(super) async fn open(State(app): State<App>, scope: MailboxScope, ctx: Ctx) -> Result<Response, Error> {
    let to = actions::open(&app, &scope).await?;
    let to = to.expose().clone();
    Ok(Page(Opening { ctx, to }).into_response())
}
