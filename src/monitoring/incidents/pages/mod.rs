//! Incidents for people: all, one, and those of a server; and for staff where locations stand.

mod act;
mod list;
mod live;
mod places;
mod show;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, StaffScope, TenantScope};
use crate::platform::db::{Scoped, StaffTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::platform::web::Routes;

use super::model::{IncidentState, Kept};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Tenant(P::CheckRead);
    let (staff, manage) = (Rule::Staff(P::StaffCheckRead), Rule::Staff(P::StaffCheckManage));
    Routes::new()
        .get("/t/{tenant}/incidents", read, list::own)
        .get("/t/{tenant}/incidents/live", read, live::own)
        .get("/t/{tenant}/incidents/{incident}", read, show::own)
        .get("/t/{tenant}/incidents/{incident}/live", read, live::own_one)
        .get("/t/{tenant}/servers/{server_id}/incidents", read, list::of_server)
        .get("/staff/incidents", staff, list::all)
        .get("/staff/incidents/live", staff, live::all)
        .get("/staff/incidents/inventory", staff, places::list)
        .form("/staff/incidents/inventory/{location}", manage, places::save)
        .get("/staff/incidents/{incident}", staff, show::any)
        .get("/staff/incidents/{incident}/live", staff, live::any_one)
        .post("/staff/incidents/{incident}/close", manage, act::close)
}

/// Who looks: a tenant's people, who see their own, or staff.
#[derive(Debug, Clone)]
pub(super) enum Side {
    Own(TenantScope),
    Staff(StaffScope),
}

impl Side {
    /// Where incidents are on this side.
    fn base(&self) -> String {
        match self {
            Self::Own(scope) => format!("/t/{}/incidents", scope.member.slug),
            Self::Staff(_) => "/staff/incidents".to_owned(),
        }
    }

    /// Whose are shown; everybody's to staff.
    fn tenant(&self) -> Option<TenantId> {
        match self {
            Self::Own(scope) => Some(scope.tenant()),
            Self::Staff(_) => None,
        }
    }

    /// Where a server is on this side.
    fn server(&self, id: &str) -> String {
        match self {
            Self::Own(scope) => format!("/t/{}/servers/{id}", scope.member.slug),
            Self::Staff(_) => format!("/staff/servers/{id}"),
        }
    }

    fn may_close(&self) -> bool {
        matches!(self, Self::Staff(scope) if scope.may(P::StaffCheckManage))
    }

    async fn begin(&self) -> Result<SideTx, Error> {
        Ok(match self {
            Self::Own(scope) => SideTx::Own(scope.begin().await?),
            Self::Staff(scope) => SideTx::Staff(scope.begin().await?),
        })
    }
}

/// A transaction of either side.
pub(super) enum SideTx {
    Own(TenantTx),
    Staff(StaffTx),
}

impl Scoped for SideTx {
    fn conn(&mut self) -> &mut PgConnection {
        match self {
            Self::Own(tx) => tx.conn(),
            Self::Staff(tx) => tx.conn(),
        }
    }
}

/// Tone and word of how it is.
fn words(kept: &Kept) -> (&'static str, &'static str) {
    let one = &kept.incident;
    match one.state {
        IncidentState::Open if one.maintenance.is_some() => ("busy", "In maintenance"),
        IncidentState::Open => ("bad", "Open"),
        IncidentState::Closed if kept.is_dismissed || kept.closed_by.is_some() => ("idle", "Closed by staff"),
        IncidentState::Closed => ("good", "Over"),
    }
}

/// `4 min`, `2 h 5 min`, `3 days 1 h`.
fn lasted(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    let took = to - from;
    match (took.num_days(), took.num_hours() % 24, took.num_minutes() % 60) {
        (0, 0, 0) => format!("{} s", took.num_seconds().max(0)),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (1, hours, _) => format!("1 day {hours} h"),
        (days, hours, _) => format!("{days} days {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::at;
    use super::*;

    #[test]
    fn it_is_told_how_long_it_lasted() {
        let told = |seconds: i64| lasted(at(0), at(seconds));
        assert_eq!(told(5), "5 s");
        assert_eq!(told(299), "4 min");
        assert_eq!(told(2 * 3600 + 300), "2 h 5 min");
        assert_eq!(told(25 * 3600), "1 day 1 h");
        assert_eq!(told(73 * 3600), "3 days 1 h");
    }
}
