//! A tenant's settings, for its own people.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Page, ago};

use super::super::model::{Gauge, Tenant};
use super::super::store;

/// The page.
#[derive(Debug, Template)]
#[template(path = "tenants/own_settings.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a part of the page that is there or not"
)]
pub(crate) struct OwnSettings {
    ctx: Ctx,
    tenant: Tenant,
    gauges: Vec<Gauge>,
    is_over: bool,
    may_manage: bool,
    may_export: bool,
    may_see_drills: bool,
    now: DateTime<Utc>,
}

impl OwnSettings {
    fn ago(&self, at: &DateTime<Utc>) -> String {
        ago(*at, self.now)
    }
}

/// Shows name, plan and what is used of it.
pub(crate) async fn settings(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
) -> Result<Page<OwnSettings>, Error> {
    let mut tx = scope.begin().await?;
    let tenant = store::find_tenant(&mut tx, scope.tenant()).await?;
    let usage = store::usage(&mut tx, tenant.id, app.now()).await?;
    Ok(Page(OwnSettings {
        ctx,
        gauges: usage.gauges(&tenant.limits),
        may_manage: scope.may(Permission::TenantManage),
        may_see_drills: scope.may(Permission::BackupRead),
        may_export: scope.may(Permission::TenantExport),
        is_over: !usage.beyond(&tenant.limits).is_empty(),
        tenant,
        now: app.now(),
    }))
}
