//! A check of a repository that staff want now.

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{BackupRepositoryId, OperationId};
use crate::platform::operations::{self, NewOperation};

use super::super::TOPIC;
use super::super::store;

/// The name of its audit event and operation.
const ACTION: &str = "backup-repository.check";
/// What it is done to.
const KIND: &str = "backup-repository";

/// Asks for it. One that is under way already and that nobody asked for reports to whoever asks now.
pub async fn check_now(app: &App, scope: &StaffScope, id: BackupRepositoryId) -> Result<OperationId, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let known = store::lock_repository(&mut tx, id).await?;
    if !known.is_filled {
        return Err(Error::conflict(
            "nothing-to-check",
            "Nothing whole is in the repository yet, so there is nothing to check.",
        ));
    }
    if known.is_asked {
        return Err(Error::conflict(
            "check-under-way",
            "Somebody asked for a check of this repository already. Wait until that is over.",
        ));
    }
    let operation = NewOperation {
        id: OperationId::new(&*app.ids, now),
        tenant: Some(known.tenant),
        kind: ACTION,
        target_kind: KIND,
        target: Some(id.0),
        label: &known.target,
        generation: None,
        actor: &scope.who.label,
        now,
    };
    operations::open(&mut tx, &operation).await?;
    store::ask_check(&mut tx, id, operation.id, now).await?;
    let about = Target {
        kind: KIND,
        id: Some(id.0),
        label: &known.target,
        tenant: Some(known.tenant),
    };
    app.audit(&mut tx, &scope.who, &about, &Change::plain(ACTION))
        .await?;
    events::emit(&mut tx, Some(known.tenant), TOPIC, None).await?;
    let asked = operation.id;
    tx.commit().await?;
    Ok(asked)
}
