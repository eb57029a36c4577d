//! Rotas, and what changes who is on duty by them.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::{RotaId, RotaOverrideId, UserId};

use super::super::model::{NewRota, Override, Rota, RotaText, days, period};
use super::super::store::{self, Holiday};
use super::{check_person, gone, tell};

fn shown(rota: &Rota) -> Value {
    json!({
        "name": rota.name,
        "zone": rota.zone.name(),
        "turn": rota.turn,
        "handover": rota.handover,
        "weekday": rota.weekday.to_string(),
        "starts_on": rota.starts_on,
        "hours": rota.hours,
        "skips_holidays": rota.skips_holidays,
        "people": rota.people,
    })
}

/// Makes a rota. The turn that goes on is the first person's.
pub async fn create_rota(app: &App, scope: &StaffScope, text: &RotaText) -> Result<Rota, Error> {
    let new = text.parse()?;
    let now = app.now();
    let id = RotaId::new(&*app.ids, now);
    let mut tx = scope.begin().await?;
    for user in &new.people {
        check_person(&mut tx, "people", *user).await?;
    }
    store::insert_rota(&mut tx, id, &new, (new.anchor(now), now)).await?;
    let made = store::rota(&mut tx, id, now).await?;
    let change = Change::to("rota.create", shown(&made));
    tell(app, &mut tx, scope, ("rota", id.0, &made.name), &change).await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes one. Its turns go on as they are unless their length, their day or the people change; then the turn that goes on is the
/// first person's.
pub async fn change_rota(
    app: &App,
    scope: &StaffScope,
    id: RotaId,
    change: impl FnOnce(RotaText) -> RotaText + Send,
    is_seen: impl Fn(i64) -> Result<(), Error> + Send,
) -> Result<Rota, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let known = store::lock_rota(&mut tx, id, now).await?;
    is_seen(known.version)?;
    let wanted = change(RotaText::of(&known, now)).parse()?;
    for user in wanted.people.iter().filter(|user| !known.people.contains(user)) {
        check_person(&mut tx, "people", *user).await?;
    }
    let (new, starts_on) = if wanted.has_turns_of(&known, now) {
        let kept = NewRota {
            people: known.people.clone(),
            ..wanted
        };
        (kept, known.starts_on)
    } else {
        let starts_on = wanted.anchor(now);
        (wanted, starts_on)
    };
    store::save_rota(&mut tx, id, &new, (starts_on, now)).await?;
    let changed = store::rota(&mut tx, id, now).await?;
    let told = Change::between("rota.change", shown(&known), shown(&changed));
    tell(app, &mut tx, scope, ("rota", id.0, &changed.name), &told).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Takes one away that no chain names.
pub async fn delete_rota(app: &App, scope: &StaffScope, id: RotaId) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let known = store::lock_rota(&mut tx, id, app.now()).await?;
    if let Some(chain) = store::is_rota_used(&mut tx, id).await? {
        let message = format!("The chain {chain} pages this rota. Take it out of there first.");
        return Err(Error::conflict("rota-in-use", message));
    }
    store::delete_rota(&mut tx, id).await?;
    let change = gone("rota.delete", shown(&known));
    tell(app, &mut tx, scope, ("rota", id.0, &known.name), &change).await?;
    tx.commit().await
}

/// Lets somebody else be on duty for a time.
pub async fn add_override(
    app: &App,
    scope: &StaffScope,
    (id, user): (RotaId, UserId),
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Override, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let rota = store::lock_rota(&mut tx, id, now).await?;
    period(from, to, now)?;
    check_person(&mut tx, "person", user).await?;
    let one = Override {
        id: RotaOverrideId::new(&*app.ids, now),
        user,
        from,
        to,
    };
    store::insert_override(&mut tx, id, &one, (&scope.actor.name, now)).await?;
    let change = Change::to("rota.override", json!({ "person": user, "from": from, "to": to }));
    tell(app, &mut tx, scope, ("rota", id.0, &rota.name), &change).await?;
    tx.commit().await?;
    Ok(one)
}

/// Takes that back.
pub async fn remove_override(
    app: &App,
    scope: &StaffScope,
    (id, one): (RotaId, RotaOverrideId),
) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let rota = store::lock_rota(&mut tx, id, app.now()).await?;
    store::delete_override(&mut tx, id, one).await?;
    let change = gone("rota.override_remove", json!({ "override": one }));
    tell(app, &mut tx, scope, ("rota", id.0, &rota.name), &change).await?;
    tx.commit().await
}

/// Writes down on which days somebody is away.
pub async fn add_holiday(
    app: &App,
    scope: &StaffScope,
    user: UserId,
    (first, last): (NaiveDate, NaiveDate),
) -> Result<Holiday, Error> {
    let now = app.now();
    days(first, last, now)?;
    let id = app.ids.uuid(now);
    let mut tx = scope.begin().await?;
    check_person(&mut tx, "person", user).await?;
    store::insert_holiday(&mut tx, (id, user), (first, last), (&scope.actor.name, now)).await?;
    let added = store::holiday(&mut tx, id).await?;
    let change = Change::to("on_call.holiday", json!({ "first_on": first, "last_on": last }));
    tell(app, &mut tx, scope, ("user", user.0, &added.name), &change).await?;
    tx.commit().await?;
    Ok(added)
}

/// Takes them away.
pub async fn remove_holiday(app: &App, scope: &StaffScope, id: Uuid) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let known = store::holiday(&mut tx, id).await?;
    store::delete_holiday(&mut tx, id).await?;
    let before = json!({ "first_on": known.first_on, "last_on": known.last_on });
    let change = gone("on_call.holiday_remove", before);
    tell(app, &mut tx, scope, ("user", known.user.0, &known.name), &change).await?;
    tx.commit().await
}
