//! Saying how much mail a plan allows: one transaction with its event and its audit.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::mail::TOPIC;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::PlanId;
use crate::tenants;

use super::model::Limits;
use super::store::{self, Kept};

/// Says how much mail a plan allows. `expected` is asked whether the version that is there may be changed.
pub(super) async fn set(
    app: &App,
    scope: &StaffScope,
    id: PlanId,
    new: Limits,
    expected: &(dyn Fn(i64) -> Result<(), Error> + Sync),
) -> Result<Kept, Error> {
    let mut tx = scope.begin().await?;
    let plan = tenants::lock_plan(&mut tx, id).await?;
    let before = store::find(&mut tx, id).await?;
    expected(before.version)?;
    if before.limits == new {
        return Ok(before);
    }
    store::save(&mut tx, id, &new, app.now()).await?;
    let after = store::find(&mut tx, id).await?;
    events::emit(&mut tx, None, TOPIC, Some(id.0)).await?;
    let target = Target {
        kind: "plan",
        id: Some(id.0),
        label: &plan.name,
        tenant: None,
    };
    let change = Change::between("plan.mail", shown(&before.limits), shown(&new));
    app.audit(&mut tx, &scope.who, &target, &change).await?;
    tx.commit().await?;
    Ok(after)
}

fn shown(limits: &Limits) -> serde_json::Value {
    json!({
        "max_domains": limits.max_domains,
        "max_mailboxes": limits.max_mailboxes,
        "max_aliases": limits.max_aliases,
        "max_mail_mib": limits.max_mail_mib,
        "hourly_limit": limits.hourly_limit,
        "when_suspended": limits.when_suspended,
    })
}
