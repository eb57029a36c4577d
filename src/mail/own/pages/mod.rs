//! The pages of a mailbox's own person.

pub(super) mod aliases;
pub(super) mod app_passwords;
pub(super) mod entry;
pub(super) mod overview;
pub(super) mod password;

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum_extra::extract::cookie::CookieJar;

use crate::accounts::Client;
use crate::mail::filters::Desk;
use crate::platform::access::{MailboxScope, Visitor};
use crate::platform::web::{ClientAddress, MAILBOX_COOKIE};

/// The browser, and its present session.
pub(super) struct Browser {
    client: Client,
    cookie: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        // On public routes the guard tells; on those of a mailbox the scope does.
        let visitor = Visitor::from_request_parts(parts, state).await?;
        let scope = parts.extensions.get::<MailboxScope>();
        let address = parts
            .extensions
            .get::<ClientAddress>()
            .copied()
            .unwrap_or_default();
        let request_id = scope.and_then(|scope| scope.who.request_id.clone());
        let user_agent = parts.headers.get(header::USER_AGENT);
        let user_agent = user_agent.and_then(|value| value.to_str().ok());
        let client = Client::new(
            &address.to_string(),
            user_agent.unwrap_or_default(),
            &request_id.unwrap_or(visitor.request_id),
        );
        let cookie = CookieJar::from_headers(&parts.headers)
            .get(MAILBOX_COOKIE)
            .map(|cookie| cookie.value().to_owned());
        Ok(Self { client, cookie })
    }
}

/// The frame is drawn for whoever works at the mailbox: here its own person.
fn desk(scope: &MailboxScope) -> Desk {
    Desk::Own(Box::new(scope.clone()))
}
