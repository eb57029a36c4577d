//! Mail domains: whose they are, what their owners publish about them in DNS, and the keys that sign their mail.
//!
//! - Any tenant may add any name; of all that do, the one that publishes the record of proof has it (`actions::verify`), and
//!   the database keeps a second one out. A domain that was proved stays proved, whatever becomes of the record; DNS is asked
//!   about it every day (`watch`), and staff are told when it shows nothing of it any more.
//! - The records of a domain are made anew from its keys and the installation's names each time (`model::records`); what DNS
//!   has of them is looked at when somebody asks, judged by pure code, and kept as it was seen.
//! - A key is published before it signs, and stays published for a week after. The private half goes into the database and
//!   comes out to nobody but the mail service.
//! - An alias domain has the addresses of another one of its tenant, and none of its own; there are no chains.
//! - A domain goes when it has nothing any more; what was deleted and kept of it goes with it.

mod actions;
mod api;
mod dkim;
mod look;
mod model;
mod pages;
mod public;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
mod watch;

pub use actions::create;
pub use model::{Domain, LOST_AFTER, Place, State};
pub use pages::Head;
pub use store::{find, lock, place, place_named, places_named, places_offered, verified_of};
pub use watch::{Watch, begin};

use crate::app::App;
use crate::platform::access::Rule;
use crate::platform::web::Routes;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    api::routes()
        .merge(pages::routes())
        .get("/.well-known/mta-sts.txt", Rule::Public, public::policy)
}
