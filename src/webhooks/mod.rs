//! Webhooks: addresses of tenants, and of the provider, that are told what happens.
//!
//! - What is told is a row, written in the transaction in which it became true, and once for each thing: nothing is told that did not
//!   happen, and nothing is lost with a panel that dies. A job sends it; the queue tries again, later and later, for a day.
//! - Messages are signed after the specification of Standard Webhooks. The secret is shown once and sealed; after a rotation the old
//!   one signs too, for a day.
//! - A tenant is told what it may read and nothing else: no notes, nobody of the staff, nothing of the inside of a breakdown.
//! - Only addresses of the public internet are spoken to, looked at after the name was resolved, and those that the operator allowed
//!   (`BERTH_WEBHOOK_ALLOW`), which alone may be without TLS. Redirects are not followed.
//! - An address that fails is left alone for a while, longer each time, so that it holds up no other. One that takes nothing for five
//!   days is disabled. A tenant's owners are told so by mail, and the staff's overview names one of the provider's.

mod actions;
mod api;
mod desk;
mod jobs;
mod model;
mod pages;
mod reseal;
mod send;
mod store;
mod tell;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

use chrono::TimeDelta;

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::web::Routes;

pub use jobs::register;
pub use reseal::reseal;
pub use store::disabled;
pub use tell::{incident_changed, tell, tell_once, ticket_changed};

/// Events about webhooks have this topic; the target is the webhook.
pub const TOPIC: &str = "webhook";

/// How long is remembered what was told.
const KEPT: TimeDelta = TimeDelta::days(30);

/// The feature's addresses.
pub fn routes() -> Routes<App> {
    pages::routes().merge(api::routes())
}

/// Forgets what was told long ago, and secrets that have ended. Says how many.
pub async fn clean_up(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let mut tx = scope.begin().await?;
    let now = app.now();
    let count = store::forget(&mut tx, now - KEPT).await? + store::forget_secrets(&mut tx, now).await?;
    tx.commit().await?;
    Ok(count)
}
