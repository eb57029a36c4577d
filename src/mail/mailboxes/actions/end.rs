//! Deleting a mailbox, restoring it, and erasing it before its time.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::mail::{filters, limits};
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::MailboxId;

use super::super::model::{Kept, Mailbox};
use super::super::store;
use super::create::full;
use super::read::there;
use super::{kick, tell};

/// Refuses if a page asked for the address to be typed, and something else was.
fn check_typed(mailbox: &Mailbox, typed: Option<&str>) -> Result<(), Error> {
    let is_it = |typed: &str| typed.trim() == mailbox.address || typed.trim() == mailbox.shown();
    if typed.is_none_or(is_it) {
        return Ok(());
    }
    let message = format!("Type the address: {}", mailbox.shown());
    Err(Error::invalid("confirm", message))
}

/// Deletes a mailbox: nobody signs in and no mail arrives any more, its address is free, and open sessions end. It is kept with
/// its mail for the installation's retention, and can be restored. `typed` is what somebody typed as its address.
///
/// The aliases that its person made for themselves go with it at once and do not come back: they led here only, and whoever gets the
/// address next must not get their mail. The record says which they were.
pub async fn remove(
    app: &App,
    scope: &TenantScope,
    id: MailboxId,
    typed: Option<&str>,
) -> Result<Mailbox, Error> {
    let mut tx = scope.begin().await?;
    let before = store::lock(&mut tx, id).await?;
    check_typed(&before, typed)?;
    before.check_stays()?;
    limits::lock(&mut tx, scope.tenant()).await?;
    let aliases = store::remove_own_aliases(&mut tx, id).await?;
    let kept = Kept::for_days(app.config.mailbox_retention_days, app.now());
    store::delete(&mut tx, id, kept).await?;
    kick(app, &mut tx, scope.tenant(), &before.address).await?;
    let told = json!({ "kept_until": kept.until, "own_aliases_removed": aliases });
    let change = Change::to("mailbox.delete", told);
    tell(app, &mut tx, scope, (id, &before.address), &change).await?;
    let after = store::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}

/// Restores a deleted mailbox with its mail, its passwords and its settings, if its address is free and the plan allows one more.
pub async fn restore(app: &App, scope: &TenantScope, id: MailboxId) -> Result<Mailbox, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let before = there(store::lock(&mut tx, id).await?, now)?;
    before.check_deleted()?;
    if let Some(holder) = store::taken_by(&mut tx, before.domain, &before.address).await? {
        return Err(Error::conflict("address-taken", holder.words(&before.shown())));
    }
    let limits = limits::of_tenant(&mut tx, scope.tenant()).await?;
    match store::restore(&mut tx, &before, limits.max_mailboxes, now).await {
        Ok(true) => {}
        Ok(false) => return Err(full(&mut tx, scope, &limits).await),
        // Somebody took it in this moment.
        Err(Error::Invalid(errors)) => {
            let message = errors.get("address").unwrap_or_default();
            return Err(Error::conflict("address-taken", message));
        }
        Err(error) => return Err(error),
    }
    // Aliases may have been led here meanwhile, or away.
    filters::refresh(app, &mut tx, id).await?;
    let change = Change::plain("mailbox.restore");
    tell(app, &mut tx, scope, (id, &before.address), &change).await?;
    let after = store::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}

/// Erases a deleted mailbox now, with its mail and for good. The mail service is told as soon as it answers.
pub async fn erase(
    app: &App,
    scope: &TenantScope,
    id: MailboxId,
    typed: Option<&str>,
) -> Result<Mailbox, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let before = there(store::lock(&mut tx, id).await?, now)?;
    check_typed(&before, typed)?;
    let kept = before.check_deleted()?;
    let over = Kept { until: now, ..kept };
    store::delete(&mut tx, id, over).await?;
    let told = json!({ "used_bytes": before.used_bytes, "used_messages": before.used_messages });
    let change = Change::to("mailbox.erase", told);
    tell(app, &mut tx, scope, (id, &before.address), &change).await?;
    tx.commit().await?;
    Ok(before)
}
