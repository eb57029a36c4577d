//! A repository's key, shown once so that its organisation can keep it elsewhere.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::BackupRepositoryId;

use super::super::store;
use super::key_context;

/// The target's name and the key. Not a second time: who lost it has its backups here.
pub async fn reveal_key(
    app: &App,
    scope: &TenantScope,
    id: BackupRepositoryId,
    typed: Option<&str>,
) -> Result<(String, String), Error> {
    if typed.is_some_and(|typed| typed.trim() != scope.member.name) {
        let message = format!("Type your organisation's name: {}", scope.member.name);
        return Err(Error::invalid("confirm", message));
    }
    let mut tx = scope.begin().await?;
    let all = store::repositories(&mut tx, scope.tenant()).await?;
    let known = all.into_iter().find(|one| one.id == id).ok_or(Error::NotFound)?;
    if !store::note_key_shown(&mut tx, id, (&scope.who.label, app.now())).await? {
        return Err(Error::conflict(
            "key-was-shown",
            "The key was shown before, and is shown once only. Ask whoever it was shown to.",
        ));
    }
    let opener = store::own_opener(&mut tx, id).await?;
    let key = app.keyring.open(&key_context(id), &opener.key);
    let key = String::from_utf8_lossy(&key.map_err(Error::internal)?).into_owned();
    let target = Target {
        kind: "backup-repository",
        id: Some(id.0),
        label: &known.target,
        tenant: Some(scope.tenant()),
    };
    let change = Change::to("backup-repository.reveal", json!({ "target": known.target }));
    app.audit(&mut tx, &scope.who, &target, &change).await?;
    tx.commit().await?;
    Ok((known.target, key))
}
