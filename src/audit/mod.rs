//! Who did what to what, from where, with what result. Append only.
//!
//! Every action writes one event in its own transaction, so an event without its change, or a change without its event,
//! can't exist. `before` and `after` never hold a secret: actions choose what they write there. Members read their
//! tenant's events, staff read all; nobody changes or deletes one.

mod api;
mod export;
mod model;
mod pages;
mod reader;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::{Routes, operation};

pub use export::{CsvPage, csv_page};
pub use model::{Change, Target, inert, words};
pub use store::{changes_of, record};

/// The log's pages, downloads and addresses.
pub fn routes() -> Routes<App> {
    let (own, all) = (
        Rule::Tenant(Permission::AuditRead),
        Rule::Staff(Permission::StaffAuditRead),
    );
    Routes::new()
        .get("/t/{tenant}/audit", own, pages::tenant_log)
        .get("/t/{tenant}/audit.csv", own, pages::tenant_csv)
        .get("/staff/audit", all, pages::staff_log)
        .get("/staff/audit.csv", all, pages::staff_csv)
        .api(own, operation!(api::tenant_events))
        .api(all, operation!(api::all_events))
}
