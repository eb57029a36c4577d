//! People and what proves who they are: passwords, sessions, API tokens, invitations.
//!
//! Whatever proves something is kept as a hash only: passwords with argon2id, everything random with SHA-256. Nobody is
//! told whether an address has an account. What is revoked, disabled or expired stops working with the next request.

mod actions;
mod api;
mod authenticate;
mod hashing;
mod model;
mod pages;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

use crate::app::App;
use crate::platform::web::Routes;

pub use actions::*;
pub use authenticate::Authenticator;
pub(crate) use hashing::{Seat, hash_password};
pub(crate) use model::NewPassword;
pub use model::{
    ApiToken, Client, EmailAddress, EmailError, GuestInvitation, Invitation, IssuedLink, MAX_GUESTS,
    NameError, NewToken, Offer, PasswordError, PeopleFilter, Person, PersonName, Session, device,
};
pub use pages::ask_again;

/// Every page and address of accounts.
pub fn routes() -> Routes<App> {
    pages::routes().merge(api::routes())
}
