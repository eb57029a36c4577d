//! What accounts are made of, and every rule about them that needs no database. Pure.

mod grants;
mod link;
mod password;
mod people;
mod person;
mod session;
mod throttle;
mod token;

pub(super) use grants::{may_grant, may_touch_colleague};
pub use link::{GuestInvitation, Invitation, IssuedLink, MAX_GUESTS, Offer};
pub(super) use link::{Link, Purpose};
pub(crate) use password::NewPassword;
pub use password::PasswordError;
pub use people::{PeopleFilter, Person};
pub use person::{EmailAddress, EmailError, NameError, PersonName};
pub use session::{Client, Session, device};
pub(super) use throttle::{ACCOUNT, ADDRESS, Attempts, Locked, account_key, address_key};
pub use token::{ApiToken, NewToken};
pub(super) use token::{Lifetime, TokenName, is_token};
