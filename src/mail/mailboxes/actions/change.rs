//! Changing what a mailbox is allowed, and whether it is of use at all.

use crate::app::App;
use crate::audit::Change;
use crate::mail::limits;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::MailboxId;

use super::super::model::{Mailbox, Settings};
use super::super::store;
use super::create::check_quota;
use super::{kick, shown, tell};

/// Changes a mailbox's settings. What is so already is no change. `is_seen` is asked whether the version that is there may be
/// changed.
pub async fn change(
    app: &App,
    scope: &TenantScope,
    id: MailboxId,
    settings: Settings,
    is_seen: impl FnOnce(i64) -> Result<(), Error>,
) -> Result<Mailbox, Error> {
    let mut tx = scope.begin().await?;
    let before = store::lock(&mut tx, id).await?;
    is_seen(before.version)?;
    before.check_stays()?;
    let after = settings.apply(&before)?;
    if after == before {
        return Ok(before);
    }
    let limits = limits::of_tenant(&mut tx, scope.tenant()).await?;
    check_quota(after.quota_mib, before.quota_mib, &limits)?;
    store::save(&mut tx, &after, app.now()).await?;
    let change = Change::between("mailbox.change", shown(&before), shown(&after));
    tell(app, &mut tx, scope, (id, &before.address), &change).await?;
    let after = store::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}

/// Lets a disabled mailbox's person in again.
pub async fn enable(app: &App, scope: &TenantScope, id: MailboxId) -> Result<Mailbox, Error> {
    switch(app, scope, id, true).await
}

/// Keeps a mailbox's person out, and from sending. Open sessions end; mail still arrives and waits.
pub async fn disable(app: &App, scope: &TenantScope, id: MailboxId) -> Result<Mailbox, Error> {
    switch(app, scope, id, false).await
}

async fn switch(app: &App, scope: &TenantScope, id: MailboxId, is_enabled: bool) -> Result<Mailbox, Error> {
    let mut tx = scope.begin().await?;
    let before = store::lock(&mut tx, id).await?;
    before.check_stays()?;
    if before.is_enabled == is_enabled {
        return Ok(before);
    }
    store::save_enabled(&mut tx, id, is_enabled, app.now()).await?;
    let action = if is_enabled {
        "mailbox.enable"
    } else {
        kick(app, &mut tx, scope.tenant(), &before.address).await?;
        "mailbox.disable"
    };
    tell(app, &mut tx, scope, (id, &before.address), &Change::plain(action)).await?;
    let after = store::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}
