//! Status pages: how services are, told to those who may know. The provider has public ones and ones for staff, a tenant has one, for
//! everybody who has its address or for members.
//!
//! - How a component is follows from incidents, maintenance and overrides with their times; nothing else is written down. The same
//!   spans make the state of now and the bars of ninety days, so they never disagree, and a restart changes nothing.
//! - What the world may read comes from one function of the database (`public_status`), called as the login role, which can read no
//!   table. It tells names that were chosen for readers, states and times, and what was written for readers: no cause, no server,
//!   nobody's name. A tenant's page knows of its own servers' incidents only, also after a server has moved. See decision 0045.
//! - Page, feed, JSON and export are drawn from one `View`, so an export says what the page says.
//! - Pages need no session, no script and one style sheet, and say how long they may be kept; what has not changed is not sent again.

mod actions;
mod api;
mod desk;
mod export;
mod model;
mod pages;
mod public;
mod render;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
mod view;
mod watch;

use crate::app::App;
use crate::platform::access::Rule;
use crate::platform::web::Routes;

pub use export::export;
pub use watch::begin;

/// Events about status pages have this topic; the target is the page.
pub const TOPIC: &str = "status_page";

/// The feature's addresses.
pub fn routes() -> Routes<App> {
    Routes::new()
        .get("/status/{slug}", Rule::Public, public::page)
        .get("/status/{slug}/feed.atom", Rule::Public, public::feed)
        .get("/status/{slug}/status.json", Rule::Public, public::json)
        .merge(pages::routes())
        .merge(api::routes())
}
