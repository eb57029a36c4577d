//! Certificates of deletion: what was erased of a tenant that is gone, signed, and kept when nothing else is.
//!
//! - What is certified is counted in the transactions that erase it: a server when its row goes, with the volumes that were
//!   removed before; the rest in the transaction that erases the tenant, which writes the certificate, too. So there is no
//!   tenant that was erased without one, and no figure that was not true.
//! - It holds ids and figures and nobody's name: it stays when all personal data has to be gone.
//! - It is signed with an Ed25519 key of the installation's, which is sealed in the database. The public half is all that it
//!   takes to check one, with or without Berth.

mod actions;
mod api;
mod model;
mod pages;
mod reseal;
mod signing;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::{Routes, operation};

pub use actions::{Closed, check, issue};
pub use model::{Document, Figures, NotGenuine, Signed};
pub use reseal::reseal;
pub use store::{begin, count_mail, count_server, count_volume, forget};

/// The feature's addresses.
pub fn routes() -> Routes<App> {
    let read = Rule::Staff(Permission::StaffTenantRead);
    Routes::new()
        .get("/staff/certificates", read, pages::list)
        .get("/staff/certificates/{certificate}", read, pages::show)
        .get("/staff/certificates/{certificate}/file", read, pages::file)
        .api(read, operation!(api::list))
        .api(read, operation!(api::show))
}
