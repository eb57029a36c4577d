//! Eggs: templates in the public format of other panels, imported by the provider's people and kept in the database.
//!
//! - [`Egg`]: what a file says, read liberally, with a report of what could not be taken over.
//! - [`newest`] and [`warm`]: how servers find the version that they are made from. Versions never change: an import under
//!   a name that is there is a new version, and servers keep theirs until somebody updates them.
//! - Nothing of an egg is ever run by the panel: its command runs in its server's container, its install script in a
//!   container of its own (`servers::reconcile`).

mod actions;
mod api;
mod model;
mod offers;
mod pages;
mod store;

pub use model::config::MAX_FILE;
pub use model::{
    Egg, FileEdit, HOME, IMAGE_KEY, INSTALL_PATH, Install, Ready, STARTUP_KEY, Stop, Values, split_key,
};
pub use offers::{all, newest, newest_key, warm};

/// The feature's addresses.
pub fn routes() -> crate::platform::web::Routes<crate::app::App> {
    pages::routes().merge(api::routes())
}
