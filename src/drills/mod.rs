//! Restore drills: what a backup is worth is known when it has been restored.
//!
//! - Every night, for each tenant, a backup is restored into fresh volumes and started as a throw-away server: the server's own
//!   template, image and variables, in a network of its own without a way out, without ports on the host. When its check
//!   succeeds the backup is proven; whatever the outcome, all of it is removed.
//! - A drill's row is written before anything is made on the engine and ends after everything is removed. What it makes is called
//!   by the drill's id, so that nothing else takes it for a server; a panel that dies leaves a lease that runs out, and whoever
//!   comes next removes what is there and begins anew.
//! - One at a time, by whichever panel: an engine has its customers to serve. While it restores it holds the repository's lease.
//! - One that fails opens an alert, which stands until a backup of that server is proven.

mod actions;
mod api;
mod model;
mod pages;
mod panel;
mod reconcile;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
mod work;

pub use actions::{active_keys, are_open, clean_up};
pub use panel::{Attention, ServerPanel, attention, glance};
pub use reconcile::{Drills, begin};

/// Events about drills have this topic; the target is the server.
pub const TOPIC: &str = "drill";

/// The feature's addresses.
pub fn routes() -> crate::platform::web::Routes<crate::app::App> {
    pages::routes().merge(api::routes())
}
