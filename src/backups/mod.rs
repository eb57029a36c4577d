//! Backups: what is in a server's volumes, or in a volume of the tenant's own, kept somewhere else, and got back.
//!
//! - A backup is a row before it is anything else. Actions write the wish; the reconciler does it, and whatever it
//!   was doing when it died is begun again by the next one: a snapshot that was whole by then is found by the backup's name.
//! - A tenant has one repository at a target, with a key of its own. Whoever works in it holds its lease, and does one thing
//!   at a time, so nothing is ever pruned beside a writer.
//! - Restoring is beside: into a new folder of the volume, which is safe while servers run.
//! - A backup belongs to the tenant and not to the server or volume: it stays when that goes.
//! - A repository is checked once a week under the same lease, after all else that is to be done in it; one that no check passes of is an
//!   alert.

mod actions;
mod alerts;
mod api;
mod change;
mod fill;
mod fill_volume;
mod hold;
mod inside;
mod leave;
mod ledger;
mod locks;
mod look;
mod model;
mod pages;
mod probe;
mod reconcile;
mod reseal;
mod store;
mod target;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
mod work;

pub use actions::{of_stack_within as take_of_stack_within, over_within, take_within};
pub use alerts::{alert_of, alerts, count_alerts, count_failed_checks, failed_checks, missed};
pub use fill::{Filling, fill, fill_from, is_filled};
pub use fill_volume::{fill_volume, fill_volume_from, is_volume_saved, leave_volume};
pub use hold::{Held, hold, wake};
pub use leave::erase_data;
pub use model::{Alert, BySchedule, FailedCheck, MOST_KEPT, Of, Retention};
pub use probe::register;
pub use reconcile::{Backups, begin};
pub use reseal::reseal;
pub use store::is_restored;

/// Events about backups have this topic; the target is the server or volume that they are of.
pub const TOPIC: &str = "backup";

/// The feature's addresses.
pub fn routes() -> crate::platform::web::Routes<crate::app::App> {
    pages::routes().merge(api::routes())
}
