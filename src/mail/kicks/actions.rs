//! Asking for sessions to be ended. Always a part of somebody's transaction.

use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{MailDomainId, TenantId};

use super::{TOPIC, store};

/// Who has not signed in for so long has no session: mail programs that stay connected sign in anew each time that the machine,
/// its network or the mail service was away.
const RECENT: TimeDelta = TimeDelta::days(60);

/// Asks that all sessions of these addresses be ended, as soon as the transaction commits.
pub async fn ask(
    tx: &mut impl Scoped,
    tenant: TenantId,
    addresses: &[String],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if addresses.is_empty() {
        return Ok(());
    }
    store::ask(tx, tenant, addresses, now).await?;
    events::emit(tx, Some(tenant), TOPIC, None).await
}

/// Asks the same for all mailboxes of a domain.
pub async fn ask_domain(
    tx: &mut impl Scoped,
    (tenant, domain): (TenantId, MailDomainId),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    store::ask_domain(tx, (tenant, domain), (now - RECENT, now)).await?;
    events::emit(tx, Some(tenant), TOPIC, None).await
}

/// Asks the same for all mailboxes of a tenant. Only staff and the system do.
pub async fn ask_all(tx: &mut impl Scoped, tenant: TenantId, now: DateTime<Utc>) -> Result<(), Error> {
    store::ask_all(tx, tenant, (now - RECENT, now)).await?;
    events::emit(tx, Some(tenant), TOPIC, None).await
}
