//! What a tenant that is erased leaves of mail: nothing. Rows go in batches, and what lies on the mail service's disk is noted to be
//! removed; the tenant's own row stays until both are done.

mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

use crate::app::App;
use crate::certificates;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;

/// How many mailboxes of a tenant are let go in one transaction.
const BATCH: i64 = 2_000;

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
