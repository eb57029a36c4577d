//! Adding time, and saying how much of it plans include.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::StaffScope;
use crate::platform::db::Scoped;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::events;
use crate::platform::ids::{PlanId, TenantId, TicketId, TimeEntryId};
use crate::tenants;
use crate::tickets;
use crate::tickets::extras::tell;

use super::model::{Entry, Spent, Support, difference, month_of};
use super::store;

/// Adds time to a ticket.
pub(super) async fn add(
    app: &App,
    scope: &StaffScope,
    ticket: TicketId,
    spent: Result<Spent, FieldErrors>,
    is_billable: bool,
) -> Result<Entry, Error> {
    let (spent, now) = (spent?, app.now());
    let mut tx = scope.begin().await?;
    let ticket = tickets::lock(&mut tx, ticket).await?;
    let new = Entry {
        id: TimeEntryId::new(&*app.ids, now),
        minutes: spent.minutes,
        what: spent.what,
        is_billable,
        corrects: None,
        at: now,
        created_by: scope.who.label.clone(),
        created_at: now,
    };
    store::insert(&mut tx, ticket.id, &new, scope.actor.user).await?;
    // Without the words, which the tenant does not read.
    let shown = json!({ "minutes": new.minutes, "billable": is_billable });
    let change = Change::to("ticket.time", shown);
    tell(app, &mut tx, &scope.who, &ticket, &change).await?;
    tx.commit().await?;
    Ok(new)
}

/// Makes an entry one of so many minutes, by another one of the difference.
pub(super) async fn correct(
    app: &App,
    scope: &StaffScope,
    (ticket, id): (TicketId, TimeEntryId),
    wanted: Result<Spent, FieldErrors>,
) -> Result<Entry, Error> {
    let (wanted, now) = (wanted?, app.now());
    let mut tx = scope.begin().await?;
    let ticket = tickets::lock(&mut tx, ticket).await?;
    let wrong = store::find(&mut tx, (ticket.id, id)).await?;
    let minutes = store::corrected(&mut tx, id).await?;
    let new = Entry {
        id: TimeEntryId::new(&*app.ids, now),
        minutes: difference(minutes, wanted.minutes)?,
        what: wanted.what,
        is_billable: wrong.is_billable,
        corrects: Some(id),
        at: wrong.at,
        created_by: scope.who.label.clone(),
        created_at: now,
    };
    store::insert(&mut tx, ticket.id, &new, scope.actor.user).await?;
    let (before, after) = (
        json!({ "minutes": minutes }),
        json!({ "minutes": wanted.minutes }),
    );
    let change = Change::between("ticket.time-correct", before, after);
    tell(app, &mut tx, &scope.who, &ticket, &change).await?;
    tx.commit().await?;
    Ok(new)
}

/// What a tenant has of staff's time in the month that it is.
pub async fn support(app: &App, tx: &mut impl Scoped, tenant: TenantId) -> Result<Support, Error> {
    let month = month_of(app.now());
    Ok(Support {
        month: month.0,
        included: store::included(tx, tenant).await?,
        used: store::used(tx, tenant, month).await?,
    })
}

/// Says how many minutes a month a plan includes. Gives them and their version.
pub(super) async fn set_plan(
    app: &App,
    scope: &StaffScope,
    id: PlanId,
    minutes: Result<i32, FieldErrors>,
    is_seen: impl FnOnce(i64) -> Result<(), Error> + Send,
) -> Result<(i32, i64), Error> {
    let minutes = minutes?;
    let mut tx = scope.begin().await?;
    let plan = tenants::lock_plan(&mut tx, id).await?;
    let before = store::plan(&mut tx, id).await?;
    is_seen(before.1)?;
    store::set_plan(&mut tx, id, minutes, app.now()).await?;
    let after = store::plan(&mut tx, id).await?;
    events::emit(&mut tx, None, "plan", Some(id.0)).await?;
    let target = Target {
        kind: "plan",
        id: Some(id.0),
        label: &plan.name,
        tenant: None,
    };
    let shown = |minutes: i32| json!({ "included_minutes": minutes });
    let change = Change::between("plan.support", shown(before.0), shown(minutes));
    app.audit(&mut tx, &scope.who, &target, &change).await?;
    tx.commit().await?;
    Ok(after)
}
