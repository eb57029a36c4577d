//! Asking for sessions to be ended, and letting all mail of a tenant go. Always a part of somebody's transaction.

use chrono::{DateTime, TimeDelta, Utc};

use crate::app::App;
use crate::certificates;
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{MailDomainId, TenantId};

use super::{TOPIC, store};

/// Who has not signed in for so long has no session: mail programs that stay connected sign in anew each time that the machine,
/// its network or the mail service was away.
const RECENT: TimeDelta = TimeDelta::days(60);
/// How many mailboxes of a tenant are let go in one transaction.
const BATCH: i64 = 2_000;

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

/// Goes a step towards erasing all mail of a tenant: rows go, and what lies on the mail service's disk is noted to be removed.
/// Says how much was left at the beginning of its last step: the tenant's own row may go when that is nothing. Harmless twice.
///
/// An installation without a mail service has nothing on its disk, or nobody who could remove it, so it does not wait for that.
pub async fn let_all_go(app: &App, tx: &mut SystemTx, tenant: TenantId) -> Result<i64, Error> {
    let gone = store::let_mailboxes_go(tx, tenant, app.now(), BATCH).await?;
    if gone.0 > 0 {
        certificates::count_mail(tx, tenant, gone).await?;
    }
    let left = store::left(tx, tenant).await?;
    if left.mailboxes == 0 {
        store::delete_domains(tx, tenant).await?;
    }
    let files = if app.mail.is_some() { left.files } else { 0 };
    // Domains that went just now count: the caller keeps the transaction only if something was left.
    Ok(left.mailboxes + left.domains + files)
}
