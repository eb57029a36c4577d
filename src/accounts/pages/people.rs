//! Everybody with an account, for staff: the list, and invitations to the staff.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use crate::accounts::actions::{self, NewInvitation};
use crate::accounts::model::{PeopleFilter, may_touch_colleague};
use crate::app::App;
use crate::platform::access::{Permission, StaffRole, StaffScope};
use crate::platform::error::Error;
use crate::platform::ids::{LinkId, UserId};
use crate::platform::web::{
    Ctx, Cursor, FormData, FormState, ListQuery, Listing, Page, Path, Query, SeeOther,
};

use super::{Moment, show_link};

/// What the list is asked for.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct PeopleQuery {
    #[serde(default)]
    show: PeopleFilter,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

impl PeopleQuery {
    fn list(&self) -> ListQuery {
        ListQuery {
            q: self.q.clone(),
            after: self.after.clone(),
            ..ListQuery::default()
        }
    }
}

struct Row {
    id: UserId,
    name: String,
    email: String,
    role: &'static str,
    tenants: String,
    is_disabled: bool,
    seen: Option<Moment>,
}

struct Invited {
    id: LinkId,
    email: String,
    role: String,
    by: String,
    expires: Moment,
}

#[derive(Template)]
#[template(path = "accounts/people.html")]
pub(super) struct People {
    ctx: Ctx,
    rows: Vec<Row>,
    invited: Vec<Invited>,
    filters: Vec<(&'static str, &'static str, bool)>,
    q: String,
    next: String,
    first: String,
    may_manage: bool,
}

fn filters(chosen: PeopleFilter) -> Vec<(&'static str, &'static str, bool)> {
    [
        ("staff", "Staff", PeopleFilter::Staff),
        ("customers", "Customers", PeopleFilter::Customers),
        ("disabled", "Disabled", PeopleFilter::Disabled),
        ("all", "Everybody", PeopleFilter::All),
    ]
    .into_iter()
    .map(|(value, words, filter)| (value, words, filter == chosen))
    .collect()
}

pub(super) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<PeopleQuery>,
) -> Result<Page<People>, Error> {
    let now = app.now();
    let list = query.list();
    let after: Option<String> = Cursor::decode(list.after.as_deref())?;
    let pattern = list.pattern()?;
    let people = actions::list_people(
        &scope,
        query.show,
        pattern.as_deref(),
        after.as_deref(),
        list.fetch()?,
    );
    let listing = Listing::new(people.await?, &list, |person| person.email.clone())?;
    let next = listing.next_href(&query).unwrap_or_default();
    let rows = listing.items.into_iter().map(|person| Row {
        id: person.id,
        role: person.role_label(),
        tenants: person.tenants.join(", "),
        is_disabled: person.disabled_at.is_some(),
        seen: person.last_seen_at.map(|at| Moment::new(at, now)),
        name: person.name,
        email: person.email,
    });
    let invitations = actions::staff_invitations(&app, &scope).await?.into_iter();
    let invited = invitations.map(|invitation| Invited {
        id: invitation.id,
        role: role_label(&invitation.role),
        expires: Moment::new(invitation.expires_at, now),
        email: invitation.email,
        by: invitation.created_by,
    });
    let page = People {
        rows: rows.collect(),
        invited: invited.collect(),
        filters: filters(query.show),
        q: list.text().to_owned(),
        next,
        first: if after.is_some() {
            "/staff/people".to_owned()
        } else {
            String::new()
        },
        may_manage: scope.may(Permission::StaffPeopleManage),
        ctx,
    };
    Ok(Page(page))
}

fn role_label(name: &str) -> String {
    name.parse()
        .map_or_else(|_| name.to_owned(), |role: StaffRole| role.label().to_owned())
}

#[derive(Template)]
#[template(path = "accounts/people_invite.html")]
struct InvitePage {
    ctx: Ctx,
    roles: Vec<StaffRole>,
    form: FormState,
}

/// The roles that the actor may give.
pub(super) fn roles(scope: &StaffScope) -> Vec<StaffRole> {
    let may = |role: &StaffRole| {
        scope
            .actor
            .staff
            .is_some_and(|mine| may_touch_colleague(mine, Some(*role)))
    };
    StaffRole::ALL.iter().copied().filter(may).collect()
}

fn invite_page(ctx: Ctx, scope: &StaffScope, form: FormState) -> Page<InvitePage> {
    let ctx = ctx.with_crumbs([("People", "/staff/people")]);
    Page(InvitePage {
        ctx,
        roles: roles(scope),
        form,
    })
}

pub(super) async fn invite_form(scope: StaffScope, ctx: Ctx) -> Response {
    invite_page(ctx, &scope, FormState::default().with("role", "support")).into_response()
}

pub(super) async fn invite(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let new = NewInvitation {
        email: form.get("email"),
        role: form.get("role"),
    };
    match form.submit(actions::invite_colleague(&app, &scope, &new)).await {
        Ok(link) => Ok(show_link(
            ctx.with_crumbs([("People", "/staff/people")]),
            "Invitation made".to_owned(),
            format!(
                "Send this link to {}. It works once, for seven days, and is not shown again.",
                new.email.trim()
            ),
            link.url,
            "/staff/people".to_owned(),
        )),
        Err(Error::Invalid(errors)) => Ok(invite_page(ctx, &scope, FormState::new(form, errors)).status(422)),
        Err(error) => Err(error),
    }
}

pub(super) async fn revoke_invitation(
    State(app): State<App>,
    scope: StaffScope,
    Path(invitation): Path<LinkId>,
) -> Result<SeeOther, Error> {
    actions::revoke_colleague_invitation(&app, &scope, invitation).await?;
    Ok(SeeOther::to("/staff/people").good("Invitation taken back. Its link no longer works."))
}
