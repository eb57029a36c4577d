//! SLAs: what is promised to tenants of a plan, the clocks of their tickets, and what each month came to.
//!
//! - A plan has at most one policy. A policy has targets by severity, an availability and steps of credit, and a calendar that says
//!   when time counts. Each change is a new version; a ticket keeps the one that held when it was opened.
//! - Clocks are computed from the ticket's log (`judge`), never counted. What `ticket_clock` has is the last result and what was
//!   told of it; a sweep looks at those whose time has come (`sweep`).
//! - Which policy a plan had, and which plan a tenant had, is remembered, as is when servers should have run: each moment is judged
//!   by what held then. A month has as many parts as policies held in it.
//! - Availability is what probes saw ([`crate::monitoring::downtime`]): the union of a server's outages while it should have run,
//!   without maintenance. All servers of a tenant count together, each by its time.
//! - A month is the tenant's own, by its time zone. While it runs, its report is computed for whoever looks; when it is over, a job
//!   writes it down (`freeze`), mails the owners, and nothing changes it any more. Staff approve or refuse its credit, once.
//! - When a tenant is closed its clocks stop, and its last month ends.

mod actions;
mod api;
mod assemble;
mod clock;
mod csv;
mod follow;
mod freeze;
mod judge;
mod letter;
mod model;
mod pages;
mod pdf;
mod store;
mod sweep;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

pub use actions::{choose, create_calendar, create_policy};
pub use clock::Clock;
pub use follow::{clocks, ticket_changed};
pub use freeze::register;
pub use model::{HoursText, PlanSla, PolicyText, TargetText, What};
pub use sweep::begin;

/// Events about policies, calendars and reports have this topic.
pub const TOPIC: &str = "sla";

/// The feature's addresses.
pub fn routes() -> Routes<App> {
    tenant_routes().merge(report_routes()).merge(promise_routes())
}

fn tenant_routes() -> Routes<App> {
    let read = Rule::Tenant(P::SlaRead);
    Routes::new()
        .get("/t/{tenant}/sla", read, pages::tenant::list)
        .get("/t/{tenant}/sla/{month}", read, pages::tenant::show)
        .get("/t/{tenant}/sla/{month}/report.csv", read, pages::tenant::csv)
        .get("/t/{tenant}/sla/{month}/report.pdf", read, pages::tenant::pdf)
        .api(read, operation!(api::tenant::promise))
        .api(read, operation!(api::tenant::list))
        .api(read, operation!(api::tenant::show))
        .api(read, operation!(api::tenant::csv))
        .api(read, operation!(api::tenant::pdf))
}

fn report_routes() -> Routes<App> {
    let (read, manage) = (Rule::Staff(P::StaffSlaRead), Rule::Staff(P::StaffSlaManage));
    Routes::new()
        .get("/staff/sla", read, pages::reports::list)
        .get("/staff/sla/tenants/{tenant}/{month}", read, pages::reports::show)
        .get(
            "/staff/sla/tenants/{tenant}/{month}/report.csv",
            read,
            pages::reports::csv,
        )
        .get(
            "/staff/sla/tenants/{tenant}/{month}/report.pdf",
            read,
            pages::reports::pdf,
        )
        .form(
            "/staff/sla/tenants/{tenant}/{month}/credit",
            manage,
            pages::reports::decide,
        )
        .api(read, operation!(api::reports::list))
        .api(read, operation!(api::reports::show))
        .api(read, operation!(api::reports::csv))
        .api(read, operation!(api::reports::pdf))
        .api(manage, operation!(api::reports::decide))
}

fn promise_routes() -> Routes<App> {
    let (read, manage) = (Rule::Staff(P::StaffSlaRead), Rule::Staff(P::StaffSlaManage));
    Routes::new()
        .get("/staff/sla/policies", read, pages::policies::list)
        .get("/staff/sla/policies/new", manage, pages::policies::form)
        .form("/staff/sla/policies", manage, pages::policies::create)
        .get("/staff/sla/policies/{policy}", read, pages::policies::show)
        .form("/staff/sla/policies/{policy}", manage, pages::policies::save)
        .post(
            "/staff/sla/policies/{policy}/archive",
            manage,
            pages::policies::archive,
        )
        .post(
            "/staff/sla/policies/{policy}/restore",
            manage,
            pages::policies::restore,
        )
        .get("/staff/sla/calendars", read, pages::calendars::list)
        .get("/staff/sla/calendars/new", manage, pages::calendars::form)
        .form("/staff/sla/calendars", manage, pages::calendars::create)
        .get("/staff/sla/calendars/{calendar}", read, pages::calendars::show)
        .form("/staff/sla/calendars/{calendar}", manage, pages::calendars::save)
        .post(
            "/staff/sla/calendars/{calendar}/archive",
            manage,
            pages::calendars::archive,
        )
        .post(
            "/staff/sla/calendars/{calendar}/restore",
            manage,
            pages::calendars::restore,
        )
        .get("/staff/sla/plans", read, pages::plans::list)
        .post("/staff/sla/plans/{plan}", manage, pages::plans::choose)
        .api(read, operation!(api::policies::list))
        .api(manage, operation!(api::policies::create))
        .api(read, operation!(api::policies::show))
        .api(manage, operation!(api::policies::change))
        .api(manage, operation!(api::policies::archive))
        .api(manage, operation!(api::policies::restore))
        .api(read, operation!(api::calendars::list))
        .api(manage, operation!(api::calendars::create))
        .api(read, operation!(api::calendars::show))
        .api(manage, operation!(api::calendars::change))
        .api(manage, operation!(api::calendars::archive))
        .api(manage, operation!(api::calendars::restore))
        .api(read, operation!(api::plans::list))
        .api(manage, operation!(api::plans::choose))
}
