//! Members and invitations as a part of a page, for a tenant's own people and for staff.

use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};

use crate::accounts::{Invitation, IssuedLink};
use crate::app::App;
use crate::platform::access::{Permission, StaffScope, TenantRole, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{TenantId, UserId};
use crate::platform::web::{Cursor, FormData, FormState, ListQuery, Listing, SeeOther, ago};

use super::super::actions::{self, By};
use super::super::model::{Member, Office};
use super::super::store;

/// A member, and what the viewer may do about them. Whether they are the last owner is for the action to say.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) member: Member,
    pub(super) oneself: bool,
    pub(super) may_change: bool,
    pub(super) may_remove: bool,
}

impl Row {
    /// The id of its dialog.
    pub(super) fn dialog(&self) -> String {
        format!("remove-{}", self.member.user)
    }

    pub(super) fn question(&self) -> String {
        format!("Remove {}?", self.member.name)
    }

    pub(super) fn remove_path(&self, base: &str) -> String {
        format!("{base}/{}/remove", self.member.user)
    }
}

/// The part of the page.
#[derive(Debug)]
pub(super) struct People {
    pub(super) base: String,
    pub(super) members: Vec<Row>,
    pub(super) next: String,
    pub(super) invitations: Vec<Invitation>,
    pub(super) roles: Vec<TenantRole>,
    pub(super) may_manage: bool,
    pub(super) state: FormState,
    pub(super) issued: Option<IssuedLink>,
    pub(super) invited: String,
    pub(super) now: DateTime<Utc>,
}

/// A role's name for people.
pub(super) fn role_label(role: &str) -> String {
    role.parse()
        .map_or_else(|_| role.to_owned(), |role: TenantRole| role.label().to_owned())
}

/// Who looks at the part, and in which office.
pub(super) struct Viewer {
    pub(super) tenant: TenantId,
    pub(super) office: Office,
    pub(super) user: UserId,
    pub(super) may_manage: bool,
}

/// What the part shows besides what the database holds.
#[derive(Default)]
pub(super) struct Told {
    pub(super) query: ListQuery,
    pub(super) state: FormState,
    pub(super) issued: Option<IssuedLink>,
}

impl People {
    pub(super) async fn load(
        app: &App,
        tx: &mut impl Scoped,
        viewer: &Viewer,
        base: String,
        (told, invitations): (Told, Vec<Invitation>),
    ) -> Result<Self, Error> {
        let after: Option<String> = Cursor::decode(told.query.after.as_deref())?;
        let limit = told.query.fetch()?;
        let rows = store::list_members(tx, viewer.tenant, None, after.as_deref(), limit).await?;
        let listing = Listing::new(rows, &told.query, |member| member.email.clone())?;
        Ok(Self {
            base,
            next: listing.next_href(&told.query).unwrap_or_default(),
            members: listing
                .items
                .into_iter()
                .map(|member| viewer.row(member))
                .collect(),
            invitations,
            roles: viewer.roles(),
            may_manage: viewer.may_manage,
            invited: told.state.value("email").to_owned(),
            state: if told.issued.is_some() {
                FormState::default()
            } else {
                told.state
            },
            issued: told.issued,
            now: app.now(),
        })
    }

    pub(super) fn ago(&self, at: &DateTime<Utc>) -> String {
        ago(*at, self.now)
    }
}

impl Viewer {
    pub(super) fn member(scope: &TenantScope) -> Result<Self, Error> {
        Ok(Self {
            tenant: scope.tenant(),
            office: Office::Member(scope.member.role().ok_or(Error::Forbidden)?),
            user: scope.actor.user,
            may_manage: scope.may(Permission::MemberManage),
        })
    }

    pub(super) fn staff(scope: &StaffScope, tenant: TenantId) -> Self {
        Self {
            tenant,
            office: Office::Staff,
            user: scope.actor.user,
            may_manage: scope.may(Permission::StaffTenantManage),
        }
    }

    pub(super) fn row(&self, member: Member) -> Row {
        let may = self.may_manage && self.office.may_touch(member.role).is_ok();
        let oneself = self.office != Office::Staff && member.user == self.user;
        Row {
            oneself,
            may_change: may,
            may_remove: may && !oneself,
            member,
        }
    }

    /// The roles that the viewer may give, the least powerful first.
    pub(super) fn roles(&self) -> Vec<TenantRole> {
        TenantRole::ALL
            .iter()
            .rev()
            .copied()
            .filter(|role| self.office.may_touch(*role).is_ok())
            .collect()
    }
}

pub(super) const REVOKED: &str = "The invitation was taken back. Its link no longer works.";

fn role(form: &FormData) -> Result<TenantRole, Error> {
    form.get("role")
        .parse()
        .map_err(|_| Error::invalid("role", "Choose one of the roles."))
}

fn called(role: TenantRole) -> String {
    let article = if matches!(role, TenantRole::Owner | TenantRole::Operator) {
        "an"
    } else {
        "a"
    };
    format!("{article} {}", role.name())
}

/// What the page tells after an invitation: the link, or what is wrong.
pub(super) fn invited(outcome: Result<IssuedLink, Error>, form: FormData) -> Result<(Told, u16), Error> {
    let told = |state, issued| Told {
        state,
        issued,
        ..Told::default()
    };
    match outcome {
        Ok(link) => Ok((
            told(FormState::new(form, FieldErrors::default()), Some(link)),
            200,
        )),
        Err(Error::Invalid(errors)) => Ok((told(FormState::new(form, errors), None), 422)),
        Err(error @ Error::LimitReached { .. }) => {
            let errors = FieldErrors::one("email", error.sentence());
            Ok((told(FormState::new(form, errors), None), 409))
        }
        Err(error) => Err(error),
    }
}

/// Gives a member the form's role, and goes back to the members at `base`.
pub(super) async fn change_role(
    app: &App,
    by: By<'_>,
    user: UserId,
    form: &FormData,
    base: &str,
) -> Result<Response, Error> {
    let changed = actions::change_role(app, by, user, role(form)?).await;
    answer(changed, base, |member| {
        format!("{} is {} now.", member.name, called(member.role))
    })
}

/// Ends a membership, and goes back to the members at `base`.
pub(super) async fn remove(app: &App, by: By<'_>, user: UserId, base: &str) -> Result<Response, Error> {
    let removed = actions::remove(app, by, user).await;
    answer(removed, base, |member| {
        format!("{} is no longer a member.", member.name)
    })
}

/// Ends one's own membership, and goes to what else one has; back to the members at `base` if that can't be.
pub(super) async fn leave(app: &App, scope: &TenantScope, base: &str) -> Result<Response, Error> {
    let left = actions::remove(app, By::Member(scope), scope.actor.user).await;
    let to = if left.is_ok() { "/" } else { base };
    answer(left, to, |_| format!("You left {}.", scope.member.name))
}

/// Goes on, with what was done or what stands in its way.
fn answer(
    outcome: Result<Member, Error>,
    to: &str,
    say: impl Fn(&Member) -> String,
) -> Result<Response, Error> {
    match outcome {
        Ok(member) => Ok(SeeOther::to(to).good(say(&member)).into_response()),
        Err(Error::Conflict { message, .. }) => Ok(SeeOther::to(to).bad(message).into_response()),
        Err(error) => Err(error),
    }
}
