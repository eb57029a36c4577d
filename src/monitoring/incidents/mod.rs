//! Incidents: times in which something did not work, one for each cause, however many looks find it broken.
//!
//! - Whoever looks at something says what it found by [`report`], in its own transaction: checks, and [`begin`] for what engines say
//!   of servers. The model decides; what changes nothing writes nothing. An index keeps a cause from being open twice.
//! - What comes back within half an hour is the same incident; only the time that it did not work counts ([`downtime`]).
//! - What something larger explains is a part of that and nobody is told of it: a server of an engine that is away, a check of a
//!   server that does not run, one of three servers of a node, rack or site that began to fail alike within two minutes.
//! - What fails in the course of maintenance is written down; people are told of it if it still fails when that is over.
//! - What people are told, `breakdowns` is, in the same transaction: nothing is told that did not happen, and nothing that happened
//!   is lost with a panel that dies.
//! - Whoever changes incidents waits for others who do, so groups are formed by one at a time. That happens when something
//!   changes, and never while all is well.

mod actions;
mod api;
mod engine;
mod group;
mod model;
mod pages;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
mod watch;

use chrono::{DateTime, TimeDelta, Utc};

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{IncidentId, ServerId, TenantId};
use crate::platform::web::Routes;
use crate::servers;

pub use actions::report;
pub use model::{Down, Incident, IncidentState, News, Signal, Signature, location_cause, server_cause};
pub use watch::begin;

/// Events about incidents have this topic; the target is the incident.
pub const TOPIC: &str = "incident";

/// Somebody closed an incident whose end has to be told.
const CLOSED_TOPIC: &str = "incident_closed";

/// How long is remembered what did not work. Months are frozen by then, and no page shows more than 90 days.
const KEPT: TimeDelta = TimeDelta::days(400);
/// As many are forgotten in one go; the next one goes on.
const BATCH: i64 = 5_000;

/// Forgets what was over long ago, parts before what they are parts of. Says how many.
pub async fn clean_up(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let mut tx = scope.begin().await?;
    let count = store::forget(&mut tx, app.now() - KEPT, BATCH).await?;
    tx.commit().await?;
    Ok(count)
}

/// One incident, if the scope may see it.
pub async fn find_incident(tx: &mut impl Scoped, id: IncidentId) -> Result<Incident, Error> {
    Ok(store::find(tx, id).await?.incident)
}

/// Why an incident ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It works again.
    Works,
    /// Its server was deleted.
    Deleted,
    /// Its server is another tenant's by now.
    Moved,
    /// Somebody of the staff closed it, for this reason.
    Closed(String),
}

/// Why one that is over ended.
pub async fn end_of(tx: &mut impl Scoped, incident: &Incident) -> Result<End, Error> {
    if let Some(reason) = store::find(tx, incident.id).await?.close_reason {
        return Ok(End::Closed(reason));
    }
    let Some(server) = incident.server else {
        return Ok(End::Works);
    };
    match servers::find(tx, server).await {
        Ok(found) if found.is_deleted() => Ok(End::Deleted),
        Ok(found) if incident.tenant.is_some_and(|tenant| tenant != found.tenant) => Ok(End::Moved),
        Ok(_) => Ok(End::Works),
        Err(Error::NotFound) => Ok(End::Deleted),
        Err(error) => Err(error),
    }
}

/// When an incident began to fail, or did again.
pub async fn failing_since(tx: &mut impl Scoped, incident: &Incident) -> Result<DateTime<Utc>, Error> {
    let spans = store::spans(tx, incident.id).await?;
    Ok(spans.last().map_or(incident.began_at, |(began, _)| *began))
}

/// The incidents of a server in a time, the newest first.
pub async fn incidents_of(
    tx: &mut impl Scoped,
    server: ServerId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Incident>, Error> {
    store::incidents_of(tx, server, from, to).await
}

/// When a tenant's servers were down in a time, oldest first: outages only, and not the good time between relapses.
pub async fn downtime(
    tx: &mut impl Scoped,
    tenant: TenantId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Down>, Error> {
    store::downtime(tx, tenant, from, to).await
}

/// The addresses.
pub fn routes() -> Routes<App> {
    pages::routes().merge(api::routes())
}
