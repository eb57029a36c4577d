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
use crate::volumes::Volume;

use super::super::alerts;
use super::super::ledger::count;
use super::super::model::{About, Backup, State};
use super::super::store;
use super::of_volume::{self, StillVolume};
use super::still::Still;
use super::{FAILURES_KEPT, NOTE, Trouble, emit, found, volumes};

/// What is saved, and holds still meanwhile.
enum Source<'a> {
    Server(&'a Server, Still<'a>),
    Volume(&'a Volume, StillVolume<'a>),
}

impl Source<'_> {
    /// Makes it hold still, and says what to save.
    async fn begin(&mut self, tag: String) -> Result<Saved, Trouble> {
        match self {
            Self::Server(server, still) => Ok(Saved {
                volumes: still.begin().await?,
                server: Some(ServerKey::new(server.home().to_string()).map_err(BackupError::Engine)?),
                about: about(server),
                tag,
            }),
            Self::Volume(volume, still) => Ok(Saved {
                volumes: vec![still.begin().await?],
                server: None,
                about: of_volume::told(volume),
                tag,
            }),
        }
    }

    /// Undoes all of it. Harmless when there is nothing.
    async fn end(&self) -> Result<(), Trouble> {
        match self {
            Self::Server(_, still) => still.end().await,
            Self::Volume(_, still) => still.end().await,
        }
    }
}

/// Makes one, and writes that it is whole.
pub(super) async fn make(app: &App, restic: &Restic, place: &Place, backup: &Backup) -> Result<(), Trouble> {
    if backup.is_of_volume {
        let volume = of_volume::found(app, backup.volume).await?;
        let source = Source::Volume(&volume, StillVolume::new(app, &volume, backup.id));
        let about = of_volume::about(&volume);
        return make_of(app, restic, place, (backup, &about), source).await;
    }
    let mut tx = app.db.system().await?;
    let server = found(&mut tx, backup.server).await?;
    let (offer, volumes) = volumes(app, &mut tx, &server).await?;
    drop(tx);
    if volumes.is_empty() {
        return Err(Trouble::Failed("it keeps nothing that could be saved".to_owned()));
    }
    let about = About {
        template: server.template.clone(),
        size: server.size.clone(),
        volumes: volumes.iter().map(|volume| volume.name.clone()).collect(),
        size_mib: None,
    };
    let still = Still::new(app, &server, backup.id, &offer.template, volumes);
    let source = Source::Server(&server, still);
    make_of(app, restic, place, (backup, &about), source).await
}

async fn make_of(
    app: &App,
    restic: &Restic,
    place: &Place,
    (backup, about): (&Backup, &About),
    mut source: Source<'_>,
) -> Result<(), Trouble> {
    note(app, backup, Progress::default()).await?;
    // Whoever began is known by the row. A call of restic takes most of a second, so nobody looks for what can't be there.
    let known = match backup.state {
        State::Waiting => Ok(None),
        _ => whole(restic, place, backup).await,
    };
    let saved = match known {
        // A panel died after it was whole and before that was written.
        Ok(Some(summary)) => Ok(summary),
        Ok(None) => save(app, restic, place, (backup, &mut source)).await,
        Err(trouble) => Err(trouble),
    };
    fault::point("backups.saved");
    source.end().await?;
    fault::point("backups.let_go");
    finish(app, backup, (&saved?, about)).await
}

/// Looks for what is whole in the repository, which is made if there is none.
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
    (backup, source): (&Backup, &mut Source<'_>),
) -> Result<Summary, Trouble> {
    let saved = source.begin(backup.id.to_string()).await?;
    fault::point("backups.still");
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
    if let (Some(schedule), Some(of), Some(retention)) = (backup.schedule, backup.of(), backup.retention) {
        let made = store::made(tx, (schedule, of)).await?;
        let going = retention.going(&made);
        store::let_go(tx, (schedule, of), (&going, FAILURES_KEPT)).await?;
    }
    match (failure, backup.of()) {
        (Some(reason), _) => alerts::failed(app, tx, backup, reason).await?,
        (None, Some(of)) => store::clear(tx, of).await?,
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
