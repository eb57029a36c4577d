//! Servers: what tenants run.
//!
//! A server is a row with two halves: what people ask for, and what the engine says. Actions change the first half in one
//! transaction and never speak to the engine; the reconciler brings the second half to the first, over and over, and is
//! the only one that does. So a panel that dies between any two steps goes on from what it finds, a wish that was
//! acknowledged is never lost, and two clicks on the same button ask for the same thing.

mod actions;
mod api;
mod console;
mod logs;
pub mod model;
mod pages;
mod query;
mod reconcile;
mod reseal;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
mod updates;

use crate::platform::access::SystemScope;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

pub use actions::{
    Asked, NewServerInput, SettingsInput, VariableChange, change, command, create, delete, erase, restore,
    set_up_location, update,
};
pub use console::{Consoles, GRACE as CONSOLE_GRACE, end_lost as end_lost_consoles};
pub use pages::{Head, crumbs, with_engine_banner};
pub use reconcile::{Servers, begin, volume_key};
pub use reseal::{RotateError, Rotated, forget_old_keys, rotate_key};

/// The host's ports that servers have: number, and whether it is UDP.
pub async fn ports(scope: &SystemScope) -> Result<Vec<(u16, bool)>, Error> {
    store::all_ports(&mut scope.begin().await?).await
}

/// A server, if the scope may see it.
pub async fn find(tx: &mut impl Scoped, id: ServerId) -> Result<model::Server, Error> {
    store::find(tx, id).await
}

/// The feature's addresses.
pub fn routes() -> crate::platform::web::Routes<crate::app::App> {
    pages::routes().merge(api::routes()).merge(console::routes())
}
