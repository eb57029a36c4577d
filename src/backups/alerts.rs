//! What needs somebody: told where people arrive, and over as soon as there is a whole backup again.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::notifications::{self, Draft};
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{ScheduleId, ServerId, TenantId};
use crate::{servers, tenants};

use super::TOPIC;
use super::model::{Alert, Backup, FailedCheck};
use super::store;

/// So many are shown on a dashboard.
const SHOWN: i64 = 8;

/// The newest of a tenant, or of all.
pub async fn alerts(tx: &mut impl Scoped, tenant: Option<TenantId>) -> Result<Vec<Alert>, Error> {
    store::alerts(tx, tenant, SHOWN).await
}

/// How many servers of a tenant, or of all, have one.
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
    store::alert_of_server(tx, server).await
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
        mail(app, tx, (server, tenant), &reason).await?;
        events::emit(tx, Some(tenant), TOPIC, Some(server.0)).await?;
    }
    Ok(())
}

/// Tells that a backup failed, as part of what ends it.
pub(super) async fn failed(app: &App, tx: &mut SystemTx, backup: &Backup, reason: &str) -> Result<(), Error> {
    let words = format!("The last backup failed: {reason}.");
    let is_new = store::raise(tx, backup, &words, app.now()).await?;
    match backup.server {
        Some(server) if is_new => mail(app, tx, (server, backup.tenant), &words).await,
        _ => Ok(()),
    }
}

/// Tells the tenant's owners, once for each time that something is wrong.
async fn mail(
    app: &App,
    tx: &mut SystemTx,
    (server, tenant): (ServerId, TenantId),
    reason: &str,
) -> Result<(), Error> {
    let (tenant, server) = (
        tenants::find_tenant(tx, tenant).await?,
        servers::find(tx, server).await?,
    );
    let page = app
        .config
        .link(&format!("/t/{}/servers/{}/backups", tenant.slug, server.id));
    let draft = Draft {
        subject: format!("The backups of {} need you", server.name),
        text: format!(
            "{reason}\n\nThe backups of {} of {}: {page}\n\nYou are not told again before there is a whole backup.\n",
            server.name, tenant.name
        ),
        about: None,
    };
    notifications::tell_owners(app, tx, &tenant, &draft).await
}
