//! Breakdowns: an incident becomes one ticket with its evidence, is acted on from there, and ends with what broke.
//!
//! - An incident and its ticket are written in one transaction, so neither is lost or doubled with a panel that dies. An incident
//!   that touches several tenants, such as a node that is away, opens one ticket for each of them with their servers; staff find
//!   them by the incident. What is the provider's own and touches no tenant has a ticket without one, so that it pages, too.
//! - One ticket, however often it flaps: what fails again within a day goes on in the same one. Later it is a new one that names it.
//! - What works again resolves its ticket, unless a person works on it: then that is said, and they decide.
//! - Evidence is gathered by a job outside of the transaction, and written once for each incident and ticket, and for a relapse that
//!   comes later than the last one shows. Staff get all of it but secrets; the customer's post says what failed, and shows a few lines
//!   of the log. A log that could not be read then follows.
//! - What is done from a ticket is the action that staff have anyway, in one transaction with what the ticket tells of it. How it
//!   ended is told when its operation ends.

mod actions;
mod api;
mod gather;
mod incident;
mod late;
mod model;
mod pages;
mod panel;
mod provider;
#[cfg(test)]
mod seed;
mod settle;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

use crate::app::App;
use crate::monitoring::{self, Incident};
use crate::platform::access::{Permission as P, Rule};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{IncidentId, TicketId};
use crate::platform::web::{Routes, operation};

pub use gather::register;
pub use incident::on_incident;
pub use panel::{BreakdownView, panel};
pub use provider::on_provider_incident;
pub use settle::begin;

/// The newest incident that a ticket tells of, if it tells of one.
pub async fn incident_of(tx: &mut impl Scoped, ticket: TicketId) -> Result<Option<Incident>, Error> {
    match store::incident_of(tx, ticket).await? {
        Some(id) => match monitoring::find_incident(tx, id).await {
            Ok(found) => Ok(Some(found)),
            // What several tenants have in common is no single tenant's to see.
            Err(Error::NotFound) => Ok(None),
            Err(error) => Err(error),
        },
        None => Ok(None),
    }
}

/// The ticket that tells of an incident: of those that the scope may see, the oldest.
pub async fn ticket_of(tx: &mut impl Scoped, incident: IncidentId) -> Result<Option<TicketId>, Error> {
    Ok(store::tickets_of(tx, incident).await?.into_iter().next())
}

/// The feature's addresses.
pub fn routes() -> Routes<App> {
    let read = Rule::Staff(P::StaffTicketRead);
    let power = Rule::Staff(P::StaffServerPower);
    let manage = Rule::Staff(P::StaffServerManage);
    let restore = Rule::Staff(P::StaffBackupManage);
    Routes::new()
        .get("/staff/tickets/{ticket}/evidence.svg", read, pages::picture)
        .post("/staff/tickets/{ticket}/acts/power", power, pages::power)
        .post("/staff/tickets/{ticket}/acts/suspend", manage, pages::suspend)
        .post("/staff/tickets/{ticket}/acts/resume", manage, pages::resume)
        .post("/staff/tickets/{ticket}/acts/resize", manage, pages::resize)
        .post("/staff/tickets/{ticket}/acts/restore", restore, pages::restore)
        .api(read, operation!(api::breakdown))
        .api(read, operation!(api::acts))
        .api(power, operation!(api::power))
        .api(manage, operation!(api::suspend))
        .api(manage, operation!(api::resume))
        .api(manage, operation!(api::resize))
        .api(restore, operation!(api::restore))
}
