//! One person, for staff.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::accounts::actions;
use crate::accounts::model::{Person, may_touch_colleague};
use crate::app::App;
use crate::platform::access::{Permission, StaffRole, StaffScope};
use crate::platform::error::Error;
use crate::platform::ids::UserId;
use crate::platform::web::{Ctx, FormData, Page, Path, SeeOther};

use super::people::roles;
use super::{Moment, show_link};

#[derive(Template)]
#[template(path = "accounts/person.html")]
pub(super) struct PersonPage {
    ctx: Ctx,
    person: Person,
    created: Moment,
    seen: Option<Moment>,
    roles: Vec<StaffRole>,
    may_manage: bool,
    is_self: bool,
}

impl PersonPage {
    /// Tone and word.
    fn state(&self) -> (&'static str, &'static str) {
        if self.person.disabled_at.is_some() {
            ("idle", "Disabled")
        } else {
            ("good", "Active")
        }
    }

    fn path(&self) -> String {
        path(self.person.id)
    }
}

fn path(person: UserId) -> String {
    format!("/staff/people/{person}")
}

pub(super) async fn show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(person): Path<UserId>,
) -> Result<Page<PersonPage>, Error> {
    let person = actions::find_person(&scope, person).await?;
    let may_touch = scope
        .actor
        .staff
        .is_some_and(|mine| may_touch_colleague(mine, person.staff));
    Ok(Page(PersonPage {
        ctx: ctx.with_crumbs([("People", "/staff/people")]),
        created: Moment::new(person.created_at, app.now()),
        seen: person.last_seen_at.map(|at| Moment::new(at, app.now())),
        roles: roles(&scope),
        may_manage: may_touch && scope.may(Permission::StaffPeopleManage),
        is_self: person.id == scope.actor.user,
        person,
    }))
}

pub(super) async fn change_role(
    State(app): State<App>,
    scope: StaffScope,
    Path(person): Path<UserId>,
    form: FormData,
) -> Result<SeeOther, Error> {
    let role = match form.get("role") {
        "none" => None,
        role => Some(
            role.parse()
                .map_err(|_| Error::invalid("role", "Choose one of the roles."))?,
        ),
    };
    let person = actions::change_staff_role(&app, &scope, person, role, |_| Ok(())).await?;
    let words = match person.staff {
        Some(role) => format!("{} is now {}.", person.name, role.label().to_lowercase()),
        None => format!("{} is no longer on the staff.", person.name),
    };
    // Who takes themselves off the staff can't look at their own page any more.
    let is_gone = person.id == scope.actor.user && person.staff.is_none();
    let to = if is_gone { "/".to_owned() } else { path(person.id) };
    Ok(SeeOther::to(to).good(words))
}

pub(super) async fn disable(
    State(app): State<App>,
    scope: StaffScope,
    Path(person): Path<UserId>,
) -> Result<SeeOther, Error> {
    let person = actions::disable_person(&app, &scope, person).await?;
    let words = format!(
        "{} can no longer sign in; sessions have ended and tokens have stopped working.",
        person.name
    );
    Ok(SeeOther::to(path(person.id)).good(words))
}

pub(super) async fn enable(
    State(app): State<App>,
    scope: StaffScope,
    Path(person): Path<UserId>,
) -> Result<SeeOther, Error> {
    let person = actions::enable_person(&app, &scope, person).await?;
    Ok(SeeOther::to(path(person.id)).good(format!("{} can sign in again.", person.name)))
}

pub(super) async fn password_link(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(person): Path<UserId>,
) -> Result<Response, Error> {
    let link = actions::issue_password_link(&app, &scope, person).await?;
    let person = actions::find_person(&scope, person).await?;
    let back = path(person.id);
    let crumbs = [
        ("People".to_owned(), "/staff/people".to_owned()),
        (person.name.clone(), back.clone()),
    ];
    Ok(show_link(
        ctx.with_crumbs(crumbs),
        "Password link made".to_owned(),
        format!(
            "Give this link to {} over a channel you trust: whoever opens it chooses the password. It works once, for 24 \
             hours, and is not shown again.",
            person.email
        ),
        link.url,
        back,
    ))
}
