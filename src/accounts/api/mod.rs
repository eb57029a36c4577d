//! The API of accounts: who am I, what I am called, and the provider's people.
//!
//! Passwords, sessions and the making and revoking of tokens are not here: a token must not be able to make another one,
//! to end the sessions that could revoke it, or to find out where its owner is signed in. A token may list the tokens of
//! its own area, so that a program can tell which of them will end soon.

mod me;
mod people;

use utoipa_axum::routes;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::Routes;

/// Every address.
pub(super) fn routes() -> Routes<App> {
    let (read, manage) = (
        Rule::Staff(Permission::StaffPeopleRead),
        Rule::Staff(Permission::StaffPeopleManage),
    );
    Routes::new()
        .api(Rule::SignedIn, routes!(me::me))
        .api(Rule::Own(Permission::ProfileWrite), routes!(me::update))
        .api(Rule::SignedIn, routes!(me::tokens))
        .api(read, routes!(people::list))
        .api(read, routes!(people::show))
        .api(manage, routes!(people::update))
        .api(manage, routes!(people::disable))
        .api(manage, routes!(people::enable))
        .api(manage, routes!(people::password_link))
        .api(read, routes!(people::invitations))
        .api(manage, routes!(people::invite))
        .api(manage, routes!(people::revoke_invitation))
}
