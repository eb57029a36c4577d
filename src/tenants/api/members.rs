//! The members of a tenant, for its own people and for staff.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{StaffScope, TenantRole, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{TenantId, UserId};
use crate::platform::web::{Cursor, Json, ListOut, ListQuery, Listing, Path, Query};

use super::super::actions::{self, By};
use super::super::store;
use super::outs::MemberOut;

/// What changes about a membership.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberPatch {
    /// The new role.
    role: TenantRole,
}

/// List members
///
/// By e-mail address.
#[utoipa::path(get, path = "/api/v1/members", tag = "members", params(ListQuery),
    responses((status = 200, description = "A page of the members", body = ListOut<MemberOut>)))]
pub(crate) async fn list(scope: TenantScope, Query(query): Query<ListQuery>) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    page(&mut tx, scope.tenant(), &query).await
}

async fn page(
    tx: &mut impl crate::platform::db::Scoped,
    tenant: TenantId,
    query: &ListQuery,
) -> Result<Response, Error> {
    let after: Option<String> = Cursor::decode(query.after.as_deref())?;
    let (pattern, limit) = (query.pattern()?, query.fetch()?);
    let rows = store::list_members(tx, tenant, pattern.as_deref(), after.as_deref(), limit).await?;
    let listing = Listing::new(rows, query, |member| member.email.clone())?;
    Ok(listing.map(MemberOut::from).json(query))
}

/// Show a member
#[utoipa::path(get, path = "/api/v1/members/{user}", tag = "members", params(("user" = UserId, Path)),
    responses((status = 200, description = "The member", body = MemberOut)))]
pub(crate) async fn show(scope: TenantScope, Path(user): Path<UserId>) -> Result<Json<MemberOut>, Error> {
    let mut tx = scope.begin().await?;
    Ok(Json(
        store::find_member(&mut tx, scope.tenant(), user).await?.into(),
    ))
}

/// Change a member's role
///
/// Only owners may change owners or make one. The last owner can't become anything else.
#[utoipa::path(patch, path = "/api/v1/members/{user}", tag = "members", params(("user" = UserId, Path)),
    request_body = MemberPatch, responses((status = 200, description = "The member", body = MemberOut)))]
pub(crate) async fn change(
    State(app): State<App>,
    scope: TenantScope,
    Path(user): Path<UserId>,
    Json(patch): Json<MemberPatch>,
) -> Result<Json<MemberOut>, Error> {
    let member = actions::change_role(&app, By::Member(&scope), user, patch.role).await?;
    Ok(Json(member.into()))
}

/// Remove a member
///
/// The person keeps their account. Only owners may remove owners; the last owner stays.
#[utoipa::path(delete, path = "/api/v1/members/{user}", tag = "members", params(("user" = UserId, Path)),
    responses((status = 204, description = "The member is removed")))]
pub(crate) async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path(user): Path<UserId>,
) -> Result<StatusCode, Error> {
    actions::remove(&app, By::Member(&scope), user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List a tenant's members
///
/// By e-mail address.
#[utoipa::path(get, path = "/api/v1/staff/tenants/{tenant}/members", tag = "staff tenants",
    params(("tenant" = TenantId, Path), ListQuery),
    responses((status = 200, description = "A page of the members", body = ListOut<MemberOut>)))]
pub(crate) async fn staff_list(
    scope: StaffScope,
    Path(tenant): Path<TenantId>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    store::find_tenant(&mut tx, tenant).await?;
    page(&mut tx, tenant, &query).await
}

/// Change the role of a tenant's member
///
/// The last owner can't become anything else.
#[utoipa::path(patch, path = "/api/v1/staff/tenants/{tenant}/members/{user}", tag = "staff tenants",
    params(("tenant" = TenantId, Path), ("user" = UserId, Path)), request_body = MemberPatch,
    responses((status = 200, description = "The member", body = MemberOut)))]
pub(crate) async fn staff_change(
    State(app): State<App>,
    scope: StaffScope,
    Path((tenant, user)): Path<(TenantId, UserId)>,
    Json(patch): Json<MemberPatch>,
) -> Result<Json<MemberOut>, Error> {
    let member = actions::change_role(&app, By::Staff(&scope, tenant), user, patch.role).await?;
    Ok(Json(member.into()))
}

/// Remove a tenant's member
///
/// The last owner stays.
#[utoipa::path(delete, path = "/api/v1/staff/tenants/{tenant}/members/{user}", tag = "staff tenants",
    params(("tenant" = TenantId, Path), ("user" = UserId, Path)),
    responses((status = 204, description = "The member is removed")))]
pub(crate) async fn staff_remove(
    State(app): State<App>,
    scope: StaffScope,
    Path((tenant, user)): Path<(TenantId, UserId)>,
) -> Result<StatusCode, Error> {
    actions::remove(&app, By::Staff(&scope, tenant), user).await?;
    Ok(StatusCode::NO_CONTENT)
}
