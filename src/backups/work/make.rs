//! Making a backup. Its data holds still if it can ([`super::still`]); whatever was done for that is undone before the row says
//! that it is over, so that whoever follows a panel that died undoes it too.

use futures_util::StreamExt as _;
use serde_json::json;

use crate::app::App;
use crate::drivers::backup::{BackupError, BackupEvent, Place, Progress, Restic, Saved, Summary};
use crate::drivers::engine::ServerKey;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::{fault, operations};
use crate::servers::model::Server;

use super::super::alerts;
use super::super::ledger::count;
use super::super::model::{About, Backup};
use super::super::store;
use super::still::Still;
use super::{FAILURES_KEPT, NOTE, Trouble, emit, found, volumes};

/// Makes one, and writes that it is whole.
pub(super) async fn make(app: &App, restic: &Restic, place: &Place, backup: &Backup) -> Result<(), Trouble> {
    let mut tx = app.db.system().await?;
    let server = found(&mut tx, backup.server).await?;
    let (offer, volumes) = volumes(app, &mut tx, &server).await?;
    drop(tx);
    if volumes.is_empty() {
        return Err(Trouble::Failed("it keeps nothing that could be saved".to_owned()));
    }
    note(app, backup, Progress::default()).await?;
    let about = About {
        template: server.template.clone(),
        size: server.size.clone(),
        volumes: volumes.iter().map(|volume| volume.name.clone()).collect(),
    };
    let mut still = Still::new(app, &server, backup.id, &offer.template, volumes);
    let saved = match whole(restic, place, backup).await {
        // A panel died after it was whole and before that was written.
        Ok(Some(summary)) => Ok(summary),
        Ok(None) => save(app, restic, place, (backup, &server, &mut still)).await,
        Err(trouble) => Err(trouble),
    };
    fault::point("backups.saved");
    still.end().await?;
    fault::point("backups.let_go");
    finish(app, backup, (&saved?, &about)).await
}

/// Makes the repository if there is none, and looks for what is whole there.
async fn whole(restic: &Restic, place: &Place, backup: &Backup) -> Result<Option<Summary>, Trouble> {
    let snapshot = restic.open(place, &backup.id.to_string()).await?.pop();
    Ok(snapshot.map(|snapshot| Summary {
        snapshot,
        bytes: u64::try_from(backup.total_bytes).unwrap_or(0),
        added: u64::try_from(backup.added_bytes).unwrap_or(0),
        files: 0,
    }))
}

async fn save(
    app: &App,
    restic: &Restic,
    place: &Place,
    (backup, server, still): (&Backup, &Server, &mut Still<'_>),
) -> Result<Summary, Trouble> {
    let volumes = still.begin().await?;
    fault::point("backups.still");
    let saved = Saved {
        server: ServerKey::new(server.home().to_string()).map_err(BackupError::Engine)?,
        volumes,
        about: about(server),
        tag: backup.id.to_string(),
    };
    let mut events = restic.backup(place, saved).await?;
    let mut noted = tokio::time::Instant::now();
    while let Some(event) = events.next().await {
        match event? {
            BackupEvent::At(progress) if noted.elapsed() >= NOTE => {
                note(app, backup, progress).await?;
                noted = tokio::time::Instant::now();
            }
            BackupEvent::At(_) => {}
            BackupEvent::Done(summary) => return Ok(summary),
        }
    }
    Err(Trouble::Waits)
}

/// What the server is, for whoever has only the repository.
fn about(server: &Server) -> Vec<u8> {
    json!({
        "id": server.id.to_string(), "name": server.name, "host_name": server.host_name, "template": server.template,
        "size": server.size, "image": server.image, "tags": server.tags,
    })
    .to_string()
    .into_bytes()
}

async fn note(app: &App, backup: &Backup, progress: Progress) -> Result<(), Trouble> {
    let now = app.now();
    let mut tx = app.db.system().await?;
    store::note(&mut tx, backup.id, progress, now).await?;
    if let Some(operation) = backup.operation {
        operations::begin(&mut tx, operation, now).await?;
    }
    emit(&mut tx, backup).await?;
    tx.commit().await?;
    Ok(())
}

async fn finish(app: &App, backup: &Backup, saved: (&Summary, &About)) -> Result<(), Trouble> {
    let now = app.now();
    let mut tx = app.db.system().await?;
    store::finish(&mut tx, backup.id, saved, now).await?;
    count(&mut tx, backup, now).await?;
    ended(app, &mut tx, backup, None).await?;
    emit(&mut tx, backup).await?;
    tx.commit().await?;
    Ok(())
}

/// What follows from a backup that is over: older ones of its schedule go, and the work that it reports to may be over too.
pub(super) async fn ended(
    app: &App,
    tx: &mut SystemTx,
    backup: &Backup,
    failure: Option<&str>,
) -> Result<(), Error> {
    if let (Some(schedule), Some(server), Some(retention)) =
        (backup.schedule, backup.server, backup.retention)
    {
        let made = store::made(tx, (schedule, server)).await?;
        let going = retention.going(&made);
        store::let_go(tx, (schedule, server), (&going, FAILURES_KEPT)).await?;
    }
    match (failure, backup.server) {
        (Some(reason), _) => alerts::failed(app, tx, backup, reason).await?,
        (None, Some(server)) => store::clear(tx, server).await?,
        (None, None) => {}
    }
    let Some(operation) = backup.operation else {
        return Ok(());
    };
    let (open, failed) = store::reported(tx, operation).await?;
    if open > 0 {
        return Ok(());
    }
    let words = failed.join("; ");
    let outcome = if failed.is_empty() {
        Ok(())
    } else {
        Err(words.as_str())
    };
    operations::finish(tx, operation, outcome, app.now()).await
}
