//! The members of a tenant, for its own people.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::accounts::{self, NewInvitation};
use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{LinkId, UserId};
use crate::platform::web::{Ctx, FormData, ListQuery, Page, Path, Query, SeeOther};

use super::super::actions::By;
use super::people::{self, People, REVOKED, Told, Viewer, invited};

/// The page of a tenant's own people.
#[derive(Debug, Template)]
#[template(path = "tenants/own_members.html")]
pub(crate) struct OwnMembers {
    ctx: Ctx,
    people: People,
    leave_path: String,
}

fn own_path(scope: &TenantScope, below: &str) -> String {
    format!("/t/{}/members{below}", scope.member.slug)
}

async fn page(app: &App, scope: &TenantScope, ctx: Ctx, told: Told) -> Result<Page<OwnMembers>, Error> {
    let invitations = accounts::invitations(app, scope).await?;
    let mut tx = scope.begin().await?;
    let viewer = Viewer::member(scope)?;
    let people = People::load(app, &mut tx, &viewer, own_path(scope, ""), (told, invitations)).await?;
    let leave_path = format!("/t/{}/leave", scope.member.slug);
    Ok(Page(OwnMembers {
        ctx,
        people,
        leave_path,
    }))
}

/// Shows the members of one's tenant.
pub(crate) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Query(query): Query<ListQuery>,
) -> Result<Page<OwnMembers>, Error> {
    page(
        &app,
        &scope,
        ctx,
        Told {
            query,
            ..Told::default()
        },
    )
    .await
}

/// Invites somebody to one's tenant and shows the link, this once.
pub(crate) async fn invite(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let new = NewInvitation {
        email: form.get("email"),
        role: form.get("role"),
    };
    let (told, status) = invited(form.submit(accounts::invite(&app, &scope, &new)).await, form)?;
    Ok(page(&app, &scope, ctx, told).await?.status(status))
}

/// Takes an invitation back.
pub(crate) async fn revoke(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, LinkId)>,
) -> Result<SeeOther, Error> {
    accounts::revoke_invitation(&app, &scope, id).await?;
    Ok(SeeOther::to(own_path(&scope, "")).good(REVOKED))
}

/// Gives a member another role.
pub(crate) async fn change_role(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, user)): Path<(String, UserId)>,
    form: FormData,
) -> Result<Response, Error> {
    people::change_role(&app, By::Member(&scope), user, &form, &own_path(&scope, "")).await
}

/// Removes a member.
pub(crate) async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, user)): Path<(String, UserId)>,
) -> Result<Response, Error> {
    people::remove(&app, By::Member(&scope), user, &own_path(&scope, "")).await
}

/// Ends one's own membership.
pub(crate) async fn leave(State(app): State<App>, scope: TenantScope) -> Result<Response, Error> {
    people::leave(&app, &scope, &own_path(&scope, "")).await
}
