//! People and what proves who they are: passwords, sessions, API tokens, invitations.
//!
//! Whatever proves something is kept as a hash only: passwords with argon2id, everything random with SHA-256. Nobody is
//! told whether an address has an account. What is revoked, disabled or expired stops working with the next request.

mod actions;
mod authenticate;
mod hashing;
mod model;
mod store;

pub use actions::*;
pub use authenticate::Authenticator;
pub use model::{
    ApiToken, Client, EmailAddress, EmailError, Invitation, IssuedLink, NameError, NewToken, PasswordError,
    PeopleFilter, Person, PersonName, Session, device,
};
