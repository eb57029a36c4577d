//! What needs somebody: told where people arrive, and over as soon as there is a whole backup again.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::notifications::{self, Draft};
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{ScheduleId, ServerId, TenantId};
use crate::{servers, tenants, volumes};

use super::TOPIC;
use super::model::{Alert, Backup, FailedCheck, Of};
use super::store;

/// So many are shown on a dashboard.
const SHOWN: i64 = 8;

/// The newest of a tenant, or of all.
pub async fn alerts(tx: &mut impl Scoped, tenant: Option<TenantId>) -> Result<Vec<Alert>, Error> {
    store::alerts(tx, tenant, SHOWN).await
}

/// How many servers and volumes of a tenant, or of all, have one.
pub async fn count_alerts(tx: &mut impl Scoped, tenant: Option<TenantId>) -> Result<i64, Error> {
    store::count_alerts(tx, tenant).await
}

/// Repositories of a tenant, or of all, that no check passes of, the newest first.
pub async fn failed_checks(
    tx: &mut impl Scoped,
    tenant: Option<TenantId>,
) -> Result<Vec<FailedCheck>, Error> {
    store::failed_checks(tx, tenant, SHOWN).await
}

/// How many repositories of a tenant, or of all, have no check that passes.
pub async fn count_failed_checks(tx: &mut impl Scoped, tenant: Option<TenantId>) -> Result<i64, Error> {
    store::count_failed_checks(tx, tenant).await
}

/// What is wrong with a server's backups, in words.
pub async fn alert_of(tx: &mut impl Scoped, server: ServerId) -> Result<Option<String>, Error> {
    store::alert_of(tx, Of::Server(server)).await
}

/// Tells that a schedule that makes backups made none at its time, as part of whatever ended or skipped its run.
pub async fn missed(
    app: &App,
    tx: &mut SystemTx,
    (server, tenant): (ServerId, TenantId),
    (schedule, name): (ScheduleId, &str),
    due_at: DateTime<Utc>,
) -> Result<(), Error> {
    let reason = format!("The schedule {name} made no backup when it was due.");
    if store::miss(tx, (server, tenant), schedule, (&reason, due_at)).await? {
        mail(app, tx, (Of::Server(server), tenant), &reason).await?;
        events::emit(tx, Some(tenant), TOPIC, Some(server.0)).await?;
    }
    Ok(())
}

/// Tells that a backup failed, as part of what ends it.
pub(super) async fn failed(app: &App, tx: &mut SystemTx, backup: &Backup, reason: &str) -> Result<(), Error> {
    let words = format!("The last backup failed: {reason}.");
    let Some(of) = backup.of() else {
        return Ok(());
    };
    if store::raise(tx, (backup, of), &words, app.now()).await? {
        mail(app, tx, (of, backup.tenant), &words).await?;
    }
    Ok(())
}

/// Tells the tenant's owners, once for each time that something is wrong.
async fn mail(app: &App, tx: &mut SystemTx, (of, tenant): (Of, TenantId), reason: &str) -> Result<(), Error> {
    let tenant = tenants::find_tenant(tx, tenant).await?;
    let (name, below) = match of {
        Of::Server(id) => (servers::find(tx, id).await?.name, format!("servers/{id}")),
        Of::Volume(id) => (volumes::find(tx, id).await?.name, format!("volumes/{id}")),
    };
    let page = app.config.link(&format!("/t/{}/{below}/backups", tenant.slug));
    let draft = Draft {
        subject: format!("The backups of {name} need you"),
        text: format!(
            "{reason}\n\nThe backups of {name} of {}: {page}\n\nYou are not told again before there is a whole backup.\n",
            tenant.name
        ),
        about: None,
    };
    notifications::tell_owners(app, tx, &tenant, &draft).await
}
