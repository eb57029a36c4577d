//! Volumes of a tenant's own: data that belongs to no server, and that one or several of the tenant's servers mount.
//!
//! - A volume's row says what should be and is the queue of the work on it (`reconcile`): it is made, resized, removed. Actions
//!   write rows and never speak to the engine or the pool.
//! - An attachment says where a server mounts a volume. Attaching and detaching are wishes about the server, whose own reconciler
//!   makes its container anew with the mounts; a server without any is made as if there were no volumes at all.
//! - A row of an attachment that is not wanted any more stays as long as a container may have the mount ([`settle`]). So a volume
//!   is removed from the engine only when nothing there has it.
//! - A volume that was made once is never made again: if the engine loses it, that is said and its servers are held
//!   ([`note_presence`]), because an empty folder in its place would pass for the data.
//! - One that is made from a backup counts as made when it is filled, and is attached to nothing before. If it can't be filled, it goes.
//! - What is in it people see and change as a server's files ([`crate::files`]), whether a server has it or not.
//! - It counts for the plan's disk, the location's capacity and the ledger from the wish until the engine has removed it.

mod actions;
mod api;
mod files;
mod model;
mod pages;
mod reconcile;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

pub use actions::{Asked, check_free, create, let_all_go};
pub use files::{TOP, files_spec, top_folder};
pub use model::{Mount, Volume, overlap};
pub use pages::{Head, crumbs, typed_size};
pub use reconcile::{Volumes, begin, volume_key};
pub use store::{
    all_keys, attached, find, has_soft, holders, lock, measured, mounts, note_presence, of_tenant, settle,
    wake,
};

/// Events about a volume have this topic; the target is the volume.
pub const TOPIC: &str = "volume";

/// The feature's addresses.
pub fn routes() -> crate::platform::web::Routes<crate::app::App> {
    api::routes().merge(pages::routes())
}
