//! Shares: folders of a file-share server that people reach who have nothing else of it, each with a password of their own.
//!
//! - Rows say who has what. Actions write them and the wish that the server be told; the reconciler tells it
//!   ([`begin`]): one file in the server's own volume, and a word to its programs if they run. A server that starts reads the
//!   file itself, so what was written holds whoever dies in between.
//! - Nobody is served whom the last file does not name. Who comes in, and when a person's time is over, the server decides;
//!   the panel may be away.
//! - Passwords are kept as the two hashes that the programs check, sealed, and shown once when they are made.
//! - Who used what the server writes down itself; the panel collects it ([`Shares`]) and keeps it for 90 days.
//! - Only the template `file-share` understands the file.

mod actions;
mod api;
mod hashing;
mod links;
mod model;
mod pages;
mod place;
mod reconcile;
mod record;
mod reseal;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

pub use model::TEMPLATE;
pub use reconcile::{Shares, begin};
pub use record::{clean_up, page_of as uses_page};
pub use reseal::reseal;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

/// Events about a server's shares have this topic; the target is the server.
pub const TOPIC: &str = "share";

/// The feature's addresses.
pub fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::ShareRead), Rule::Tenant(P::ShareManage));
    Routes::new()
        .api(read, operation!(api::all))
        .api(read, operation!(api::list))
        .api(write, operation!(api::create))
        .api(write, operation!(api::remove))
        .api(write, operation!(api::put_person))
        .api(write, operation!(api::renew_password))
        .api(write, operation!(api::remove_person))
        .merge(links::routes())
        .merge(record::routes())
        .merge(pages::routes())
}
