//! Files in servers' volumes: browse, view, edit, upload, download, move, delete, whether the server runs or not.
//!
//! What must hold: nobody reaches anything outside of the server's own volumes (the engine's
//! [contract](crate::drivers::engine::VolumeFiles) sees to that, over whatever links and devices are in there); a file has
//! its old content or its new one, and nothing between; what a customer made is never run as a page of ours; memory that a
//! transfer takes does not grow with the file.
//!
//! Nothing is stored here. What a server has are its template's volumes, and what is in them the engine tells.

mod actions;
mod api;
mod download;
mod model;
mod pages;
mod query;
mod whole;

pub use actions::{ServerFiles, Transfer};
pub use api::{Binary, FileOut};
pub use download::file as send;
pub use model::{Item, Locks, Place, amount, locked, name_of};
pub use pages::{boundary, broken};
pub use query::PathQuery;
pub use whole::WholeVolumes;

/// The feature's addresses.
pub fn routes() -> crate::platform::web::Routes<crate::app::App> {
    pages::routes().merge(api::routes())
}
