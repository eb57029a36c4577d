//! What can be done with accounts, one transaction each, every one with its audit event.

mod clean_up;
mod guests;
mod invite;
mod join;
mod links;
mod password;
mod people;
mod profile;
mod sessions;
mod setup;
mod sign_in;
mod throttle;
mod tokens;

pub use clean_up::clean_up;
pub use guests::{guest_invitations, offer_server, renew_offer, revoke_offer};
pub use invite::{
    NewInvitation, invitations, invite, invite_as_staff, invite_colleague, revoke_colleague_invitation,
    revoke_invitation, revoke_invitation_as_staff, staff_invitations, tenant_invitations,
};
pub use join::{InvitationView, SharedView, accept, accept_as_new, view_invitation};
pub use password::{
    change_password, hash_chosen, issue_password_link, issue_password_link_by_email, reset_password,
    view_password_link,
};
pub use people::{all_people, change_staff_role, disable_person, enable_person, find_person, list_people};
pub use profile::rename;
pub use sessions::{end_other_sessions, end_session, list_sessions, sign_out};
pub use setup::{complete_setup, is_setup_link, renew_setup_link};
pub use sign_in::sign_in;
pub use throttle::AttemptError;
pub(crate) use throttle::Keys;
pub use tokens::{Area, NewApiToken, areas, create_token, list_tokens, list_tokens_of_area, revoke_token};

use crate::app::App;
use crate::platform::access::Who;
use crate::platform::db::SystemTx;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{SessionId, UserId};
use crate::platform::secret::{OneTimeToken, Secret, hash_token};

use super::model::{Client, EmailAddress, NewPassword, PersonName};
use super::store;

/// A session that has begun.
#[derive(Debug)]
pub struct SignedIn {
    /// What the cookie holds; nobody else keeps it.
    pub cookie: Secret,
    /// Who signed in.
    pub user: UserId,
}

/// What a form about a new person holds.
#[derive(Debug)]
pub struct NewPerson<'a> {
    /// What they want to be called.
    pub name: &'a str,
    /// What they will sign in with.
    pub email: &'a str,
    /// What they chose, twice, as typed.
    pub password: &'a str,
}

impl NewPerson<'_> {
    fn parse(&self) -> Result<(PersonName, EmailAddress, NewPassword), FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", PersonName::parse(self.name));
        let email = errors.check("email", EmailAddress::parse(self.email));
        let password = errors.check(
            "password",
            NewPassword::parse(self.password, &[self.name, self.email]),
        );
        match (name, email, password) {
            (Some(name), Some(email), Some(password)) => Ok((name, email, password)),
            _ => Err(errors),
        }
    }
}

/// Somebody who is not signed in, for audit events.
fn visitor(client: &Client, user: Option<UserId>, label: &str) -> Who {
    Who {
        kind: "user",
        user,
        token: None,
        label: label.to_owned(),
        ip: Some(client.ip.clone()),
        request_id: Some(client.request_id.clone()),
    }
}

/// Begins a session; the one that the browser had before ends, so that nobody can plant a session on somebody else.
async fn begin_session(
    app: &App,
    tx: &mut SystemTx,
    user: UserId,
    client: &Client,
    old_cookie: Option<&str>,
) -> Result<SignedIn, Error> {
    if let Some(old) = old_cookie {
        store::delete_session_by_hash(tx, &hash_token(old)).await?;
    }
    let now = app.now();
    let token = OneTimeToken::generate();
    let end = now + chrono::Duration::hours(i64::from(app.config.session_hours));
    store::insert_session(
        tx,
        SessionId::new(&*app.ids, now),
        user,
        &token.hash,
        (now, end),
        client,
    )
    .await?;
    Ok(SignedIn {
        cookie: token.text,
        user,
    })
}

/// The address has an account already, which its owner must use.
fn taken(error: sqlx::Error) -> Error {
    if crate::platform::db::violates(&error, "user_account_email_key") {
        return Error::invalid(
            "email",
            "This address already has an account. Sign in with it, or use another.",
        );
    }
    error.into()
}
