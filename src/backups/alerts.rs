//! What needs somebody: told where people arrive, and over as soon as there is a whole backup again.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{ScheduleId, ServerId, TenantId};

use super::TOPIC;
use super::model::Alert;
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

/// What is wrong with a server's backups, in words.
pub async fn alert_of(tx: &mut impl Scoped, server: ServerId) -> Result<Option<String>, Error> {
    store::alert_of_server(tx, server).await
}

/// Tells that a schedule that makes backups made none at its time, as part of whatever ended or skipped its run.
pub async fn missed(
    tx: &mut SystemTx,
    (server, tenant): (ServerId, TenantId),
    (schedule, name): (ScheduleId, &str),
    due_at: DateTime<Utc>,
) -> Result<(), Error> {
    let reason = format!("The schedule {name} made no backup when it was due.");
    if store::miss(tx, (server, tenant), schedule, (&reason, due_at)).await? {
        events::emit(tx, Some(tenant), TOPIC, Some(server.0)).await?;
    }
    Ok(())
}
