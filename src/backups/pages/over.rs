//! One backup, to be restored over a server that it fits: what an erased server had comes back so. For members, and for staff on a
//! tenant's behalf.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::platform::access::{Permission, StaffScope, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, ServerId, TenantId};
use crate::platform::web::{Ctx, FormData, Page, Path, SeeOther};
use crate::tenants;

use super::super::model::{Backup, FITTING, OF_TENANT};
use super::super::{actions, store};
use super::Row;

/// A server that can be made what the backup holds.
struct Choice {
    id: String,
    name: String,
    url: String,
}

#[derive(Template)]
#[template(path = "backups/over.html")]
pub(super) struct Over {
    ctx: Ctx,
    row: Row,
    template: String,
    choices: Vec<Choice>,
    may_restore: bool,
}

impl Over {
    /// `servers` is where the servers are that can be restored over.
    async fn load(
        app: &App,
        tx: &mut impl Scoped,
        ctx: Ctx,
        backup: &Backup,
        (servers, may_restore): (&str, bool),
    ) -> Result<Page<Self>, Error> {
        // A volume's becomes another volume, and no server.
        if backup.is_of_volume {
            return Err(Error::NotFound);
        }
        let fitting = store::fitting(tx, backup, FITTING).await?.into_iter();
        let choices = fitting.map(|(id, name)| Choice {
            url: format!("{servers}/{id}/backups/{}/restore-over", backup.id),
            id: id.to_string(),
            name,
        });
        let about = backup.about.as_ref();
        Ok(Page(Self {
            ctx,
            row: Row::new(backup, servers, app.now()),
            template: about.map(|about| about.template.clone()).unwrap_or_default(),
            choices: choices.collect(),
            may_restore,
        }))
    }
}

/// Shows a member which servers one fits.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, id)): Path<(String, BackupId)>,
) -> Result<Page<Over>, Error> {
    let mut tx = scope.begin().await?;
    let backup = store::any(&mut tx, id).await?;
    let ctx = ctx.with_crumbs([("Backups", format!("/t/{slug}/backups"))]);
    let may_restore = scope.may(Permission::BackupWrite) && scope.may(Permission::ServerPower);
    let servers = format!("/t/{slug}/servers");
    Over::load(&app, &mut tx, ctx, &backup, (&servers, may_restore)).await
}

/// A tenant's backups, for staff.
#[derive(Template)]
#[template(path = "backups/staff_tenant.html")]
pub(super) struct StaffList {
    ctx: Ctx,
    tenant: String,
    rows: Vec<Row>,
}

fn home(tenant: TenantId) -> String {
    format!("/staff/tenants/{tenant}/backups")
}

/// The way back from what is below a tenant.
async fn crumbs(
    tx: &mut impl Scoped,
    ctx: Ctx,
    (tenant, below): (TenantId, bool),
) -> Result<(Ctx, String), Error> {
    let known = tenants::find_tenant(tx, tenant).await?;
    let mut crumbs = vec![
        ("Tenants".to_owned(), "/staff/tenants".to_owned()),
        (known.name.clone(), format!("/staff/tenants/{tenant}")),
    ];
    if below {
        crumbs.push(("Backups".to_owned(), home(tenant)));
    }
    Ok((ctx.with_crumbs(crumbs), known.name))
}

/// Lists a tenant's backups for staff.
pub(super) async fn staff_list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TenantId>,
) -> Result<Page<StaffList>, Error> {
    let mut tx = scope.begin().await?;
    let (ctx, tenant) = crumbs(&mut tx, ctx, (id, false)).await?;
    let all = store::of_tenant(&mut tx, id, OF_TENANT).await?;
    let (home, now) = (home(id), app.now());
    Ok(Page(StaffList {
        ctx,
        tenant,
        rows: all.iter().map(|backup| Row::new(backup, &home, now)).collect(),
    }))
}

/// Shows staff which of the tenant's servers one fits.
pub(super) async fn staff_show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path((tenant, id)): Path<(TenantId, BackupId)>,
) -> Result<Page<Over>, Error> {
    let mut tx = scope.begin().await?;
    let backup = store::any(&mut tx, id).await?;
    if backup.tenant != tenant {
        return Err(Error::NotFound);
    }
    let (ctx, _) = crumbs(&mut tx, ctx, (tenant, true)).await?;
    let may_restore = scope.may(Permission::StaffBackupManage) && scope.may(Permission::StaffServerPower);
    Over::load(&app, &mut tx, ctx, &backup, ("/staff/servers", may_restore)).await
}

/// Restores a server in place on its tenant's behalf, if its name was typed.
pub(super) async fn staff_over(
    State(app): State<App>,
    scope: StaffScope,
    Path((server, id)): Path<(ServerId, BackupId)>,
    form: FormData,
) -> Result<SeeOther, Error> {
    match actions::over_as_staff(&app, &scope, (server, id), Some(form.get("confirm"))).await {
        Ok(_) => {
            let to = SeeOther::to(format!("/staff/servers/{server}"));
            Ok(to.info("It stops, what it has now is backed up, and then it is restored."))
        }
        Err(error) => {
            let backup = store::any(&mut scope.begin().await?, id).await?;
            SeeOther::to(format!("{}/{id}", home(backup.tenant))).refused_or_invalid(error)
        }
    }
}
