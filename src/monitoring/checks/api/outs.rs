//! What the API tells of checks.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{CheckId, ServerId, TenantId};

use super::super::model::{Check, CheckKind, CheckState, Hour, Turn};
use super::super::store;

/// So many changes are told.
const TURNS: i64 = 50;

/// A check.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckOut {
    /// Its id.
    id: CheckId,
    /// The server that it looks at.
    server_id: ServerId,
    /// What people call it.
    #[schema(example = "Shop answers")]
    name: String,
    /// What is looked at.
    looks_at: CheckKind,
    /// Seconds from one look to the next.
    interval_seconds: u32,
    /// It fails when so many looks failed …
    failures: u8,
    /// … of the last so many.
    of_last: u8,
    /// Whether its failure is not told while the server's own check fails.
    needs_engine: bool,
    /// The check during whose failure its own is not told.
    depends_on: Option<CheckId>,
    /// Whether it waits for somebody to resume it.
    paused: bool,
    /// How it is.
    state: CheckState,
    /// Since when.
    state_at: DateTime<Utc>,
    /// When somebody looked last.
    last_at: Option<DateTime<Utc>>,
    /// How many thousandths of a second that took.
    took_ms: Option<i32>,
    /// What was found.
    #[schema(example = "It answered 200.")]
    message: String,
    /// When it is looked at next.
    next_at: Option<DateTime<Utc>>,
    /// Who made it.
    created_by: String,
    /// When.
    created_at: DateTime<Utc>,
    /// When it was last changed.
    updated_at: DateTime<Utc>,
}

impl From<Check> for CheckOut {
    fn from(check: Check) -> Self {
        Self {
            id: check.id,
            server_id: check.server,
            name: check.name,
            looks_at: check.kind,
            interval_seconds: check.rule.interval_seconds,
            failures: check.rule.failures,
            of_last: check.rule.of_last,
            needs_engine: check.dependence.engine,
            depends_on: check.dependence.check,
            paused: check.is_paused,
            state: check.state,
            state_at: check.state_at,
            last_at: check.last_at,
            took_ms: check.took_ms,
            message: check.message,
            next_at: check.next_at,
            created_by: check.created_by,
            created_at: check.created_at,
            updated_at: check.updated_at,
        }
    }
}

/// A check among those of all tenants.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffCheckOut {
    /// Whose it is.
    tenant_id: TenantId,
    /// What that is called.
    tenant_name: String,
    /// What its server is called.
    server_name: String,
    #[serde(flatten)]
    check: CheckOut,
}

impl From<Check> for StaffCheckOut {
    fn from(check: Check) -> Self {
        Self {
            tenant_id: check.tenant,
            tenant_name: check.tenant_name.clone(),
            server_name: check.server_name.clone(),
            check: check.into(),
        }
    }
}

/// What was counted in an hour.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckHourOut {
    /// When it began.
    at: DateTime<Utc>,
    /// Looks that found all well.
    good: i32,
    /// And those that did not.
    bad: i32,
    /// How many thousandths of a second a look took on average.
    took_ms: i64,
}

impl From<Hour> for CheckHourOut {
    fn from(hour: Hour) -> Self {
        Self {
            at: hour.at,
            good: hour.good,
            bad: hour.bad,
            took_ms: hour.took_ms / i64::from((hour.good + hour.bad).max(1)),
        }
    }
}

/// A change of a check's state.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckTurnOut {
    /// When.
    at: DateTime<Utc>,
    /// To what.
    state: CheckState,
    /// What was found.
    message: String,
}

impl From<Turn> for CheckTurnOut {
    fn from(turn: Turn) -> Self {
        Self {
            at: turn.at,
            state: turn.state,
            message: turn.message,
        }
    }
}

/// A check with what it found.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckDetailOut {
    #[serde(flatten)]
    check: CheckOut,
    /// Its last changes, the newest first.
    changes: Vec<CheckTurnOut>,
    /// The hours of the last two days in which somebody looked, in their order.
    hours: Vec<CheckHourOut>,
}

impl CheckDetailOut {
    pub(super) async fn load(tx: &mut impl Scoped, check: Check, now: DateTime<Utc>) -> Result<Self, Error> {
        let turns = store::turns(tx, check.id, TURNS).await?;
        let hours = store::hours(tx, check.id, now - TimeDelta::days(2)).await?;
        let under_way = check.hour;
        Ok(Self {
            check: check.into(),
            changes: turns.into_iter().map(CheckTurnOut::from).collect(),
            hours: hours
                .into_iter()
                .chain(under_way)
                .map(CheckHourOut::from)
                .collect(),
        })
    }
}
