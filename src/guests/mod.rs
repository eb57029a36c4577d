//! Guests: people outside of a tenant with whom one of its servers is shared, each with chosen permissions.
//!
//! What must hold: a guest sees the one server and nothing else of its tenant, by the route's rule and by a database role of
//! their own (`berth_guest`), which is bound to the tenant, the server and the person; what was taken back acts on the next
//! request, ends streams and consoles, and revokes the guest's tokens for the server; a member is nobody's guest at home; no
//! guest ever holds what [`guest_may`](crate::platform::access::guest_may) does not name.
//!
//! Invitations are links like all others and live in `accounts`, where they are accepted.

mod actions;
mod api;
mod clean_up;
mod leave;
mod model;
mod pages;
mod shared;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

pub use clean_up::clean_up;

use crate::app::App;
use crate::platform::access::{Guest, Permission as P, Rule};
use crate::platform::web::{Routes, operation};

/// Where a guest finds a server.
pub fn href(guest: &Guest) -> String {
    format!("/t/{}/servers/{}", guest.member.slug, guest.server)
}

/// The feature's addresses.
pub fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::GuestRead), Rule::Tenant(P::GuestManage));
    Routes::new()
        .get("/t/{tenant}/servers/{server_id}/guests", read, pages::list::show)
        .form(
            "/t/{tenant}/servers/{server_id}/guests/invitations",
            write,
            pages::list::invite,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/guests/invitations/{invitation}/renew",
            write,
            pages::list::renew,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/guests/invitations/{invitation}/revoke",
            write,
            pages::list::revoke_invitation,
        )
        .get(
            "/t/{tenant}/servers/{server_id}/guests/{user}",
            write,
            pages::edit::show,
        )
        .form(
            "/t/{tenant}/servers/{server_id}/guests/{user}",
            write,
            pages::edit::save,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/guests/{user}/revoke",
            write,
            pages::list::revoke,
        )
        .get("/shared", Rule::SignedIn, shared::page)
        .post(
            "/shared/{server_id}/leave",
            Rule::Own(P::SharedLeave),
            leave::page,
        )
        .merge(api_routes())
}

fn api_routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::GuestRead), Rule::Tenant(P::GuestManage));
    Routes::new()
        .api(read, operation!(api::list))
        .api(read, operation!(api::show))
        .api(write, operation!(api::change))
        .api(write, operation!(api::revoke))
        .api(read, operation!(api::invitations))
        .api(write, operation!(api::invite))
        .api(write, operation!(api::renew))
        .api(write, operation!(api::revoke_invitation))
        .api(Rule::SignedIn, operation!(shared::list))
        .api(Rule::Own(P::SharedLeave), operation!(leave::api))
}
