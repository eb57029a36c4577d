//! Creating tenants, renaming them and giving them another plan.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::StaffScope;
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{PlanId, TenantId};

use super::super::model::{NewTenant, Plan, Slug, Tenant, TenantPatch};
use super::super::store;
use super::{Expected, TENANT_TOPIC, target};

/// Creates a tenant without members; its first owner is invited next.
pub async fn create(app: &App, scope: &StaffScope, new: NewTenant) -> Result<Tenant, Error> {
    let now = app.now();
    let id = TenantId::new(&*app.ids, now);
    let mut tx = scope.begin().await?;
    open_plan(&mut tx, new.plan).await?;
    let slug = slug_of(&mut tx, &new).await?;
    store::insert_tenant(&mut tx, id, &new, &slug, now).await?;
    let tenant = store::find_tenant(&mut tx, id).await?;
    events::emit(&mut tx, Some(id), TENANT_TOPIC, Some(id.0)).await?;
    let after = json!({"slug": tenant.slug, "name": tenant.name, "plan": tenant.plan_name});
    app.audit(
        &mut tx,
        &scope.who,
        &target(&tenant),
        &Change::to("tenant.create", after),
    )
    .await?;
    tx.commit().await?;
    Ok(tenant)
}

/// Changes a tenant's name or plan. A plan below what the tenant uses takes nothing away; it stops creation.
pub async fn update(
    app: &App,
    scope: &StaffScope,
    id: TenantId,
    patch: TenantPatch,
    expected: Expected<'_>,
) -> Result<Tenant, Error> {
    let mut tx = scope.begin().await?;
    let before = store::lock_tenant(&mut tx, id).await?;
    expected(before.version)?;
    let plan = patch.plan.unwrap_or(before.plan);
    if plan != before.plan {
        open_plan(&mut tx, plan).await?;
    }
    let name = patch
        .name
        .as_ref()
        .map_or(before.name.as_str(), |name| name.as_str());
    if plan == before.plan && name == before.name {
        return Ok(before);
    }
    store::save_tenant(&mut tx, id, (name, plan), app.now()).await?;
    let after = store::find_tenant(&mut tx, id).await?;
    events::emit(&mut tx, Some(id), TENANT_TOPIC, Some(id.0)).await?;
    let shown = |tenant: &Tenant| json!({"name": tenant.name, "plan": tenant.plan_name});
    let change = Change::between("tenant.update", shown(&before), shown(&after));
    app.audit(&mut tx, &scope.who, &target(&after), &change).await?;
    tx.commit().await?;
    Ok(after)
}

/// The slug that was asked for, or a free one.
async fn slug_of(tx: &mut StaffTx, new: &NewTenant) -> Result<Slug, Error> {
    match &new.slug {
        Some(slug) => Ok(slug.clone()),
        None => store::free_slug(tx, &new.name)
            .await?
            .ok_or_else(|| Error::invalid("slug", "The name suggests no address that is free. Write one.")),
    }
}

/// A plan that a tenant may get.
async fn open_plan(tx: &mut StaffTx, id: PlanId) -> Result<Plan, Error> {
    match store::lock_plan(tx, id).await {
        Ok(plan) if plan.archived_at.is_some() => Err(Error::invalid(
            "plan_id",
            "This plan is archived. Choose another.",
        )),
        Err(Error::NotFound) => Err(Error::invalid("plan_id", "Choose one of the plans.")),
        other => other,
    }
}
