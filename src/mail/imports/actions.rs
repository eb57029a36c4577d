//! The verbs: reading a list, having it worked on, giving it up. Each one transaction, with its audit event.

use std::collections::HashSet;

use chrono::TimeDelta;
use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::mail::limits;
use crate::platform::access::{SystemScope, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{MailImportId, TenantId};
use crate::platform::secret::Keyring;

use super::model::{Import, ImportState, Line, Room, judge, read};
use super::store;
use super::upload::Upload;

/// How many lists may wait to be started.
const MAX_PREVIEWS: i64 = 10;
/// How long a list waits for it, with the passwords in it.
const PATIENCE: TimeDelta = TimeDelta::days(1);
/// How long imports are kept.
const KEPT: TimeDelta = TimeDelta::days(30);
const LONGEST_NAME: usize = 100;

/// What a line's password is sealed for.
pub(super) fn context(import: MailImportId, line: i32) -> String {
    format!("mail-import:{import}:{line}")
}

/// Reads a list, and keeps it with what is wrong with it. Nothing is made.
pub async fn create(app: &App, scope: &TenantScope, upload: Upload) -> Result<Import, Error> {
    // A file of 8 MiB takes a moment.
    let bytes = upload.bytes;
    let lines = tokio::task::spawn_blocking(move || read(&bytes)).await;
    let lines = lines.map_err(Error::internal)?;
    let mut lines = lines.map_err(|why| Error::invalid("file", why))?;
    let mut tx = scope.begin().await?;
    if store::previews(&mut tx, scope.tenant()).await? >= MAX_PREVIEWS {
        let message = format!("{MAX_PREVIEWS} lists wait to be started. Start or cancel one of them first.");
        return Err(Error::conflict("too-many-mail-imports", message));
    }
    look(&mut tx, scope.tenant(), &mut lines).await?;
    let bad = lines.iter().filter(|line| line.entry.is_err()).count();
    let import = Import {
        id: MailImportId::new(&*app.ids, app.now()),
        file_name: file_name(&upload.name),
        state: ImportState::Preview,
        lines: i32::try_from(lines.len()).unwrap_or(i32::MAX),
        bad: i32::try_from(bad).unwrap_or(i32::MAX),
        done: 0,
        failed: 0,
        created_by: scope.who.label.clone(),
        created_at: app.now(),
        started_at: None,
        finished_at: None,
    };
    store::insert(&mut tx, scope.tenant(), &import).await?;
    let hide = |line: &Line| seal(&app.keyring, import.id, line);
    store::insert_lines(&mut tx, (scope.tenant(), import.id), &lines, hide).await?;
    let told = json!({ "lines": import.lines, "bad": import.bad });
    tell(app, tx, scope, &import, Change::to("mail_import.create", told)).await?;
    Ok(import)
}

fn file_name(typed: &str) -> String {
    let good = typed.chars().filter(|c| !c.is_control()).take(LONGEST_NAME);
    let name: String = good.collect();
    if name.is_empty() {
        "list.csv".to_owned()
    } else {
        name
    }
}

fn seal(keyring: &Keyring, import: MailImportId, line: &Line) -> Result<Option<Vec<u8>>, Error> {
    let password = line.entry.as_ref().ok().and_then(|entry| entry.password.as_ref());
    match password {
        Some(password) => {
            let sealed = keyring.seal(&context(import, line.number), password.expose().as_bytes())?;
            Ok(Some(sealed))
        }
        None => Ok(None),
    }
}

/// Marks what can be told of the lines now.
async fn look(tx: &mut TenantTx, tenant: TenantId, lines: &mut [Line]) -> Result<(), Error> {
    let good = lines.iter().filter(|line| line.entry.is_ok());
    let addresses: Vec<String> = good.map(|line| line.address.clone()).collect();
    let places = store::places(tx, tenant, addresses.iter().map(String::as_str)).await?;
    let taken: HashSet<String> = store::taken(tx, tenant, &addresses).await?;
    let allowed = limits::of_tenant(tx, tenant).await?;
    judge(lines, &places, &taken, &allowed);
    Ok(())
}

/// An import, and what it would add if it is not started yet.
pub async fn find(
    tx: &mut TenantTx,
    tenant: TenantId,
    id: MailImportId,
) -> Result<(Import, Option<Room>), Error> {
    let import = store::find(tx, id).await?;
    let room = match import.state {
        ImportState::Preview => Some(room(tx, tenant, id).await?),
        _ => None,
    };
    Ok((import, room))
}

async fn room(tx: &mut TenantTx, tenant: TenantId, id: MailImportId) -> Result<Room, Error> {
    let allowed = limits::of_tenant(tx, tenant).await?;
    store::room(tx, (tenant, id), (allowed.max_mailboxes, allowed.max_aliases)).await
}

/// Has the good lines of a list made.
pub async fn start(app: &App, scope: &TenantScope, id: MailImportId) -> Result<Import, Error> {
    let mut tx = scope.begin().await?;
    let import = store::lock(&mut tx, id).await?;
    if import.state != ImportState::Preview {
        let message = "This import was started or cancelled already. Upload the list again for another one.";
        return Err(Error::conflict("mail-import-not-waiting", message));
    }
    if import.good() == 0 {
        let message = "None of its lines can be used. Correct the file and upload it again.";
        return Err(Error::conflict("mail-import-empty", message));
    }
    let room = room(&mut tx, scope.tenant(), id).await?;
    if let Some(lack) = room.lack() {
        return Err(Error::conflict("mail-import-too-large", lack));
    }
    store::start(&mut tx, id, &scope.who.label, app.now()).await?;
    let started = store::find(&mut tx, id).await?;
    let told = json!({ "mailboxes": room.mailboxes, "aliases": room.aliases });
    tell(app, tx, scope, &import, Change::to("mail_import.start", told)).await?;
    Ok(started)
}

/// Gives an import up. What was made stays.
pub async fn cancel(app: &App, scope: &TenantScope, id: MailImportId) -> Result<Import, Error> {
    let mut tx = scope.begin().await?;
    let import = store::lock(&mut tx, id).await?;
    if !matches!(import.state, ImportState::Preview | ImportState::Running) {
        let message = "This import has ended already. Delete what it made where it is.";
        return Err(Error::conflict("mail-import-ended", message));
    }
    store::cancel(&mut tx, id, app.now()).await?;
    let cancelled = store::find(&mut tx, id).await?;
    let told = json!({ "done": import.done, "failed": import.failed });
    tell(app, tx, scope, &import, Change::to("mail_import.cancel", told)).await?;
    Ok(cancelled)
}

/// Gives up lists that nobody starts, because passwords are in them, and forgets old imports. Says how many.
pub async fn clean_up(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let stale = store::stale(&mut tx, now - PATIENCE).await?;
    for id in &stale {
        store::cancel(&mut tx, *id, now).await?;
    }
    let forgotten = store::forget(&mut tx, now - KEPT).await?;
    tx.commit().await?;
    Ok(forgotten + u64::try_from(stale.len()).unwrap_or_default())
}

async fn tell(
    app: &App,
    mut tx: TenantTx,
    scope: &TenantScope,
    import: &Import,
    change: Change,
) -> Result<(), Error> {
    let target = Target {
        kind: "mail_import",
        id: Some(import.id.0),
        label: &import.file_name,
        tenant: Some(scope.tenant()),
    };
    events::emit(
        &mut tx,
        Some(scope.tenant()),
        crate::mail::TOPIC,
        Some(import.id.0),
    )
    .await?;
    app.audit(&mut tx, &scope.who, &target, &change).await?;
    tx.commit().await
}
