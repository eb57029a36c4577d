//! The guard of mailboxes' own people: another cookie, another question, another place to sign in.
//!
//! They are no actors, so nothing of what users may do is even asked. Of a suspended tenant they look and change nothing.

use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar};

use crate::platform::access::{MailboxOwner, MailboxScope, Who};
use crate::platform::db::Db;
use crate::platform::error::Error;

use super::address::ClientAddress;
use super::guard::{Guard, lasting_cookie};
use super::headers::RequestId;
use super::limiter::Key;
use super::page::SeeOther;

/// The cookie of their sessions. One browser may have a user's as well, and neither opens what is the other's.
pub const MAILBOX_COOKIE: &str = "__Host-berth-mailbox";
/// Where they sign in.
pub const MAILBOX_SIGN_IN: &str = "/mailbox/sign-in";

/// The cookie that carries a new session.
pub fn mailbox_cookie(token: String) -> Cookie<'static> {
    lasting_cookie(MAILBOX_COOKIE, token)
}

/// Sends them to where they sign in.
pub(super) fn ask_to_sign_in(is_safe: bool) -> Response {
    let to = SeeOther::to(MAILBOX_SIGN_IN);
    if is_safe {
        to.into_response()
    } else {
        to.info("You were signed out, so nothing was done. Sign in, and do it again.")
            .into_response()
    }
}

impl Guard {
    /// Lets the person of a mailbox in. Whoever else is signed in with this browser is not looked at.
    pub(super) async fn admit_mailbox(
        &self,
        db: &Db,
        request: &mut Request,
        address: ClientAddress,
    ) -> Result<u32, Error> {
        let jar = CookieJar::from_headers(request.headers());
        let owner: Option<MailboxOwner> = match jar.get(MAILBOX_COOKIE) {
            Some(cookie) => self.kit.mailboxes.session(db, cookie.value()).await?,
            None => None,
        };
        let owner = owner.ok_or(Error::SignInRequired)?;
        let left = self.kit.limiter.check(&Key::session(owner.session))?;
        if let Some(reason) = &owner.suspended
            && !request.method().is_safe()
        {
            return Err(Error::Suspended {
                reason: reason.clone(),
            });
        }
        let request_id = RequestId::of(request.extensions());
        let who = Who::mailbox(&owner.address, &address.to_string(), &request_id);
        let scope = MailboxScope::new(db.clone(), who, owner);
        request.extensions_mut().insert(scope);
        Ok(left)
    }
}
