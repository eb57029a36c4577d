//! Tenants, for staff.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::{PlanId, TenantId};
use crate::platform::web::{IfMatch, Json, ListOut, ListQuery, Path, Tagged};

use super::super::actions;
use super::super::model::{NewTenant, Reason, Tenant, TenantPatch, Verb};
use super::super::query::{TenantFilter, TenantQuery};
use super::super::store;
use super::created;
use super::outs::TenantOut;

type One = Result<Tagged<Json<TenantOut>>, Error>;

/// A tenant to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTenantIn {
    /// Its name.
    #[schema(min_length = 1, max_length = 80, example = "Acme Ltd")]
    name: String,
    /// Its name in addresses, which never changes. Without it one is made from the name.
    #[schema(
        min_length = 2,
        max_length = 40,
        pattern = "^[a-z0-9][a-z0-9-]*[a-z0-9]$",
        example = "acme"
    )]
    slug: Option<String>,
    /// Its plan.
    plan_id: PlanId,
}

/// What changes about a tenant; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantPatchIn {
    /// The new name.
    #[schema(min_length = 1, max_length = 80)]
    name: Option<String>,
    /// The new plan.
    plan_id: Option<PlanId>,
}

/// Why a tenant's status changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonIn {
    /// Its people read this.
    #[schema(min_length = 1, max_length = 500, example = "Two invoices are overdue.")]
    reason: String,
}

impl ReasonIn {
    fn parse(&self) -> Result<Reason, Error> {
        Reason::parse(&self.reason).map_err(|error| Error::invalid("reason", error.to_string()))
    }
}

/// List tenants
///
/// `q` is found in name or slug. `sort` is `-created` (newest first, if nothing is said), `created`, `name` or `-name`.
#[utoipa::path(get, path = "/api/v1/staff/tenants", tag = "staff tenants", params(TenantFilter, ListQuery),
    responses((status = 200, description = "A page of the tenants", body = ListOut<TenantOut>)))]
pub(crate) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    query: TenantQuery,
) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    let listing = query.run(&mut tx).await?;
    let ids: Vec<_> = listing.items.iter().map(|tenant| tenant.id).collect();
    let usages = store::usages(&mut tx, &ids, app.now()).await?;
    let out = |tenant: Tenant| {
        let usage = usages.get(&tenant.id).copied().unwrap_or_default();
        TenantOut::new(tenant, usage)
    };
    Ok(listing.map(out).json(&query))
}

/// Create a tenant
///
/// Invite its first owner next.
#[utoipa::path(post, path = "/api/v1/staff/tenants", tag = "staff tenants", request_body = NewTenantIn,
    responses((status = 201, description = "The tenant", body = TenantOut)))]
pub(crate) async fn create(
    State(app): State<App>,
    scope: StaffScope,
    Json(new): Json<NewTenantIn>,
) -> Result<Response, Error> {
    let plan = new.plan_id.to_string();
    let new = NewTenant::parse(&new.name, new.slug.as_deref(), &plan)?;
    let tenant = actions::create(&app, &scope, new).await?;
    let path = format!("/api/v1/staff/tenants/{}", tenant.id);
    let Tagged(version, Json(out)) = answer(&app, &scope, tenant).await?;
    Ok(created(&path, version, out))
}

/// A tenant with what it uses.
async fn answer(app: &App, scope: &StaffScope, tenant: Tenant) -> One {
    let mut tx = scope.begin().await?;
    let usage = store::usage(&mut tx, tenant.id, app.now()).await?;
    Ok(Tagged(tenant.version, Json(TenantOut::new(tenant, usage))))
}

/// Show a tenant
#[utoipa::path(get, path = "/api/v1/staff/tenants/{tenant}", tag = "staff tenants",
    params(("tenant" = TenantId, Path)),
    responses((status = 200, description = "The tenant", body = TenantOut)))]
pub(crate) async fn show(State(app): State<App>, scope: StaffScope, Path(id): Path<TenantId>) -> One {
    let mut tx = scope.begin().await?;
    let tenant = store::find_tenant(&mut tx, id).await?;
    let usage = store::usage(&mut tx, id, app.now()).await?;
    Ok(Tagged(tenant.version, Json(TenantOut::new(tenant, usage))))
}

/// Change a tenant
///
/// A plan that allows less than the tenant uses takes nothing away; only creating more is refused.
#[utoipa::path(patch, path = "/api/v1/staff/tenants/{tenant}", tag = "staff tenants",
    params(("tenant" = TenantId, Path)), request_body = TenantPatchIn,
    responses((status = 200, description = "The tenant", body = TenantOut)))]
pub(crate) async fn change(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TenantId>,
    if_match: IfMatch,
    Json(patch): Json<TenantPatchIn>,
) -> One {
    let plan = patch.plan_id.map(|id| id.to_string());
    let patch = TenantPatch::parse(patch.name.as_deref(), plan.as_deref())?;
    let tenant = actions::update(&app, &scope, id, patch, &|version| if_match.check(version)).await?;
    answer(&app, &scope, tenant).await
}

/// Suspend a tenant
///
/// Its people keep read access and read the reason; its servers stop and come back as they were when it is resumed.
#[utoipa::path(post, path = "/api/v1/staff/tenants/{tenant}/suspend", tag = "staff tenants",
    params(("tenant" = TenantId, Path)), request_body = ReasonIn,
    responses((status = 200, description = "The tenant", body = TenantOut)))]
pub(crate) async fn suspend(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TenantId>,
    Json(body): Json<ReasonIn>,
) -> One {
    let verb = Verb::Suspend(body.parse()?);
    answer(
        &app,
        &scope,
        actions::change_status(&app, &scope, id, verb).await?,
    )
    .await
}

/// Resume a tenant
///
/// Ends a suspension: servers that ran before it start again.
#[utoipa::path(post, path = "/api/v1/staff/tenants/{tenant}/resume", tag = "staff tenants",
    params(("tenant" = TenantId, Path)),
    responses((status = 200, description = "The tenant", body = TenantOut)))]
pub(crate) async fn resume(State(app): State<App>, scope: StaffScope, Path(id): Path<TenantId>) -> One {
    answer(
        &app,
        &scope,
        actions::change_status(&app, &scope, id, Verb::Resume).await?,
    )
    .await
}

/// Close a tenant
///
/// Hides it from its people and stops its servers. At `purge_after` its servers, members and tokens are erased; until
/// then it can be reopened.
#[utoipa::path(post, path = "/api/v1/staff/tenants/{tenant}/close", tag = "staff tenants",
    params(("tenant" = TenantId, Path)), request_body = ReasonIn,
    responses((status = 200, description = "The tenant", body = TenantOut)))]
pub(crate) async fn close(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TenantId>,
    Json(body): Json<ReasonIn>,
) -> One {
    let verb = Verb::Close {
        reason: body.parse()?,
        keep: actions::retention(&app),
    };
    answer(
        &app,
        &scope,
        actions::change_status(&app, &scope, id, verb).await?,
    )
    .await
}

/// Reopen a tenant
///
/// Takes a closing back before `purge_after`: servers that ran before it start again.
#[utoipa::path(post, path = "/api/v1/staff/tenants/{tenant}/reopen", tag = "staff tenants",
    params(("tenant" = TenantId, Path)),
    responses((status = 200, description = "The tenant", body = TenantOut)))]
pub(crate) async fn reopen(State(app): State<App>, scope: StaffScope, Path(id): Path<TenantId>) -> One {
    answer(
        &app,
        &scope,
        actions::change_status(&app, &scope, id, Verb::Reopen).await?,
    )
    .await
}
