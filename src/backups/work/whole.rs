//! Getting a whole server back: into the empty volumes of a new one, or over what a server has now.
//!
//! Over goes in this order, and what a crash leaves is never between two states of data: the server holds still and stops; what
//! it has is kept by a backup, and that is noted; only then, and when the repository has said that it has the backup, its volumes are
//! made what they were, all of them anew if that was cut off; then it goes on. If they can not be made what they were, what was
//! there is put back; and if that fails too, the server is stopped and says why: it starts on half of its files for nobody but
//! whoever says so.

use crate::app::App;
use crate::drivers::backup::{BackupError, Place, Restic};
use crate::drivers::engine::ServerKey;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::BackupId;
use crate::platform::{events, fault, operations};
use crate::servers::model::{Seen, Server};
use crate::servers::{self, TOPIC as SERVER_TOPIC};
use crate::snapshots;

use super::super::TOPIC;
use super::super::model::{Backup, Reason, State, Whole, WholeRestore};
use super::super::store;
use super::{AGAIN, CUT_OFF, Trouble, found, make, volumes};

/// Does it.
pub(super) async fn restore(
    app: &App,
    restic: &Restic,
    place: &Place,
    (backup, restore, cut_offs): (&Backup, &WholeRestore, i32),
) -> Result<(), Trouble> {
    let server = found(&mut app.db.system().await?, Some(restore.server)).await?;
    match restore.how {
        Whole::Fill => put(app, restic, place, (backup, &server)).await,
        Whole::Over => {
            still(app, &server, restore)
                .await
                .map_err(|trouble| match trouble {
                    Trouble::Failed(reason) if restore.is_begun => Trouble::HalfWay(reason),
                    other => other,
                })?;
            let safety = keep(app, restic, place, (backup, restore, &server)).await?;
            fault::point("backups.kept");
            begin(app, restic, place, (backup, restore)).await?;
            let failure = if restore.is_begun && cut_offs > CUT_OFF {
                AGAIN.to_owned()
            } else {
                match put(app, restic, place, (backup, &server)).await {
                    Err(Trouble::Failed(reason)) => reason,
                    Err(Trouble::CutOff) if cut_offs >= CUT_OFF => AGAIN.to_owned(),
                    other => return other,
                }
            };
            put_back(app, restic, place, (&safety, &server), &failure).await
        }
    }
}

/// After so many helpers that were cut off, one more is the end of the thing. A restore in place has half of them for what it wants,
/// and half to put back what was there.
pub(super) fn patience(job: &store::Job) -> i32 {
    match job {
        store::Job::Whole(_, one) if one.how == Whole::Over => 2 * CUT_OFF,
        _ => CUT_OFF,
    }
}

/// Whether a thing that is given up leaves a server between two states.
pub(super) fn is_half_way(job: &store::Job) -> bool {
    matches!(job, store::Job::Whole(_, one) if one.how == Whole::Over && one.is_begun)
}

/// Notes that what is there goes now, once the repository has said that it has what comes instead.
async fn begin(
    app: &App,
    restic: &Restic,
    place: &Place,
    (backup, restore): (&Backup, &WholeRestore),
) -> Result<(), Trouble> {
    if restore.is_begun {
        return Ok(());
    }
    let known = restic.open(place, &backup.id.to_string()).await?;
    if !known.iter().any(|name| backup.snapshot.as_ref() == Some(name)) {
        return Err(Trouble::Failed(
            "the repository does not have it any more".to_owned(),
        ));
    }
    let mut tx = app.db.system().await?;
    store::note_begun(&mut tx, restore.id).await?;
    tx.commit().await?;
    Ok(())
}

/// Puts back what was there. Whichever way that goes, the restore has failed.
async fn put_back(
    app: &App,
    restic: &Restic,
    place: &Place,
    (safety, server): (&Backup, &Server),
    failure: &str,
) -> Result<(), Trouble> {
    match put(app, restic, place, (safety, server)).await {
        Ok(()) => Err(Trouble::Failed(format!(
            "{failure}; what was there before was put back"
        ))),
        Err(Trouble::Failed(reason)) => Err(Trouble::HalfWay(format!(
            "{failure}; and what was there before could not be put back: {reason}"
        ))),
        Err(other) => Err(other),
    }
}

/// Makes the volumes what they were.
async fn put(
    app: &App,
    restic: &Restic,
    place: &Place,
    (backup, server): (&Backup, &Server),
) -> Result<(), Trouble> {
    let (_, mut volumes) = volumes(app, &mut app.db.system().await?, server).await?;
    if let Some(about) = &backup.about {
        // One that came with a later version of the template was not saved, and stays.
        volumes.retain(|volume| about.volumes.contains(&volume.name));
    }
    let owner = ServerKey::new(server.home().to_string()).map_err(BackupError::Engine)?;
    // Whoever has files open would go on with those of before.
    app.engine
        .close_files(&owner)
        .await
        .map_err(BackupError::Engine)?;
    let snapshot = backup.snapshot.as_deref().unwrap_or_default();
    restic
        .restore_over(place, snapshot, (Some(&owner), &volumes))
        .await?;
    fault::point("backups.put");
    Ok(())
}

/// Has the server stop and hold still, whatever was wished for.
async fn still(app: &App, server: &Server, restore: &WholeRestore) -> Result<(), Trouble> {
    let (id, now) = (server.id, app.now());
    if server.is_deleted() {
        return Err(Trouble::Failed("the server was deleted".to_owned()));
    }
    let mut tx = app.db.system().await?;
    // Both make it hold still under its own name, and only one at a time may replace what it has.
    if snapshots::is_restored(&mut tx, id).await? {
        return Err(Trouble::Waits);
    }
    let holds = snapshots::hold_still(&mut tx, id).await?;
    let is_first = server.still_for != Some(id);
    if let (Some(operation), true) = (restore.operation, is_first) {
        operations::begin(&mut tx, operation, now).await?;
    }
    if holds && is_first {
        servers::wake(&mut tx, id, now).await?;
        events::emit(&mut tx, Some(server.tenant), SERVER_TOPIC, Some(id.0)).await?;
    }
    tx.commit().await?;
    app.poke_servers.poke();
    if !holds || is_first {
        return Err(Trouble::Waits);
    }
    let is_unattended = snapshots::is_unattended(&mut app.db.system().await?, id).await?;
    let key = ServerKey::new(id.to_string()).map_err(BackupError::Engine)?;
    let seen = app.engine.observe(&key).await.map_err(BackupError::Engine)?;
    if !is_unattended || Seen::from(&seen.state).is_alive() {
        return Err(Trouble::Waits);
    }
    Ok(())
}

/// Backs up what is there now, if that was not done before, and gives that.
async fn keep(
    app: &App,
    restic: &Restic,
    place: &Place,
    (backup, restore, server): (&Backup, &WholeRestore, &Server),
) -> Result<Backup, Trouble> {
    let mut tx = app.db.system().await?;
    let safety = match restore.safety {
        Some(id) => store::by_id(&mut tx, id).await?,
        None => begin_safety(app, &mut tx, (backup, restore, server)).await?,
    };
    tx.commit().await?;
    if safety.state == State::Done {
        return Ok(safety);
    }
    match make::make(app, restic, place, &safety).await {
        Err(Trouble::Failed(reason)) => {
            let mut tx = app.db.system().await?;
            store::fail(&mut tx, safety.id, &reason, app.now()).await?;
            tx.commit().await?;
            Err(Trouble::Failed(format!(
                "what is there now could not be kept: {reason}"
            )))
        }
        Err(other) => Err(other),
        Ok(()) => Ok(store::by_id(&mut app.db.system().await?, safety.id).await?),
    }
}

async fn begin_safety(
    app: &App,
    tx: &mut SystemTx,
    (backup, restore, server): (&Backup, &WholeRestore, &Server),
) -> Result<Backup, Trouble> {
    let now = app.now();
    let safety = Backup {
        id: BackupId::new(&*app.ids, now),
        server: Some(server.id),
        volume: None,
        is_of_volume: false,
        server_name: server.name.clone(),
        state: State::Waiting,
        reason: Reason::Safety,
        operation: None,
        schedule: None,
        retention: None,
        asked_by: "restoring in place".to_owned(),
        created_at: now,
        finished_at: None,
        done_bytes: 0,
        total_bytes: 0,
        added_bytes: 0,
        snapshot: None,
        error: None,
        about: None,
        ..backup.clone()
    };
    // One that somebody wants waits for this work in the same repository, or is made in another one just now.
    if !store::add(tx, &safety).await? {
        return Err(Trouble::Failed(
            "a backup of the server waits to be made".to_owned(),
        ));
    }
    store::note_safety(tx, restore.id, safety.id).await?;
    Ok(safety)
}

/// Writes how it ended; a server that held still goes on, unless it has half of its files.
pub(super) async fn end(
    app: &App,
    tx: &mut SystemTx,
    (backup, restore): (&Backup, &WholeRestore),
    (failure, is_half_way): (Option<&str>, bool),
) -> Result<(), Error> {
    let now = app.now();
    store::end_restore(tx, restore.id, failure, now).await?;
    events::emit(tx, Some(backup.tenant), TOPIC, Some(restore.server.0)).await?;
    if restore.how == Whole::Fill {
        return Ok(());
    }
    if let Some(operation) = restore.operation {
        operations::finish(tx, operation, failure.map_or(Ok(()), Err), now).await?;
    }
    snapshots::let_go(tx, restore.server).await?;
    if let Ok(server) = servers::find(tx, restore.server).await {
        let made = backup.created_at.format("%Y-%m-%d %H:%M UTC");
        let text = match failure {
            None => format!("It was restored to the backup of {made}."),
            Some(reason) => format!("It was not restored to the backup of {made}: {reason}."),
        };
        if is_half_way {
            let reason = format!("{text} Its files are not whole: restore it to a backup before it starts.");
            servers::halt(app, tx, server.id, &reason).await?;
        }
        servers::rewire(app, tx, &server, text).await?;
    }
    app.poke_servers.poke();
    Ok(())
}
