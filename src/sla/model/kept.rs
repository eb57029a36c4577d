//! What is kept: calendars, policies, which plan has which, and reports of months that are over.

use crate::platform::error::Error;
use crate::platform::ids::{PlanId, SlaCalendarId, SlaPolicyId, SlaReportId};

use super::{At, Hours, Report, Terms};

/// Hours under a name.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// Its id.
    pub id: SlaCalendarId,
    /// What it is called.
    pub name: String,
    /// When time counts.
    pub hours: Hours,
    /// Since when it is not offered any more.
    pub archived_at: Option<At>,
    /// Grows with each change.
    pub version: i64,
    /// How many policies have it.
    pub policies: i64,
}

/// What is promised, under a name.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Its id.
    pub id: SlaPolicyId,
    /// Its calendar.
    pub calendar: SlaCalendarId,
    /// What that is called.
    pub calendar_name: String,
    /// What it says at present.
    pub terms: Terms,
    /// Since when it is not offered any more.
    pub archived_at: Option<At>,
    /// Grows with each change of it or of its calendar.
    pub version: i64,
    /// How many plans have it.
    pub plans: i64,
}

/// A plan and its policy.
#[derive(Debug, Clone)]
pub struct PlanSla {
    /// The plan.
    pub plan: PlanId,
    /// What it is called.
    pub name: String,
    /// How many tenants have it, closed ones aside.
    pub tenants: i64,
    /// The policy and what it is called; nothing where nothing is promised.
    pub policy: Option<(SlaPolicyId, String)>,
}

/// What staff decided about a credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether it is given.
    pub is_approved: bool,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: At,
}

/// The report of a month that is over.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its id.
    pub id: SlaReportId,
    /// What it says.
    pub report: Report,
    /// When it was written.
    pub frozen_at: At,
    /// What was decided about its credit.
    pub decision: Option<Decision>,
}

impl Kept {
    /// Refuses to decide what there is nothing to decide about, and what was decided.
    pub fn check_undecided(&self) -> Result<(), Error> {
        if self.decision.is_some() {
            return Err(Error::conflict(
                "sla-credit-decided",
                "The credit of this month was decided before.",
            ));
        }
        if self.report.credit == 0 {
            return Err(Error::conflict(
                "sla-no-credit",
                "No credit is proposed for this month.",
            ));
        }
        Ok(())
    }
}
