//! What a mailbox's own person does, one transaction each with its audit event.

mod aliases;
mod app_passwords;
mod password;
mod sign_in;

pub(super) use aliases::{create_alias, delete_alias, list_aliases};
pub(super) use app_passwords::{create_app_password, list_app_passwords, remove_app_password};
pub(super) use password::change_password;
pub(super) use sign_in::{sign_in, sign_out};

use uuid::Uuid;

use crate::accounts::Client;
use crate::app::App;
use crate::audit::Target;
use crate::platform::access::{MailboxScope, SystemScope};
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::platform::secret::{OneTimeToken, Secret};

use super::authenticate::idle;
use super::store;

/// Forgets sessions that have ended. Nothing depends on it: they are not taken before either. Harmless twice.
pub async fn clean_up(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let count = store::purge_sessions(&mut tx, now, now - idle(&app.config)).await?;
    tx.commit().await?;
    Ok(count)
}

/// The mailbox, for audit events.
fn target(address: &str, id: Uuid, tenant: Uuid) -> Target<'_> {
    Target {
        kind: "mailbox",
        id: Some(id),
        label: address,
        tenant: Some(TenantId(tenant)),
    }
}

/// The mailbox of whoever is signed in.
fn own_target(scope: &MailboxScope) -> Target<'_> {
    target(&scope.owner.address, scope.mailbox().0, scope.tenant().0)
}

/// Begins a session. Gives what its cookie holds.
async fn begin_session(
    app: &App,
    tx: &mut SystemTx,
    (mailbox, tenant): (Uuid, Uuid),
    client: &Client,
) -> Result<Secret, Error> {
    let now = app.now();
    let token = OneTimeToken::generate();
    let end = now + chrono::Duration::hours(i64::from(app.config.session_hours));
    let proof = (app.ids.uuid(now), &*token.hash);
    store::insert_session(tx, proof, (mailbox, tenant), (now, end), client).await?;
    Ok(token.text)
}
