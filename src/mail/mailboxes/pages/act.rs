//! The buttons of a mailbox: enabling, disabling, deleting, restoring, erasing.

use axum::extract::State;

use crate::app::App;
use crate::mail::nav::{self, Tab};
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::MailboxId;
use crate::platform::web::{FormData, Path, SeeOther};

use super::super::actions;
use super::deleted_href;

/// Enables it.
pub(super) async fn enable(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, MailboxId)>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(nav::mailbox(&scope, id));
    match actions::enable(&app, &scope, id).await {
        Ok(_) => Ok(to.good("It is enabled: its person can sign in and send.")),
        Err(error) => to.refused(error),
    }
}

/// Disables it.
pub(super) async fn disable(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, MailboxId)>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(nav::mailbox(&scope, id));
    match actions::disable(&app, &scope, id).await {
        Ok(_) => Ok(to.good("It is disabled. Mail still arrives and waits for its person.")),
        Err(error) => to.refused(error),
    }
}

/// Deletes it, if its address was typed.
pub(super) async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, MailboxId)>,
    data: FormData,
) -> Result<SeeOther, Error> {
    match actions::remove(&app, &scope, id, Some(data.get("confirm"))).await {
        Ok(gone) => {
            let is_kept = gone.deleted.is_some_and(|kept| kept.until > kept.since);
            let rest = if is_kept {
                "It can be restored for a while."
            } else {
                "Its mail is being erased."
            };
            Ok(
                SeeOther::to(Tab::Mailboxes.href(&scope))
                    .good(format!("{} is deleted. {rest}", gone.shown())),
            )
        }
        Err(error) => SeeOther::to(nav::mailbox(&scope, id)).refused_or_invalid(error),
    }
}

/// Restores it.
pub(super) async fn restore(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, MailboxId)>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(nav::mailbox(&scope, id));
    match actions::restore(&app, &scope, id).await {
        Ok(_) => Ok(to.good("It is restored, with its mail and its passwords.")),
        Err(error) => to.refused(error),
    }
}

/// Erases it, if its address was typed.
pub(super) async fn erase(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, MailboxId)>,
    data: FormData,
) -> Result<SeeOther, Error> {
    match actions::erase(&app, &scope, id, Some(data.get("confirm"))).await {
        Ok(gone) => {
            Ok(SeeOther::to(deleted_href(&scope)).info(format!("Erasing {} with its mail.", gone.shown())))
        }
        Err(error) => SeeOther::to(nav::mailbox(&scope, id)).refused_or_invalid(error),
    }
}
