//! Maintenance: times that staff announce, for a server, a location (which is a node), a rack, a site or everything, once or again
//! and again.
//!
//! - A rack or a site is whatever stands there at the time. Where locations stand is kept with its times (`location_stood`), so a
//!   machine that is put elsewhere changes nothing about what was.
//! - Each time of a window has a row, written when the window is, or long before it comes. What covers what ([`covers`],
//!   [`periods_of`]) is asked of those rows, so everybody means the same times.
//! - Owners of the tenants that it concerns are told before, reminded, told after, and told if it is called off: once each. That
//!   it was told is written in the transaction that tells it, so a panel that dies tells nothing twice and forgets nothing.
//! - What fails meanwhile is no breakdown ([`crate::monitoring::incidents`]), and does not count against what was promised.

mod actions;
mod api;
mod model;
mod pages;
mod runner;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{LocationId, MaintenanceId, ServerId};
use crate::platform::web::Routes;

pub use model::{Period, Window};
pub use runner::{begin, tell};

/// Events about maintenance have this topic; the target is the window.
pub const TOPIC: &str = "maintenance";

/// So many times to come are told at once.
const UPCOMING: i64 = 100;

/// The window that covers a server at a time.
pub async fn covers(
    tx: &mut SystemTx,
    server: ServerId,
    location: LocationId,
    at: DateTime<Utc>,
) -> Result<Option<MaintenanceId>, Error> {
    store::covering(tx, (Some(server), Some(location)), at).await
}

/// The same for what is no server, such as an engine.
pub(crate) async fn covering(
    tx: &mut SystemTx,
    place: (Option<ServerId>, Option<LocationId>),
    at: DateTime<Utc>,
) -> Result<Option<MaintenanceId>, Error> {
    store::covering(tx, place, at).await
}

/// The windows that are under way.
pub(crate) async fn running(tx: &mut impl Scoped, at: DateTime<Utc>) -> Result<Vec<MaintenanceId>, Error> {
    store::running(tx, at).await
}

/// When servers were in maintenance in a time: in order, what overlaps as one. One that never was has no entry.
pub async fn periods_of(
    tx: &mut impl Scoped,
    servers: &[ServerId],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<HashMap<ServerId, Vec<Period>>, Error> {
    let mut found: HashMap<ServerId, Vec<Period>> = HashMap::new();
    for (server, period) in store::periods_of(tx, servers, (from, to)).await? {
        found.entry(server).or_default().push(period);
    }
    let merged = |(server, periods)| (server, model::merged(periods, (from, to)));
    Ok(found.into_iter().map(merged).collect())
}

/// The times that are under way or to come and concern the scope, the next first.
pub async fn upcoming(tx: &mut impl Scoped, now: DateTime<Utc>) -> Result<Vec<Window>, Error> {
    store::windows(tx, now, false, UPCOMING).await
}

/// The addresses.
pub fn routes() -> Routes<App> {
    pages::routes().merge(api::routes())
}
