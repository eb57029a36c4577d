//! The queries.

mod calendars;
mod clocks;
mod past;
mod plans;
mod policies;
mod reports;

use serde::de::DeserializeOwned;

use crate::platform::error::Error;

pub(super) use calendars::{
    archive_calendar, calendars, calendars_for_choice, find_calendar, insert_calendar, lock_calendar,
    save_calendar,
};
pub(super) use clocks::{Line, Snapshot, clocks, due, keep_terms, lines, snapshot, snapshots, write_lines};
pub(super) use past::{held, in_force, past, served};
pub(super) use plans::{choose, plans, terms_of_tenant};
pub(super) use policies::{
    add_version, archive_policy, find_policy, insert_policy, lock_policies_of, lock_policy, policies,
    policies_for_choice, save_policy,
};
pub(super) use reports::{
    Candidate, MonthFilter, TenantMonth, decide, find_report, insert_report, lock_report, reports_of_month,
    reports_of_tenant, ticket_ids, unfrozen, zone,
};

/// What a column of JSON says.
fn read<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Error> {
    serde_json::from_value(value).map_err(Error::internal)
}
