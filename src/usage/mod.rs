//! What servers use, now and in the past: processor, memory, network, disks.
//!
//! One sampler per installation measures all running servers every ten seconds and writes one row each; pages and programs
//! read only what was written, so looking costs the engine nothing. Rows are kept for a day, averages and maxima of five
//! minutes for a month, of an hour for two years. What was not measured is a gap and is never shown as zero.
//!
//! `sampler` measures, `upkeep` rolls up and forgets, `disk` has volumes measured far less often.

mod api;
mod csv;
mod disk;
mod figures;
mod live;
pub mod model;
mod pages;
mod sampler;
mod spark;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
mod upkeep;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::{Routes, operation};

pub use csv::hourly;
pub use figures::bytes;
pub use spark::{Sparks, sparks};
pub use store::points;

/// Starts measuring in the background of this process.
pub fn begin(app: &App) {
    app.tasks.spawn(sampler::Sampler::new(app).run());
}

/// The feature's addresses.
pub fn routes() -> Routes<App> {
    let tenant = Rule::Tenant(Permission::ServerRead);
    let staff = Rule::Staff(Permission::StaffServerRead);
    Routes::new()
        .get("/t/{tenant}/servers/{server_id}/usage", tenant, pages::show)
        .get("/t/{tenant}/servers/{server_id}/usage/data", tenant, pages::data)
        .get("/t/{tenant}/servers/{server_id}/usage/live", tenant, live::one)
        .get("/t/{tenant}/servers/{server_id}/usage.csv", tenant, csv::tenant)
        .get("/staff/servers/{server_id}/usage", staff, pages::staff_show)
        .get("/staff/servers/{server_id}/usage/data", staff, pages::staff_data)
        .get("/staff/servers/{server_id}/usage.csv", staff, csv::staff)
        .api(tenant, operation!(api::show))
        .api(staff, operation!(api::staff_show))
}
