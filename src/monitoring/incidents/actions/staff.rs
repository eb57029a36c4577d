//! What staff do about incidents.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::StaffScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::events;
use crate::platform::ids::{IncidentId, LocationId};

use super::super::model::{IncidentState, Kept};
use super::super::store::{self, Inventory};
use super::super::{CLOSED_TOPIC, TOPIC};

/// Closes an incident that is not over, for a reason. It opens again only after its cause was good once. What is a part of it and
/// was told with it closes with it.
pub async fn close(app: &App, scope: &StaffScope, id: IncidentId, reason: &str) -> Result<Kept, Error> {
    let reason = checked(reason)?;
    let (now, mut tx) = (app.now(), scope.begin().await?);
    store::serialize(&mut tx).await?;
    let kept = store::find(&mut tx, id).await?;
    if kept.incident.state != IncidentState::Open {
        return Err(Error::conflict(
            "incident-closed",
            "This incident is over already.",
        ));
    }
    let by = (scope.who.label.as_str(), reason);
    store::dismiss(&mut tx, id, by, now).await?;
    store::dismiss_children(&mut tx, id, by, now).await?;
    let one = &kept.incident;
    events::emit(&mut tx, one.tenant, TOPIC, Some(id.0)).await?;
    events::emit(&mut tx, None, CLOSED_TOPIC, Some(id.0)).await?;
    let target = Target {
        kind: "incident",
        id: Some(id.0),
        label: &one.summary,
        tenant: one.tenant,
    };
    let change = Change::to("incident.close", json!({ "reason": reason }));
    app.audit(&mut tx, &scope.who, &target, &change).await?;
    let kept = store::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(kept)
}

fn checked(reason: &str) -> Result<&str, Error> {
    let reason = reason.trim();
    match reason.chars().count() {
        1..=500 => Ok(reason),
        _ => Err(Error::invalid("reason", "Say why, in 1 to 500 characters.")),
    }
}

/// Longer than any name of a room.
const LONGEST: usize = 100;

/// Spaces around a name would make another rack of it.
fn trimmed(mut one: Inventory) -> Inventory {
    for text in [
        &mut one.site,
        &mut one.room,
        &mut one.rack,
        &mut one.unit,
        &mut one.asset,
    ] {
        *text = text.trim().to_owned();
    }
    one
}

/// Writes down where a location stands. `expected` is asked whether the version that is there may be changed.
pub async fn set_place(
    app: &App,
    scope: &StaffScope,
    id: LocationId,
    choose: impl FnOnce(Inventory) -> Inventory + Send,
    expected: &(dyn Fn(i64) -> Result<(), Error> + Sync),
) -> Result<Inventory, Error> {
    let mut tx = scope.begin().await?;
    // Of two who save at once, the second is told that somebody was first.
    store::serialize(&mut tx).await?;
    let before = store::place(&mut tx, id).await?;
    expected(before.version)?;
    let new = trimmed(choose(before.clone()));
    let mut errors = FieldErrors::default();
    let fields = [
        ("site", &new.site),
        ("room", &new.room),
        ("rack", &new.rack),
        ("unit", &new.unit),
        ("asset", &new.asset),
    ];
    for (field, text) in fields {
        if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
            errors.add(field, format!("Use one line of at most {LONGEST} characters."));
        }
    }
    errors.into_result()?;
    store::save_place(&mut tx, &new).await?;
    let stands = |one: &Inventory| [one.site.clone(), one.room.clone(), one.rack.clone()];
    if stands(&before) != stands(&new) {
        store::save_stood(&mut tx, &new, app.now()).await?;
    }
    let shown = |one: &Inventory| json!({ "site": one.site, "room": one.room, "rack": one.rack, "unit": one.unit, "asset": one.asset });
    let target = Target {
        kind: "location",
        id: Some(id.0),
        label: &before.name,
        tenant: None,
    };
    let change = Change::between("location.place", shown(&before), shown(&new));
    app.audit(&mut tx, &scope.who, &target, &change).await?;
    let after = store::place(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}
