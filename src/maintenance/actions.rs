//! What staff do about maintenance.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::StaffScope;
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::MaintenanceId;
use crate::servers;

use super::TOPIC;
use super::model::{Maintenance, NewMaintenance, Place, Timing};
use super::store;

/// Times have rows so long before they come: longer than anybody is told before.
pub const HORIZON: TimeDelta = TimeDelta::days(60);

/// Announces a window.
pub async fn create(app: &App, scope: &StaffScope, new: &NewMaintenance) -> Result<Maintenance, Error> {
    let (now, mut tx) = (app.now(), scope.begin().await?);
    check_place(&mut tx, &new.place).await?;
    let planned = plan_until(&new.timing, now)?;
    let id = MaintenanceId::new(&*app.ids, now);
    store::insert(&mut tx, id, new, (scope.who.label.as_str(), now, planned)).await?;
    store::plan(&mut tx, id, &to_come(&new.timing, now, planned)).await?;
    let made = done(app, &mut tx, scope, id, "maintenance.create").await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes a window. When and where it is stays as it was told to people.
pub async fn change(
    app: &App,
    scope: &StaffScope,
    id: MaintenanceId,
    new: &NewMaintenance,
    expected: &(dyn Fn(i64) -> Result<(), Error> + Sync),
) -> Result<Maintenance, Error> {
    let (now, mut tx) = (app.now(), scope.begin().await?);
    let before = store::lock(&mut tx, id).await?;
    expected(before.version)?;
    check_not_cancelled(&before)?;
    // What a window is about may be gone by now: its words can be changed nevertheless.
    if before.place != new.place {
        check_place(&mut tx, &new.place).await?;
    }
    let is_same = (&before.place, &before.timing) == (&new.place, &new.timing);
    if !is_same && store::is_announced(&mut tx, id, now).await? {
        return Err(Error::conflict(
            "maintenance-announced",
            "Customers were told of it already, or it has begun, so its time and place stay. Call it off and announce a new one.",
        ));
    }
    let planned = if is_same {
        None
    } else {
        Some(plan_until(&new.timing, now)?)
    };
    store::update(&mut tx, id, new, (now, planned)).await?;
    if let Some(planned) = planned {
        store::unplan(&mut tx, id).await?;
        store::plan(&mut tx, id, &to_come(&new.timing, now, planned)).await?;
    }
    let made = done(app, &mut tx, scope, id, "maintenance.change").await?;
    tx.commit().await?;
    Ok(made)
}

/// Calls a window off: what has not begun does not come, and what is under way ends now.
pub async fn cancel(app: &App, scope: &StaffScope, id: MaintenanceId) -> Result<Maintenance, Error> {
    let (now, mut tx) = (app.now(), scope.begin().await?);
    check_not_cancelled(&store::lock(&mut tx, id).await?)?;
    store::end(&mut tx, id, now).await?;
    store::cancel(&mut tx, id, now).await?;
    let made = done(app, &mut tx, scope, id, "maintenance.cancel").await?;
    tx.commit().await?;
    Ok(made)
}

/// Ends the time that is under way, because the work is done.
pub async fn end(app: &App, scope: &StaffScope, id: MaintenanceId) -> Result<Maintenance, Error> {
    let (now, mut tx) = (app.now(), scope.begin().await?);
    store::lock(&mut tx, id).await?;
    if !store::end(&mut tx, id, now).await? {
        return Err(Error::conflict(
            "maintenance-not-running",
            "It is not under way now, so there is nothing to end.",
        ));
    }
    let made = done(app, &mut tx, scope, id, "maintenance.end").await?;
    tx.commit().await?;
    Ok(made)
}

fn check_not_cancelled(one: &Maintenance) -> Result<(), Error> {
    match one.cancelled_at {
        None => Ok(()),
        Some(_) => Err(Error::conflict(
            "maintenance-cancelled",
            "This maintenance was called off. Announce a new one.",
        )),
    }
}

async fn check_place(tx: &mut StaffTx, place: &Place) -> Result<(), Error> {
    match place {
        Place::Everything => Ok(()),
        Place::Location(id) if store::has_location(tx, *id).await? => Ok(()),
        Place::Location(_) => Err(Error::invalid("location", "There is no such location.")),
        Place::Site(_) | Place::Rack { .. } if store::spots(tx).await?.contains(place) => Ok(()),
        Place::Site(_) => Err(Error::invalid(
            "site",
            "No location stands there. Write down first where locations stand.",
        )),
        Place::Rack { .. } => Err(Error::invalid(
            "rack",
            "No location stands in it. Write down first where locations stand.",
        )),
        Place::Server(id) => match servers::find(tx, *id).await {
            Err(Error::NotFound) => Err(Error::invalid("server", "There is no such server.")),
            other => other.map(drop),
        },
    }
}

/// Until when its times get rows now: its first in any case. One that never comes is refused.
fn plan_until(timing: &Timing, now: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
    let first = timing
        .begins()
        .ok_or_else(|| Error::invalid("until", "It never comes."))?;
    let until = (now + HORIZON).max(first + TimeDelta::seconds(1));
    if to_come(timing, now, until).is_empty() {
        return Err(Error::invalid("starts_at", "This is over already."));
    }
    Ok(until)
}

/// The times that have not ended.
fn to_come(timing: &Timing, now: DateTime<Utc>, until: DateTime<Utc>) -> Vec<super::Period> {
    let length = TimeDelta::minutes(i64::from(timing.minutes));
    let times = timing.occurrences(now - length, until).into_iter();
    times.filter(|(_, ends)| *ends > now).collect()
}

/// Tells the log and whoever listens, and reads it anew.
async fn done(
    app: &App,
    tx: &mut StaffTx,
    scope: &StaffScope,
    id: MaintenanceId,
    verb: &'static str,
) -> Result<Maintenance, Error> {
    let one = store::find(tx, id).await?;
    events::emit(tx, None, TOPIC, Some(id.0)).await?;
    let target = Target {
        kind: "maintenance",
        id: Some(id.0),
        label: &one.title,
        tenant: None,
    };
    let what = json!({
        "place": one.place_name,
        "first": one.timing.first.to_string(),
        "minutes": one.timing.minutes,
        "repeat": one.timing.repeat,
        "zone": one.timing.zone.name(),
        "lead_hours": one.lead_hours,
    });
    app.audit(tx, &scope.who, &target, &Change::to(verb, what))
        .await?;
    Ok(one)
}
