//! What is given back for a month: proposed by the terms, decided by staff, once.

use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::tenants;

use super::super::model::{Decision, Kept, Month};
use super::super::store;
use super::tell;

const MAX_REASON: usize = 500;

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SlaCreditVerdict)]
pub enum Verdict {
    /// It is given.
    Approve,
    /// It is not.
    Refuse,
}

fn reason(text: &str) -> Result<String, Error> {
    let text = text.trim();
    if (1..=MAX_REASON).contains(&text.chars().count()) {
        Ok(text.to_owned())
    } else {
        Err(Error::invalid(
            "reason",
            format!("Say why, in 1 to {MAX_REASON} characters."),
        ))
    }
}

/// Decides about the credit of a month that is over. Of two who decide at once one is told that it was decided.
pub async fn decide(
    app: &App,
    scope: &StaffScope,
    (tenant, month): (TenantId, Month),
    verdict: Verdict,
    why: &str,
) -> Result<Kept, Error> {
    let reason = reason(why)?;
    let mut tx = scope.begin().await?;
    tenants::find_tenant(&mut tx, tenant).await?;
    let kept = store::lock_report(&mut tx, tenant, month).await?;
    let kept =
        kept.ok_or_else(|| Error::conflict("sla-month-not-over", "This month's report is not final yet."))?;
    kept.check_undecided()?;
    let decision = Decision {
        is_approved: verdict == Verdict::Approve,
        reason,
        by: scope.who.label.clone(),
        at: app.now(),
    };
    store::decide(&mut tx, kept.id, &decision).await?;
    let label = format!("{} {month}", kept.report.tenant_name);
    let target = Target {
        kind: "sla_report",
        id: Some(kept.id.0),
        label: &label,
        tenant: Some(tenant),
    };
    let verb = if decision.is_approved {
        "sla_report.approve"
    } else {
        "sla_report.refuse"
    };
    let told = json!({ "credit": kept.report.credit, "reason": decision.reason });
    tell(app, &mut tx, scope, &target, &Change::to(verb, told)).await?;
    tx.commit().await?;
    Ok(Kept {
        decision: Some(decision),
        ..kept
    })
}
