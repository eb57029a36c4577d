//! The verbs: each one transaction with its event and its audit.

mod change;
mod create;
mod end;
mod entry;
mod parts;
mod read;

pub use change::{change, disable, enable};
pub use create::{Created, create};
pub use end::{erase, remove, restore};
pub use entry::{Issued, NewPassword, hash_password, issue_link, set_password};
pub use parts::{
    AppPasswordInput, allow_send_as, app_passwords, forbid_send_as, make_app_password, put_app_password,
    remove_app_password, send_as, take_app_password,
};
pub use read::{deleted, find, list};

use serde_json::{Value, json};

use crate::app::App;
use crate::audit::{Change, Target};
use crate::mail::{TOPIC, kicks};
use crate::platform::access::TenantScope;
use crate::platform::db::{Scoped, TenantTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{MailboxId, TenantId};

use super::model::Mailbox;

/// What is written of a mailbox into the record: nothing that proves who somebody is.
fn shown(mailbox: &Mailbox) -> Value {
    json!({
        "name": mailbox.name,
        "quota_mib": mailbox.quota_mib,
        "hourly_limit": mailbox.hourly_limit,
        "max_own_aliases": mailbox.max_own_aliases,
        "is_enabled": mailbox.is_enabled,
    })
}

/// Writes the event and the audit of what happens to a mailbox into its transaction.
async fn tell(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    (id, address): (MailboxId, &str),
    change: &Change,
) -> Result<(), Error> {
    let target = Target {
        kind: "mailbox",
        id: Some(id.0),
        label: address,
        tenant: Some(scope.tenant()),
    };
    events::emit(tx, Some(scope.tenant()), TOPIC, Some(id.0)).await?;
    app.audit(tx, &scope.who, &target, change).await
}

/// Asks that whoever has the mailbox open be signed out.
async fn kick(app: &App, tx: &mut impl Scoped, tenant: TenantId, address: &str) -> Result<(), Error> {
    kicks::ask(tx, tenant, &[address.to_owned()], app.now()).await
}
