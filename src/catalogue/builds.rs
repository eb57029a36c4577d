//! Building images: one build at a time for each image, however many servers wait for it.
//!
//! A build belongs to nobody who waits: it goes on when they turn away. It is harmless twice, as the image is named by its
//! content; two processes that build the same one waste time and nothing else.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use tokio::sync::watch;

use crate::app::App;
use crate::drivers::engine::{BuildEvent, BuildRequest, EngineError, EngineStream};
use crate::platform::error::Error;

use super::load::Folder;
use super::store;

/// The log's end that is kept.
const LOG_BYTES: usize = 64 * 1024;
/// How often the log is written while a build goes on.
const FLUSH: Duration = Duration::from_secs(1);

type Outcome = Option<Result<(), String>>;

/// The builds that this process has under way, by image.
#[derive(Debug, Default)]
pub(super) struct Builds(Mutex<HashMap<String, watch::Receiver<Outcome>>>);

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The engine can't be asked.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// It is not on the engine, and what it was made from is not in the catalogue any more.
    #[error(
        "image {image} is gone, and its template has changed since: save the server's settings to take the present one"
    )]
    Changed {
        /// The image.
        image: String,
    },
    /// It was tried.
    #[error("the image could not be built: {0}")]
    Failed(String),
}

/// Sees that `image`, which was made from `template`, is on the engine; builds it if not.
pub async fn ensure_image(app: &App, template: &str, image: &str) -> Result<(), BuildError> {
    if app.engine.image_exists(image).await? {
        return Ok(());
    }
    let folder = app
        .catalogue
        .get(template)
        .filter(|folder| folder.image_tag() == image);
    let folder = folder.ok_or_else(|| BuildError::Changed {
        image: image.to_owned(),
    })?;
    build(app, folder).await
}

/// Builds a template's image, or waits for the build that is under way.
pub async fn build(app: &App, folder: &Folder) -> Result<(), BuildError> {
    let mut outcome = begin(app, folder);
    let done = outcome
        .wait_for(Option::is_some)
        .await
        .ok()
        .and_then(|outcome| outcome.clone());
    match done {
        Some(done) => done.map_err(BuildError::Failed),
        // The task was dropped with its sender: the process is stopping.
        None => Err(BuildError::Failed("the panel is stopping".to_owned())),
    }
}

fn begin(app: &App, folder: &Folder) -> watch::Receiver<Outcome> {
    let image = folder.image_tag();
    let mut running = app
        .catalogue
        .builds
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(build) = running.get(&image) {
        return build.clone();
    }
    let (sender, receiver) = watch::channel(None);
    running.insert(image.clone(), receiver.clone());
    let (app, folder) = (app.clone(), folder.clone());
    let tasks = app.tasks.clone();
    app.tasks.clone().spawn(async move {
        let outcome = tokio::select! {
            outcome = run(&app, &folder, &image) => outcome,
            () = tasks.stopping() => Err("the panel stopped".to_owned()),
        };
        if let Err(error) = note_end(&app, &image, &outcome).await {
            tracing::warn!(
                image,
                error = &error as &dyn std::error::Error,
                "the end of a build was not written"
            );
        }
        app.catalogue
            .builds
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&image);
        sender.send_replace(Some(outcome));
    });
    receiver
}

async fn run(app: &App, folder: &Folder, image: &str) -> Result<(), String> {
    let started = note_begin(app, folder, image).await;
    started.map_err(|error| format!("the build could not be noted: {error}"))?;
    let context = folder.build_context().map_err(|error| error.to_string())?;
    let request = BuildRequest {
        tag: image.to_owned(),
        context_tar: context.into(),
        build_args: BTreeMap::from([("BASE".to_owned(), app.config.base_image.clone())]),
        labels: BTreeMap::new(),
    };
    tracing::info!(image, "building an image");
    let stream = app
        .engine
        .build_image(request)
        .await
        .map_err(|error| error.to_string())?;
    follow(app, image, stream).await
}

/// Reads the build's output to its end and keeps the last of it where staff can read it.
async fn follow(app: &App, image: &str, mut stream: EngineStream<BuildEvent>) -> Result<(), String> {
    let (mut log, mut written) = (String::new(), Instant::now());
    let mut outcome = Err("the engine broke off".to_owned());
    while let Some(event) = stream.next().await {
        match event {
            Ok(BuildEvent::Line(line)) => push(&mut log, &line),
            Ok(BuildEvent::Done { .. }) => outcome = Ok(()),
            Err(error) => {
                push(&mut log, &error.to_string());
                outcome = Err(error.to_string());
            }
        }
        if written.elapsed() >= FLUSH {
            note_log(app, image, &log).await;
            written = Instant::now();
        }
    }
    note_log(app, image, &log).await;
    outcome
}

fn push(log: &mut String, line: &str) {
    log.push_str(&line.replace('\0', "\u{FFFD}"));
    log.push('\n');
    if log.len() > LOG_BYTES {
        let from = log.ceil_char_boundary(log.len() - LOG_BYTES);
        let from = log[from..].find('\n').map_or(from, |end| from + end + 1);
        log.drain(..from);
    }
}

async fn note_begin(app: &App, folder: &Folder, image: &str) -> Result<(), Error> {
    let mut tx = app.db.system().await?;
    store::begin_build(&mut tx, image, &folder.template.name, app.now()).await?;
    tx.commit().await
}

async fn note_end(app: &App, image: &str, outcome: &Result<(), String>) -> Result<(), Error> {
    let mut tx = app.db.system().await?;
    store::end_build(
        &mut tx,
        image,
        outcome.as_ref().err().map(String::as_str),
        app.now(),
    )
    .await?;
    tx.commit().await
}

/// A log that can't be written must not end a build.
async fn note_log(app: &App, image: &str, log: &str) {
    let written: Result<(), Error> = async {
        let mut tx = app.db.system().await?;
        store::save_log(&mut tx, image, log, app.now()).await?;
        tx.commit().await
    }
    .await;
    if let Err(error) = written {
        tracing::warn!(
            image,
            error = &error as &dyn std::error::Error,
            "a build's log was not written"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_log_is_kept_in_whole_lines() {
        let mut log = String::new();
        for number in 0..10_000 {
            push(&mut log, &format!("line {number} é"));
        }
        assert!(log.len() <= LOG_BYTES);
        assert!(log.starts_with("line ") && log.ends_with("line 9999 é\n"));
    }
}
