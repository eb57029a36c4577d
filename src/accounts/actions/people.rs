//! What staff do with people: find them, change roles, shut them out and let them in. There is always an owner left.

use serde_json::json;

use crate::accounts::model::{PeopleFilter, Person, may_touch_colleague};
use crate::accounts::store;
use crate::app::App;
use crate::audit::{Change, Target};
use crate::break_glass;
use crate::platform::access::{StaffRole, StaffScope, SystemScope};
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::ids::UserId;

/// At most `limit` people in the order of their addresses, after `after`.
pub async fn list_people(
    scope: &StaffScope,
    filter: PeopleFilter,
    pattern: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Person>, Error> {
    let mut tx = scope.begin().await?;
    let people = store::people(&mut tx, filter, pattern, after, limit).await?;
    tx.commit().await?;
    Ok(people)
}

/// Everybody, for `berth user list`.
pub async fn all_people(scope: &SystemScope) -> Result<Vec<Person>, Error> {
    let mut tx = scope.begin().await?;
    let people = store::people(&mut tx, PeopleFilter::All, None, None, i64::MAX).await?;
    tx.commit().await?;
    Ok(people)
}

/// One person.
pub async fn find_person(scope: &StaffScope, user: UserId) -> Result<Person, Error> {
    let mut tx = scope.begin().await?;
    let person = store::person(&mut tx, user).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(person)
}

/// Somebody that the actor may change, locked, and whether they are the last owner. Owners are locked first and in their
/// order, so that two colleagues who remove each other neither deadlock nor both succeed.
async fn lock(scope: &StaffScope, tx: &mut StaffTx, user: UserId) -> Result<(Person, bool), Error> {
    let mine = scope.actor.staff.ok_or(Error::Forbidden)?;
    let owners = store::lock_owners(tx).await?;
    store::lock_person(tx, user).await?;
    let person = store::person(tx, user).await?.ok_or(Error::NotFound)?;
    if !may_touch_colleague(mine, person.staff) {
        return Err(Error::Forbidden);
    }
    Ok((person, owners == [user]))
}

fn last_owner() -> Error {
    Error::conflict(
        "last-owner",
        "This is the last owner. Make somebody else an owner first.",
    )
}

fn target(person: &Person) -> Target<'_> {
    Target {
        kind: "user",
        id: Some(person.id.0),
        label: &person.email,
        tenant: None,
    }
}

/// Changes a colleague's role; `None` takes them off the staff. Who is not on it is invited instead.
pub async fn change_staff_role(
    app: &App,
    scope: &StaffScope,
    user: UserId,
    role: Option<StaffRole>,
    check: impl Fn(&Person) -> Result<(), Error>,
) -> Result<Person, Error> {
    let mut tx = scope.begin().await?;
    let (mut person, is_last_owner) = lock(scope, &mut tx, user).await?;
    check(&person)?;
    let before = person
        .staff
        .ok_or_else(|| Error::conflict("not-staff", "Invite this person to the staff first."))?;
    if role.is_some_and(|role| {
        scope
            .actor
            .staff
            .is_none_or(|mine| !may_touch_colleague(mine, Some(role)))
    }) {
        return Err(Error::Forbidden);
    }
    if is_last_owner && role != Some(StaffRole::Owner) {
        return Err(last_owner());
    }
    if role != Some(before) {
        store::set_staff_role(&mut tx, user, role, app.now()).await?;
        break_glass::end_lost(app, &mut tx, &scope.who, user).await?;
        let after = json!({ "staff_role": role.map(StaffRole::name) });
        let change = Change::between("user.role", json!({ "staff_role": before.name() }), after);
        app.audit(&mut tx, &scope.who, &target(&person), &change).await?;
        person = store::person(&mut tx, user).await?.ok_or(Error::NotFound)?;
    }
    tx.commit().await?;
    Ok(person)
}

/// Shuts somebody out: sessions end, tokens stop working, sign-in is refused.
pub async fn disable_person(app: &App, scope: &StaffScope, user: UserId) -> Result<Person, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let (mut person, is_last_owner) = lock(scope, &mut tx, user).await?;
    if user == scope.actor.user {
        return Err(Error::conflict(
            "own-account",
            "You can't disable your own account.",
        ));
    }
    if is_last_owner {
        return Err(last_owner());
    }
    if person.disabled_at.is_none() {
        store::set_disabled(&mut tx, user, Some(now), now).await?;
        store::delete_sessions(&mut tx, user, None).await?;
        break_glass::end_lost(app, &mut tx, &scope.who, user).await?;
        store::delete_password_links(&mut tx, user).await?;
        app.audit(
            &mut tx,
            &scope.who,
            &target(&person),
            &Change::plain("user.disable"),
        )
        .await?;
        person = store::person(&mut tx, user).await?.ok_or(Error::NotFound)?;
    }
    tx.commit().await?;
    Ok(person)
}

/// Lets somebody in again, with the password and the tokens that they had.
pub async fn enable_person(app: &App, scope: &StaffScope, user: UserId) -> Result<Person, Error> {
    let mut tx = scope.begin().await?;
    let (mut person, _) = lock(scope, &mut tx, user).await?;
    if person.disabled_at.is_some() {
        store::set_disabled(&mut tx, user, None, app.now()).await?;
        app.audit(
            &mut tx,
            &scope.who,
            &target(&person),
            &Change::plain("user.enable"),
        )
        .await?;
        person = store::person(&mut tx, user).await?.ok_or(Error::NotFound)?;
    }
    tx.commit().await?;
    Ok(person)
}
