//! Networks: who of a tenant's servers reaches whom.
//!
//! Every tenant has a common network that all of its servers are in, made and removed with them (`servers::reconcile`). This
//! is about the others, which people make: a server may be in several, and may be taken out of the common one, so that only
//! those reach it that share another with it.
//!
//! - A row says who should be in a network and who is. Actions write the first half; the reconciler of servers moves
//!   containers and writes the second. Nothing is on the engine before the first server is to join.
//! - Deleting is a state: the servers leave, the engine's network goes, the row goes last ([`reconcile`](self)).
//! - All networks are the tenant's own bridges behind the network guard, which knows them by how their names begin.
//! - A server is always in at least one network.
//! - A stack's own network is made and removed with it, and nobody joins or leaves it by hand.

mod actions;
mod api;
mod model;
mod pages;
mod reconcile;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

pub use actions::{create, create_within, join, leave, remove, rename_within};
pub use model::{Network, NetworkRef, Place, Places, key_text};
pub use reconcile::{Networks, begin};
pub use store::{
    aliases, all_keys, all_places, join_as, let_all_go, places, settle, settle_in, start_deletion as let_go,
    subnet,
};

/// Events about a network have this topic; without a target they are about the common one.
pub const TOPIC: &str = "network";

/// The feature's addresses.
pub fn routes() -> crate::platform::web::Routes<crate::app::App> {
    pages::routes().merge(api::routes())
}
