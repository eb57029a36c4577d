//! Filling a copy's volumes with its source's data.
//!
//! All that counts is in the database: that a copy is open, and that its source holds still for it. A panel that dies in the
//! middle leaves both, and whoever takes the copy up begins it anew: what is in its volumes then goes first. Only an engine
//! that does not answer is waited for; any other trouble ends the copy, so that no source is kept from running for something
//! that will not be. The end of a copy, good or bad, lets its source go on in the same transaction.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::time::MissedTickBehavior;

use crate::backups::{self, Filling};
use crate::drivers::engine::{CopiedVolume, CopyEvent, CopySpec, EngineError, ServerKey};
use crate::platform::error::Error;
use crate::platform::ids::ServerEventId;
use crate::platform::{events, fault, operations};
use crate::snapshots::{self, Viewed};

use super::super::actions::TOPIC;
use super::super::model::{Copying, Entry, Kind, Seen, Server};
use super::super::store::{self, NewEvent, Source};
use super::spec::{server_key, volume_key_of};
use super::steps::Effects;
use super::trouble::Trouble;

/// How often progress is written, and whether the copy is still wanted is asked.
const NOTE: Duration = Duration::from_secs(1);

/// Fills the volumes.
pub(super) async fn copy(effects: &Effects<'_>) -> Result<(), Trouble> {
    let server = effects.server();
    let copying = store::copying(&mut effects.app.db.system().await?, server.id).await?;
    let Some(copying) = copying else { return Ok(()) };
    if let Some(error) = copying.failure() {
        return Err(Trouble::Uncopied(error.to_owned()));
    }
    if !copying.is_open() {
        return Ok(());
    }
    // A copy may take an hour, and others wait for whoever works on servers.
    let Ok(_place) = effects.copies.try_acquire() else {
        return Err(Trouble::Waits);
    };
    match fill(effects, &copying).await {
        Ok(()) => {
            end(effects, None).await?;
            forget_views(effects, &copying).await
        }
        Err(trouble @ (Trouble::Waits | Trouble::Overtaken | Trouble::Database(_))) => Err(trouble),
        Err(trouble) if trouble.is_engine_away() => Err(trouble),
        Err(trouble @ Trouble::Engine(EngineError::Timeout(_))) => Err(trouble),
        Err(trouble) => {
            let error = trouble.words();
            tracing::warn!(server = %server.id, error = &trouble as &dyn std::error::Error, "a copy failed");
            end(effects, Some(&error)).await?;
            Err(Trouble::Uncopied(error))
        }
    }
}

async fn fill(effects: &Effects<'_>, copying: &Copying) -> Result<(), Trouble> {
    let (app, server) = (effects.app, effects.server());
    let source = ServerKey::new(copying.source.to_string())?;
    check_source(effects, copying).await?;
    let seen = Seen::from(&app.engine.observe(&source).await?.state);
    if !copying.is_live && seen.is_alive() {
        return Err(Trouble::Waits);
    }
    let volumes = volumes(effects, copying).await?;
    let keys: Vec<_> = volumes.iter().map(|volume| volume.to.clone()).collect();
    effects.ensure_volumes(&keys).await?;
    if backups::is_filled(&mut app.db.system().await?, server.id).await? {
        return from_backup(effects).await;
    }
    let spec = CopySpec {
        server: server_key(server)?,
        source,
        base_image: app.config.base_image.clone(),
        volumes,
        is_live: copying.is_live,
    };
    let filled = run(effects, copying, &spec).await;
    if filled.is_err() {
        // Nobody listens to it any more.
        app.engine.end_task(&spec.server).await?;
    }
    filled
}

/// Has the volumes, which are there, filled by whoever works in repositories.
async fn from_backup(effects: &Effects<'_>) -> Result<(), Trouble> {
    let (app, server) = (effects.app, effects.server());
    let mut tx = app.db.system().await?;
    let filling = backups::fill(&mut tx, server.id, app.now()).await?;
    tx.commit().await?;
    match filling {
        Filling::UnderWay => Err(Trouble::Waits),
        Filling::Done => Ok(()),
        Filling::Failed(reason) => Err(Trouble::Uncopied(reason)),
    }
}

/// The volumes of the server's template, as its source has them, or had them when a snapshot was taken, and as it has them
/// itself.
async fn volumes(effects: &Effects<'_>, copying: &Copying) -> Result<Vec<CopiedVolume>, Trouble> {
    let (app, server) = (effects.app, effects.server());
    let mut tx = app.db.system().await?;
    let offer = crate::eggs::warm(app, &mut tx, &server.template).await?;
    let offer =
        offer.ok_or_else(|| Trouble::Uncopied("its template is no longer in the catalogue".to_owned()))?;
    let names: Vec<String> = offer
        .template
        .volumes
        .iter()
        .map(|volume| volume.name.clone())
        .collect();
    let snapshot = snapshots::copied_from(&mut tx, server.id).await?;
    let source = match snapshot {
        Some(_) => Some(store::find(&mut tx, copying.source).await?),
        None => None,
    };
    drop(tx);
    let viewed = snapshot.zip(source.as_ref());
    let viewed = viewed.map(|(snapshot, server)| Viewed { server, snapshot });
    if let Some(viewed) = viewed {
        snapshots::ensure_views(app, viewed, &names).await?;
    }
    let pair = |name: &String| {
        Ok(CopiedVolume {
            name: name.clone(),
            from: match viewed {
                Some(viewed) => viewed.key(name)?,
                None => volume_key_of(copying.source, name)?,
            },
            to: volume_key_of(server.id, name)?,
        })
    };
    names.iter().map(pair).collect()
}

/// Whatever looked at a snapshot for this copy is not needed any more. What somebody looks into just now stays.
async fn forget_views(effects: &Effects<'_>, copying: &Copying) -> Result<(), Trouble> {
    let mut tx = effects.app.db.system().await?;
    let Some(snapshot) = snapshots::copied_from(&mut tx, effects.server().id).await? else {
        return Ok(());
    };
    let Ok(server) = store::find(&mut tx, copying.source).await else {
        return Ok(());
    };
    drop(tx);
    let viewed = Viewed {
        server: &server,
        snapshot,
    };
    if let Err(error) = snapshots::remove_views(effects.app, viewed).await {
        tracing::info!(%snapshot, %error, "views of a snapshot stay for now");
    }
    Ok(())
}

async fn check_source(effects: &Effects<'_>, copying: &Copying) -> Result<(), Trouble> {
    let mut tx = effects.app.db.system().await?;
    match store::source(&mut tx, effects.server().id, copying).await? {
        Source::Ready => Ok(()),
        Source::Busy => Err(Trouble::Waits),
        Source::Gone => Err(Trouble::Uncopied(format!(
            "{} was deleted while it was copied",
            copying.source_name
        ))),
    }
}

/// Waits for the end of the copying, and tells how far it is.
async fn run(effects: &Effects<'_>, copying: &Copying, spec: &CopySpec) -> Result<(), Trouble> {
    let mut events = effects.app.engine.copy_volumes(spec).await?;
    fault::point("servers.copy_begun");
    let mut so_far = (0, None);
    let mut time = tokio::time::interval(NOTE);
    time.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            _ = time.tick() => {
                note(effects, copying, so_far).await?;
                continue;
            }
        };
        match event {
            Some(event) => match event? {
                CopyEvent::Total(total) => so_far.1 = Some(total),
                CopyEvent::Copied(done) => so_far.0 = done,
                CopyEvent::Ended(Ok(())) => return note(effects, copying, so_far).await,
                CopyEvent::Ended(Err(failure)) => return Err(Trouble::Uncopied(failure.to_string())),
            },
            None => return Err(Trouble::Uncopied("the copying was ended from outside".to_owned())),
        }
    }
}

/// Writes progress, and turns away from what is not wanted any more, or can't be.
async fn note(effects: &Effects<'_>, copying: &Copying, so_far: (u64, Option<u64>)) -> Result<(), Trouble> {
    let (app, server) = (effects.app, effects.server());
    let is_wanted = async {
        let mut tx = app.db.system().await?;
        let is_wanted = store::note_copied(&mut tx, server.id, so_far).await?;
        let told = Copying {
            done: so_far.0,
            total: so_far.1,
            ..copying.clone()
        };
        operations::note_step(&mut tx, server.id.0, &told.progress()).await?;
        events::emit(&mut tx, Some(server.tenant), TOPIC, Some(server.id.0)).await?;
        tx.commit().await?;
        Ok::<_, Error>(is_wanted)
    };
    if !is_wanted.await? {
        return Err(Trouble::Overtaken);
    }
    check_source(effects, copying).await
}

/// The end of a copy: what is noted, and what its source's history says.
async fn end(effects: &Effects<'_>, failure: Option<&str>) -> Result<(), Trouble> {
    let (app, server) = (effects.app, effects.server());
    let ended: Result<(), Error> = async {
        let mut tx = app.db.system().await?;
        let Some(source) = store::end_copy(&mut tx, server.id, failure, app.now()).await? else {
            return Ok(());
        };
        if let Ok(source) = store::find(&mut tx, source).await {
            let event = NewEvent {
                id: ServerEventId::new(&*app.ids, app.now()),
                server: source.id,
                tenant: source.tenant,
                at: app.now(),
                entry: &entry(server, failure),
            };
            store::add_event(&mut tx, &event).await?;
            events::emit(&mut tx, Some(source.tenant), TOPIC, Some(source.id.0)).await?;
        }
        tx.commit().await
    }
    .await;
    ended?;
    app.poke_servers.poke();
    Ok(())
}

fn entry(copy: &Server, failure: Option<&str>) -> Entry {
    match failure {
        None => Entry::new(Kind::Changed, format!("It was copied to {}.", copy.name)),
        Some(error) => Entry::new(
            Kind::Failed,
            format!("It was not copied to {}: {error}.", copy.name),
        ),
    }
}
