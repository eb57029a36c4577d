//! A tenant, for staff: what all its tabs share, and the overview.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::platform::web::{Ctx, Page, Path, ago};

use super::super::model::{Gauge, Status, Tenant};
use super::super::store;

/// What all tabs share.
#[derive(Debug)]
pub(crate) struct Head {
    pub(super) tenant: Tenant,
    pub(super) tab: &'static str,
    scope: StaffScope,
    now: DateTime<Utc>,
}

impl Head {
    pub(super) fn new(app: &App, scope: &StaffScope, tenant: Tenant, tab: &'static str) -> Self {
        Self {
            tenant,
            tab,
            scope: scope.clone(),
            now: app.now(),
        }
    }

    pub(super) fn can_manage(&self) -> bool {
        self.scope.may(Permission::StaffTenantManage)
    }

    pub(super) fn can_suspend(&self) -> bool {
        self.scope.may(Permission::StaffTenantSuspend)
    }

    pub(super) fn can_export(&self) -> bool {
        self.scope.may(Permission::StaffTenantExport)
    }

    pub(super) fn can_see_servers(&self) -> bool {
        self.scope.may(Permission::StaffServerRead)
    }

    pub(super) fn can_see_backups(&self) -> bool {
        self.scope.may(Permission::StaffBackupRead)
    }

    pub(super) fn can_see_mail(&self) -> bool {
        self.scope.may(Permission::StaffMailRead)
    }

    pub(super) fn can_see_audit(&self) -> bool {
        self.scope.may(Permission::StaffAuditRead)
    }

    /// The address of something below the tenant.
    pub(super) fn path(&self, below: &str) -> String {
        path(self.tenant.id, below)
    }

    pub(super) fn servers_path(&self) -> String {
        format!("/staff/servers?tenant={}", self.tenant.id)
    }

    pub(super) fn mail_path(&self) -> String {
        format!("/staff/mail/domains?tenant={}", self.tenant.id)
    }

    pub(super) fn audit_path(&self) -> String {
        format!("/staff/audit?tenant={}", self.tenant.id)
    }

    pub(super) fn sub(&self) -> String {
        format!("{} on the plan {}", self.tenant.slug, self.tenant.plan_name)
    }

    /// Why the status is what it is, in a sentence.
    pub(super) fn standing(&self, reason: &str) -> String {
        match (self.tenant.status, self.tenant.purge_after) {
            (Status::Closed, Some(at)) if at > self.now => {
                format!(
                    "Closed: {reason} Everything of it is erased {}.",
                    ago(at, self.now)
                )
            }
            (Status::Closed, _) => format!("Closed: {reason} It is being erased."),
            _ => format!("{}: {reason}", self.tenant.status.label()),
        }
    }

    pub(super) fn is_erasing(&self) -> bool {
        self.tenant.is_erasing(self.now)
    }

    /// `Suspend Acme?`
    pub(super) fn question(&self, verb: &str) -> String {
        format!("{verb} {}?", self.tenant.name)
    }

    pub(super) fn ago(&self, at: &DateTime<Utc>) -> String {
        ago(*at, self.now)
    }
}

/// The address of something below a tenant.
pub(super) fn path(tenant: TenantId, below: &str) -> String {
    format!("/staff/tenants/{tenant}{below}")
}

/// The way back from a tenant's tab.
pub(super) fn crumbs(ctx: Ctx) -> Ctx {
    ctx.with_crumbs([("Tenants", "/staff/tenants")])
}

/// The way back from a page below a tenant.
pub(super) fn crumbs_below(ctx: Ctx, tenant: &Tenant) -> Ctx {
    let tenants = ("Tenants".to_owned(), "/staff/tenants".to_owned());
    ctx.with_crumbs([tenants, (tenant.name.clone(), path(tenant.id, ""))])
}

/// The overview.
#[derive(Debug, Template)]
#[template(path = "tenants/overview.html")]
pub(crate) struct Overview {
    ctx: Ctx,
    head: Head,
    gauges: Vec<Gauge>,
}

/// Shows what a tenant is and uses.
pub(crate) async fn overview(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TenantId>,
) -> Result<Page<Overview>, Error> {
    let mut tx = scope.begin().await?;
    let tenant = store::find_tenant(&mut tx, id).await?;
    let usage = store::usage(&mut tx, id, app.now()).await?;
    Ok(Page(Overview {
        ctx: crumbs(ctx),
        gauges: usage.gauges(&tenant.limits),
        head: Head::new(&app, &scope, tenant, "overview"),
    }))
}
