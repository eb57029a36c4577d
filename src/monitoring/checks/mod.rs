//! Checks: looks at a server from outside, and at what it uses.
//!
//! A check belongs to a server and looks at one thing: a page, a port, a game, a name in DNS, a greeting, an echo, or the panel's own
//! measurements. It never takes an address: it goes to the server's own published ports where its location publishes them, to its
//! container, or asks the panel's own name servers. Every server is given the checks of its template once; its tenant changes
//! them as they like.
//!
//! - It fails when N of its last M looks failed, and is well again after looks in a row that found it well: more of them where it
//!   flaps. While in doubt it is looked at every ten seconds.
//! - Its failure is held while what it depends on fails: the engine, the server's own check, or another check.
//! - Nobody looks while the server is not meant to run, has just been started, or its engine does not answer.
//! - The model decides, the [runner](self::begin) does; what has changed is told to [incidents](super::incidents).

mod actions;
mod api;
mod model;
mod pages;
mod runner;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

use chrono::TimeDelta;

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

pub use model::{Check, CheckKind, CheckState, late_by};
pub use runner::{begin, make_default_checks};

/// Events about checks have this topic; the target is the check.
pub const TOPIC: &str = "check";

/// Hours that were counted are kept for so long.
const HOURS_KEPT: TimeDelta = TimeDelta::days(31);
/// Changes of state are kept for so long.
const TURNS_KEPT: TimeDelta = TimeDelta::days(90);

/// A server's checks, by name.
pub async fn checks_of(tx: &mut impl Scoped, server: ServerId) -> Result<Vec<Check>, Error> {
    store::of_server(tx, server).await
}

/// Forgets what was found too long ago. Says how much.
pub async fn clean_up(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let count = store::forget(&mut tx, now - HOURS_KEPT, now - TURNS_KEPT).await?;
    tx.commit().await?;
    Ok(count)
}

/// The feature's addresses.
pub fn routes() -> crate::platform::web::Routes<App> {
    pages::routes().merge(api::routes())
}
