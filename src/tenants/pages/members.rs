//! The members of a tenant, for staff.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::accounts::{self, NewInvitation};
use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::{LinkId, TenantId, UserId};
use crate::platform::web::{Ctx, FormData, ListQuery, Page, Path, Query, SeeOther};

use super::super::actions::By;
use super::super::model::Status;
use super::super::store;
use super::people::{self, People, REVOKED, Told, Viewer, invited};
use super::show::{Head, crumbs, path};

/// The tab of a tenant, for staff.
#[derive(Debug, Template)]
#[template(path = "tenants/members.html")]
pub(crate) struct Members {
    ctx: Ctx,
    head: Head,
    people: People,
}

async fn page(
    app: &App,
    scope: &StaffScope,
    ctx: Ctx,
    id: TenantId,
    told: Told,
) -> Result<Page<Members>, Error> {
    let invitations = accounts::tenant_invitations(app, scope, id).await?;
    let mut tx = scope.begin().await?;
    let tenant = store::find_tenant(&mut tx, id).await?;
    let viewer = Viewer::staff(scope, id);
    let people = People::load(app, &mut tx, &viewer, path(id, "/members"), (told, invitations)).await?;
    Ok(Page(Members {
        ctx: crumbs(ctx),
        people,
        head: Head::new(app, scope, tenant, "members"),
    }))
}

/// Shows a tenant's members.
pub(crate) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TenantId>,
    Query(query): Query<ListQuery>,
) -> Result<Page<Members>, Error> {
    page(
        &app,
        &scope,
        ctx,
        id,
        Told {
            query,
            ..Told::default()
        },
    )
    .await
}

/// Invites somebody to a tenant and shows the link, this once.
pub(crate) async fn invite(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TenantId>,
    form: FormData,
) -> Result<Response, Error> {
    let new = NewInvitation {
        email: form.get("email"),
        role: form.get("role"),
    };
    let (told, status) = invited(
        form.submit(accounts::invite_as_staff(&app, &scope, id, &new))
            .await,
        form,
    )?;
    Ok(page(&app, &scope, ctx, id, told).await?.status(status))
}

/// Takes an invitation back.
pub(crate) async fn revoke(
    State(app): State<App>,
    scope: StaffScope,
    Path((tenant, id)): Path<(TenantId, LinkId)>,
) -> Result<SeeOther, Error> {
    accounts::revoke_invitation_as_staff(&app, &scope, tenant, id).await?;
    Ok(SeeOther::to(path(tenant, "/members")).good(REVOKED))
}

/// Gives a tenant's member another role.
pub(crate) async fn change_role(
    State(app): State<App>,
    scope: StaffScope,
    Path((tenant, user)): Path<(TenantId, UserId)>,
    form: FormData,
) -> Result<Response, Error> {
    people::change_role(
        &app,
        By::Staff(&scope, tenant),
        user,
        &form,
        &path(tenant, "/members"),
    )
    .await
}

/// Removes a tenant's member.
pub(crate) async fn remove(
    State(app): State<App>,
    scope: StaffScope,
    Path((tenant, user)): Path<(TenantId, UserId)>,
) -> Result<Response, Error> {
    people::remove(&app, By::Staff(&scope, tenant), user, &path(tenant, "/members")).await
}
