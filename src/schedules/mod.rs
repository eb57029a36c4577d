//! Schedules: what servers are told by the clock.
//!
//! A schedule has a cron expression, read in its tenant's time zone, and steps: power and commands. A time that has come makes one
//! run, at most; a run does its steps one after the other and keeps what came of each. The model decides, the runner does, and
//! what holds between the two stands in `runner`.

mod actions;
mod api;
mod model;
mod pages;
mod runner;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

use chrono_tz::Tz;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;

pub use runner::begin;

/// A tenant's time zone; UTC if none was chosen.
pub async fn zone(tx: &mut impl Scoped, tenant: TenantId) -> Result<Tz, Error> {
    Ok(store::zone(tx, tenant).await?.0)
}

/// The feature's addresses.
pub fn routes() -> crate::platform::web::Routes<crate::app::App> {
    pages::routes().merge(api::routes())
}
