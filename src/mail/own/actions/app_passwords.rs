//! Passwords for single programs: made by the panel, shown once, taken away one by one. They are those of [`mailboxes`]; who works
//! here is the mailbox's own person.

use crate::app::App;
use crate::audit::Change;
use crate::mail::TOPIC;
use crate::mail::mailboxes::{self, AppPassword, AppPasswordInput};
use crate::mail::own::store;
use crate::platform::access::MailboxScope;
use crate::platform::db::MailboxTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::AppPasswordId;
use crate::platform::secret::Secret;

use super::own_target;

/// All of them.
pub(in crate::mail::own) async fn list_app_passwords(
    scope: &MailboxScope,
) -> Result<Vec<AppPassword>, Error> {
    let mut tx = scope.begin().await?;
    mailboxes::app_passwords(&mut tx, scope.mailbox()).await
}

/// Makes one, and tells it this once.
pub(in crate::mail::own) async fn create_app_password(
    app: &App,
    scope: &MailboxScope,
    new: AppPasswordInput,
) -> Result<Secret, Error> {
    let mut tx = scope.begin().await?;
    store::lock_overview(&mut tx, scope.mailbox()).await?;
    let whose = (scope.tenant(), scope.mailbox());
    let (_, text, change) = mailboxes::put_app_password(app, &mut tx, whose, new).await?;
    finish(app, scope, tx, &change).await?;
    Ok(text)
}

/// Takes one away: the program that has it can't sign in any more, and whoever has the mailbox open is signed out.
pub(in crate::mail::own) async fn remove_app_password(
    app: &App,
    scope: &MailboxScope,
    id: AppPasswordId,
) -> Result<String, Error> {
    let mut tx = scope.begin().await?;
    store::lock_overview(&mut tx, scope.mailbox()).await?;
    let whose = (scope.tenant(), scope.mailbox(), scope.owner.address.as_str());
    let (name, change) = mailboxes::take_app_password(app, &mut tx, whose, id).await?;
    finish(app, scope, tx, &change).await?;
    Ok(name)
}

async fn finish(app: &App, scope: &MailboxScope, mut tx: MailboxTx, change: &Change) -> Result<(), Error> {
    events::emit(&mut tx, Some(scope.tenant()), TOPIC, Some(scope.mailbox().0)).await?;
    app.audit(&mut tx, &scope.who, &own_target(scope), change).await?;
    tx.commit().await
}
