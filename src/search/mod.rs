//! What the command palette finds: servers, stacks, volumes, shares, mail domains, mailboxes and aliases by name in a tenant;
//! tenants, servers and stacks for staff; and tickets by number and words for both.
//!
//! The palette itself knows the pages of the rail; this only adds things, and mail's lists, which the rail does not have. Answers are few and quick: it is asked at every pause in
//! typing.

mod pages;
mod store;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::Routes;

/// The palette's questions.
pub fn routes() -> Routes<App> {
    Routes::new()
        .get(
            "/t/{tenant}/search",
            Rule::Tenant(Permission::ServerRead),
            pages::tenant,
        )
        .get(
            "/staff/search",
            Rule::Staff(Permission::StaffServerRead),
            pages::staff,
        )
}
