//! The job that writes down what a month came to, once it is over where the tenant is, and tells the owners by mail. A closed tenant's
//! last month is that in which it was closed.

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use graphile_worker::WorkerOptions;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::notifications;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::SlaReportId;
use crate::platform::jobs::{IntoTaskHandlerResult, TaskHandler, WorkerContext};
use crate::tenants::{self, Status};

use super::TOPIC;
use super::assemble::report;
use super::letter::draft;
use super::model::Month;
use super::store::{self, Candidate};

/// Soon after each hour: months end at another hour in each zone.
const SCHEDULE: &str = "7 * * * * sla_reports";
/// A panel that was away for longer makes up for so many months.
const MOST: usize = 12;
/// So long before a closed tenant is erased its last month is written, whether that is over or not.
const LAST_CALL: TimeDelta = TimeDelta::days(1);

/// A month that has its report keeps it, so a second run writes nothing. Without braces: what a schedule puts into the queue
/// carries null.
#[derive(Debug, Serialize, Deserialize)]
struct SlaReports;

impl TaskHandler for SlaReports {
    const IDENTIFIER: &'static str = "sla_reports";

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let app = ctx
            .get_ext::<App>()
            .cloned()
            .ok_or_else(|| "the worker has no app".to_owned())?;
        let scope = SystemScope::new(app.db.clone(), "sla");
        let done = freeze(&app, &scope).await;
        done.map(|_| ()).map_err(|error| error.to_string())
    }
}

/// Adds the job and its schedule to a worker.
pub fn register(worker: WorkerOptions) -> anyhow::Result<WorkerOptions> {
    worker
        .define_job::<SlaReports>()
        .with_cron(SCHEDULE)
        .context("the schedule of SLA reports")
}

/// Writes the reports of months that are over. Says how many.
///
/// # Errors
/// The first, after those of the other tenants were written.
pub(super) async fn freeze(app: &App, scope: &SystemScope) -> Result<usize, Error> {
    let now = app.now();
    // Where a month is over first.
    let ahead = now + TimeDelta::hours(14);
    let newest = Month::of(ahead.date_naive()).before();
    let mut tx = scope.begin().await?;
    let candidates = store::unfrozen(&mut tx, newest).await?;
    drop(tx);
    let (mut count, mut outcome) = (0, Ok(()));
    for candidate in candidates {
        for month in months(&candidate, now) {
            match one(app, scope, &candidate, month).await {
                Ok(is_new) => count += usize::from(is_new),
                // The months of a tenant are written in their order.
                Err(error) => {
                    outcome = outcome.and(Err(error));
                    break;
                }
            }
        }
    }
    outcome.map(|()| count)
}

/// The months of a tenant that are to be written, in their order.
fn months(candidate: &Candidate, now: DateTime<Utc>) -> Vec<Month> {
    let over = Month::at(now, candidate.zone).before();
    let newest = match candidate.closed {
        // Soon nobody could write it any more.
        Some((closed, erased)) if erased <= now + LAST_CALL => Month::at(closed, candidate.zone),
        Some((closed, _)) => Month::at(closed, candidate.zone).min(over),
        None => over,
    };
    let mut back = std::iter::successors(Some(newest), |month| Some(month.before()));
    let oldest = back.nth(MOST - 1).unwrap_or(newest);
    let first = candidate.last.map_or(newest, Month::next).max(oldest);
    std::iter::successors(Some(first), |month| Some(month.next()))
        .take_while(|month| *month <= newest)
        .filter(|month| month.bounds(candidate.zone).1 > candidate.since)
        .collect()
}

/// Writes a month in which something was promised. Says whether it did.
async fn one(app: &App, scope: &SystemScope, candidate: &Candidate, month: Month) -> Result<bool, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let whole = month.bounds(candidate.zone);
    if store::held(&mut tx, candidate.tenant, whole).await?.is_empty() {
        return Ok(false);
    }
    let tenant = tenants::find_tenant(&mut tx, candidate.tenant).await?;
    let report = match report(&mut tx, &tenant, month, now).await {
        // It was not there yet.
        Err(Error::NotFound) => return Ok(false),
        other => other?,
    };
    let id = SlaReportId::new(&*app.ids, now);
    if !store::insert_report(&mut tx, id, &report, now).await? {
        return Ok(false);
    }
    let label = format!("{} {month}", tenant.name);
    let target = Target {
        kind: "sla_report",
        id: Some(id.0),
        label: &label,
        tenant: Some(tenant.id),
    };
    let told = json!({ "month": month, "availability": report.availability, "credit": report.credit, "late": report.late() });
    events::emit(&mut tx, Some(tenant.id), TOPIC, Some(id.0)).await?;
    app.audit(
        &mut tx,
        &scope.who,
        &target,
        &Change::to("sla_report.freeze", told),
    )
    .await?;
    // Its people see no page any more once it is closed.
    let page = (tenant.status != Status::Closed)
        .then(|| app.config.link(&format!("/t/{}/sla/{month}", tenant.slug)));
    notifications::tell_owners(app, &mut tx, &tenant, &draft(&report, id, page.as_deref())).await?;
    tx.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::SlaReports;

    #[test]
    fn it_is_what_a_schedule_puts_into_the_queue() {
        assert!(serde_json::from_value::<SlaReports>(serde_json::Value::Null).is_ok());
    }
}
