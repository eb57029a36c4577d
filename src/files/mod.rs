//! Files in volumes: browse, view, edit, upload, download, move, delete, whether a server runs with them or not.
//!
//! What keeps files ([`Keeper`]) is a server, in its template's volumes, or a [volume](crate::volumes) of the tenant's own, which
//! belongs to no server. Pages, operations and actions are the same for both; each kind has its addresses, below its own.
//!
//! What must hold: nobody reaches anything outside of the keeper's own volumes (the engine's
//! [contract](crate::drivers::engine::VolumeFiles) sees to that, over whatever links and devices are in there); a file has
//! its old content or its new one, and nothing between; what a customer made is never run as a page of ours; memory that a
//! transfer takes does not grow with the file.
//!
//! Nothing is stored here. Which volumes there are the template says, or the volume's row, and what is in them the engine tells.

mod actions;
mod api;
mod download;
mod model;
mod pages;
mod query;
mod whole;

pub use actions::{Files, STALLED, Transfer};
pub use api::{Binary, FileOut};
pub use download::{SANDBOX, disposition, file as send};
pub use model::{ImageKind, Item, Keeper, KeeperId, Locks, Place, amount, locked, name_of};
pub use pages::{boundary, broken};
pub use query::PathQuery;
pub use whole::WholeVolumes;

/// The feature's addresses.
pub fn routes() -> crate::platform::web::Routes<crate::app::App> {
    pages::routes().merge(api::routes())
}
