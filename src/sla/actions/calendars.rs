//! Calendars. A change is one of all policies that have it, from then on: tickets keep the terms that they were opened under.

use serde_json::{Value, json};

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::SlaCalendarId;

use super::super::model::{Calendar, Hours, Terms};
use super::super::store;
use super::{Expected, tell};

fn target(calendar: &Calendar) -> Target<'_> {
    Target {
        kind: "sla_calendar",
        id: Some(calendar.id.0),
        label: &calendar.name,
        tenant: None,
    }
}

fn shown(calendar: &Calendar) -> Value {
    json!({ "name": calendar.name, "hours": calendar.hours })
}

/// Makes one.
pub async fn create_calendar(
    app: &App,
    scope: &StaffScope,
    (name, hours): (String, Hours),
) -> Result<Calendar, Error> {
    let now = app.now();
    let id = SlaCalendarId::new(&*app.ids, now);
    let mut tx = scope.begin().await?;
    store::insert_calendar(&mut tx, id, (&name, &hours), now).await?;
    let made = store::find_calendar(&mut tx, id).await?;
    let change = Change::to("sla_calendar.create", shown(&made));
    tell(app, &mut tx, scope, &target(&made), &change).await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes one.
pub async fn update_calendar(
    app: &App,
    scope: &StaffScope,
    id: SlaCalendarId,
    (name, hours): (String, Hours),
    expected: Expected<'_>,
) -> Result<Calendar, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let before = store::lock_calendar(&mut tx, id).await?;
    expected(before.version)?;
    if (&before.name, &before.hours) == (&name, &hours) {
        return Ok(before);
    }
    store::save_calendar(&mut tx, id, (&name, &hours), now).await?;
    if before.hours != hours {
        for policy in store::lock_policies_of(&mut tx, id).await? {
            let terms = Terms {
                hours: hours.clone(),
                ..policy.terms
            };
            store::save_policy(&mut tx, (policy.id, policy.version + 1), (id, &terms), now).await?;
        }
    }
    let after = store::find_calendar(&mut tx, id).await?;
    let change = Change::between("sla_calendar.update", shown(&before), shown(&after));
    tell(app, &mut tx, scope, &target(&after), &change).await?;
    tx.commit().await?;
    Ok(after)
}

/// Offers one no more, or again. Policies that have it keep it. Doing it twice does nothing.
pub async fn archive_calendar(
    app: &App,
    scope: &StaffScope,
    id: SlaCalendarId,
    is_archived: bool,
) -> Result<Calendar, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let before = store::lock_calendar(&mut tx, id).await?;
    if before.archived_at.is_some() == is_archived {
        return Ok(before);
    }
    store::archive_calendar(&mut tx, id, is_archived.then_some(now), now).await?;
    let after = store::find_calendar(&mut tx, id).await?;
    let verb = if is_archived {
        "sla_calendar.archive"
    } else {
        "sla_calendar.restore"
    };
    tell(app, &mut tx, scope, &target(&after), &Change::plain(verb)).await?;
    tx.commit().await?;
    Ok(after)
}
