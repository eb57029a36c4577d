//! The API of accounts: who am I, what I am called, and the provider's people.
//!
//! Passwords, sessions and the making and revoking of tokens are not here: a token must not be able to make another one,
//! to end the sessions that could revoke it, or to find out where its owner is signed in. A token may list the tokens of
//! its own area, so that a program can tell which of them will end soon.

mod me;
mod people;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::{Routes, operation};

/// Every address.
pub(super) fn routes() -> Routes<App> {
    let (read, manage) = (
        Rule::Staff(Permission::StaffPeopleRead),
        Rule::Staff(Permission::StaffPeopleManage),
    );
    Routes::new()
        .api(Rule::SignedIn, operation!(me::me))
        .api(Rule::Own(Permission::ProfileWrite), operation!(me::update))
        .api(Rule::SignedIn, operation!(me::tokens))
        .api(read, operation!(people::list))
        .api(read, operation!(people::show))
        .api(manage, operation!(people::update))
        .api(manage, operation!(people::disable))
        .api(manage, operation!(people::enable))
        .api(manage, operation!(people::password_link))
        .api(read, operation!(people::invitations))
        .api(manage, operation!(people::invite))
        .api(manage, operation!(people::revoke_invitation))
}
