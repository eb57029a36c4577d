//! The verbs of staff: each one transaction with its event and its audit.

mod chains;
mod duty;
mod rotas;

use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::StaffScope;
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::UserId;

use super::TOPIC;
use super::store;

pub use chains::{change_chain, create_chain, delete_chain, make_default};
pub use duty::{acknowledge, hand_over, see_handover, take_over};
pub use rotas::{
    add_holiday, add_override, change_rota, create_rota, delete_rota, remove_holiday, remove_override,
};

/// Writes the event and the audit of what happens to a thing.
async fn tell(
    app: &App,
    tx: &mut StaffTx,
    scope: &StaffScope,
    (kind, id, label): (&'static str, Uuid, &str),
    change: &Change,
) -> Result<(), Error> {
    let target = Target {
        kind,
        id: Some(id),
        label,
        tenant: None,
    };
    events::emit(tx, None, TOPIC, Some(id)).await?;
    app.audit(tx, &scope.who, &target, change).await
}

/// A change that took something away.
fn gone(action: &'static str, before: Value) -> Change {
    Change {
        action,
        before: Some(before),
        after: None,
    }
}

/// Refuses somebody who is not on the staff, or may not sign in.
async fn check_person(tx: &mut StaffTx, field: &str, user: UserId) -> Result<(), Error> {
    if store::is_staff(tx, user).await? {
        Ok(())
    } else {
        Err(Error::invalid(
            field,
            "Choose somebody of the staff who may sign in.",
        ))
    }
}
