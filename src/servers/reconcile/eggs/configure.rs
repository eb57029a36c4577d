//! Editing a server's files before it starts, as its egg says. A file that can't be edited does not keep it from starting;
//! the history says so.

use crate::drivers::engine::ContainerSpec;
use crate::eggs::{Egg, FileEdit, Values};
use crate::platform::error::Error;
use crate::platform::ids::ServerEventId;

use super::super::super::model::{Entry, Kind};
use super::super::super::store::{self, NewEvent};
use super::super::steps::Effects;
use super::super::trouble::Trouble;
use super::volume::{Left, read, write};

/// Edits all files. Only while none of the server's processes runs.
pub(in super::super) async fn configure(effects: &Effects<'_>, egg: &Egg) -> Result<(), Trouble> {
    let Ok(spec) = &effects.spec else { return Ok(()) };
    let env = spec
        .env
        .iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
    let values = Values { env: env.collect() };
    for file in &egg.files {
        match edit(effects, spec, file, &values).await {
            Ok(()) => {}
            Err(Left::Unfit(why)) => tell(effects, &file.path, why).await?,
            Err(Left::Engine(error)) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn edit(
    effects: &Effects<'_>,
    spec: &ContainerSpec,
    file: &FileEdit,
    values: &Values,
) -> Result<(), Left> {
    let engine = &*effects.app.engine;
    let present = read(engine, &spec.server, &file.path).await?;
    let edited = file.apply(&present.text, values).map_err(|why| {
        tracing::info!(server = %spec.server, file = file.path, why, "a file is not edited");
        Left::Unfit("it is not written in the format that its template expects")
    })?;
    if edited == present.text {
        return Ok(());
    }
    write(engine, &spec.server, &file.path, &present, &edited).await
}

async fn tell(effects: &Effects<'_>, path: &str, why: &str) -> Result<(), Error> {
    let (app, server) = (effects.app, &effects.claimed.server);
    let text = format!("{path} was not edited before the start: {why}.");
    let mut tx = app.db.system().await?;
    let event = NewEvent {
        id: ServerEventId::new(&*app.ids, app.now()),
        server: server.id,
        tenant: server.tenant,
        at: app.now(),
        entry: &Entry::new(Kind::Failed, text),
    };
    store::add_event(&mut tx, &event).await?;
    tx.commit().await
}
