//! Building images: one build at a time for each image, however many servers wait for it.
//!
//! A build belongs to nobody who waits: it goes on when they turn away. It is harmless twice, as the image is named by its
//! content; two processes that build the same one waste time and nothing else.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use uuid::Uuid;

use crate::app::App;
use crate::config::Config;
use crate::drivers::engine::{BuildEvent, BuildRequest, Engine, EngineError, EngineStream};
use crate::eggs;
use crate::platform::error::Error;
use crate::platform::events;

use super::load::Folder;
use super::store;

/// The log's end that is kept.
const LOG_BYTES: usize = 64 * 1024;
/// How often the log is written while a build goes on.
const FLUSH: Duration = Duration::from_secs(1);

/// What is said when something about a template's image changed.
pub(super) const TOPIC: &str = "template";

/// What stands for a template where an id is asked for: templates have names, and no rows.
pub(super) fn template_id(name: &str) -> Uuid {
    let hash = Sha256::digest(format!("template|{name}"));
    Uuid::from_slice(&hash[..16]).unwrap_or_default()
}

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
    /// It was tried to fetch it from its registry.
    #[error("the image {image} could not be fetched: {reason}")]
    Unfetched {
        /// The image.
        image: String,
        /// Why, in words for people.
        reason: &'static str,
    },
}

/// Sees that `image`, which was made from `template`, is on the engine; builds it if not.
pub async fn ensure_image(app: &App, template: &str, image: &str) -> Result<(), BuildError> {
    if app.engine.image_exists(image).await? {
        return Ok(());
    }
    if eggs::split_key(template).is_some() {
        return pull(app, template, image).await;
    }
    let folder = app
        .catalogue
        .get(template)
        .filter(|folder| folder.image_tag() == image);
    let folder = folder.ok_or_else(|| BuildError::Changed {
        image: image.to_owned(),
    })?;
    build(app, folder, false).await
}

/// Builds a template's image, or waits for the build that is under way. A `fresh` one takes nothing from earlier builds, so
/// that it has the packages of today.
pub(super) async fn build(app: &App, folder: &Folder, fresh: bool) -> Result<(), BuildError> {
    let work = Work {
        image: folder.image_tag(),
        template: folder.template.name.clone(),
        source: Source::Folder(Box::new(folder.clone()), fresh),
    };
    outcome(app, work).await.map_err(BuildError::Failed)
}

/// Fetches an image from its registry, or waits for who fetches it.
async fn pull(app: &App, template: &str, image: &str) -> Result<(), BuildError> {
    let work = Work {
        image: image.to_owned(),
        template: template.to_owned(),
        source: Source::Registry,
    };
    outcome(app, work).await.map_err(|reason| BuildError::Unfetched {
        image: image.to_owned(),
        reason: why_not(&reason),
    })
}

/// What an engine or a registry says, in words that tell people what to do and nothing of the host's inside.
fn why_not(reason: &str) -> &'static str {
    let reason = reason.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if says(&[
        "no such host",
        "dial tcp",
        "refused",
        "timeout",
        "timed out",
        "unreachable",
        "eof",
        "x509",
        "tls",
    ]) {
        "its registry can't be reached from here; the provider can name an image instead that this engine has"
    } else if says(&["denied", "unauthorized", "authentication"]) {
        "its registry does not give it to strangers, or has none of this name"
    } else if says(&["not found", "unknown", "does not exist"]) {
        "its registry has none of this name"
    } else {
        "the provider's log says why"
    }
}

/// An image that is to be there, and where it comes from.
struct Work {
    image: String,
    template: String,
    source: Source,
}

enum Source {
    /// Built from a folder; anew where true.
    Folder(Box<Folder>, bool),
    /// Fetched.
    Registry,
}

async fn outcome(app: &App, work: Work) -> Result<(), String> {
    let mut outcome = begin(app, work);
    let done = outcome.wait_for(Option::is_some).await;
    let done = done.ok().and_then(|outcome| outcome.clone());
    // Otherwise the task was dropped with its sender: the process is stopping.
    done.unwrap_or_else(|| Err("the panel is stopping".to_owned()))
}

fn begin(app: &App, work: Work) -> watch::Receiver<Outcome> {
    let image = work.image.clone();
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
    let app = app.clone();
    let tasks = app.tasks.clone();
    app.tasks.clone().spawn(async move {
        let outcome = tokio::select! {
            outcome = run(&app, &work) => outcome,
            () = tasks.stopping() => Err("the panel stopped".to_owned()),
        };
        if let Err(error) = note_end(&app, &work, &outcome).await {
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

/// Asks the engine to build a template's image, as the settings say.
pub async fn start(
    engine: &dyn Engine,
    folder: &Folder,
    config: &Config,
    fresh: bool,
) -> Result<EngineStream<BuildEvent>, BuildError> {
    let authorities = authorities(config).await?;
    let context = folder.build_context(authorities.as_deref());
    let context = context.map_err(|error| BuildError::Failed(error.to_string()))?;
    let request = BuildRequest {
        tag: folder.image_tag(),
        context_tar: context.into(),
        build_args: BTreeMap::from([("BASE".to_owned(), config.base_image.clone())]),
        labels: BTreeMap::new(),
        fresh,
    };
    Ok(engine.build_image(request).await?)
}

async fn authorities(config: &Config) -> Result<Option<Vec<u8>>, BuildError> {
    let Some(file) = &config.build_ca else {
        return Ok(None);
    };
    let read = tokio::fs::read(file).await;
    let failed = |error| BuildError::Failed(format!("BERTH_BUILD_CA, {}: {error}", file.display()));
    read.map(Some).map_err(failed)
}

async fn run(app: &App, work: &Work) -> Result<(), String> {
    let started = note_begin(app, work).await;
    started.map_err(|error| format!("the build could not be noted: {error}"))?;
    let stream = match &work.source {
        Source::Folder(folder, fresh) => {
            tracing::info!(image = work.image, "building an image");
            start(&*app.engine, folder, &app.config, *fresh).await
        }
        Source::Registry => {
            tracing::info!(image = work.image, "fetching an image");
            app.engine.pull_image(&work.image).await.map_err(BuildError::from)
        }
    };
    let stream = stream.map_err(|error| match error {
        BuildError::Failed(reason) => reason,
        other => other.to_string(),
    })?;
    let outcome = follow(app, work, stream).await;
    if let Err(reason) = &outcome {
        tracing::warn!(image = work.image, reason, "there is no image");
    }
    outcome
}

/// Reads the build's output to its end and keeps the last of it where staff can read it.
async fn follow(app: &App, work: &Work, mut stream: EngineStream<BuildEvent>) -> Result<(), String> {
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
            note_log(app, work, &log).await;
            written = Instant::now();
        }
    }
    note_log(app, work, &log).await;
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

async fn note_begin(app: &App, work: &Work) -> Result<(), Error> {
    let (mut tx, template) = (app.db.system().await?, &work.template);
    store::begin_build(&mut tx, &work.image, template, app.now()).await?;
    events::emit(&mut tx, None, TOPIC, Some(template_id(template))).await?;
    tx.commit().await
}

async fn note_end(app: &App, work: &Work, outcome: &Result<(), String>) -> Result<(), Error> {
    let (mut tx, template) = (app.db.system().await?, &work.template);
    let error = outcome.as_ref().err().map(String::as_str);
    store::end_build(&mut tx, &work.image, error, app.now()).await?;
    events::emit(&mut tx, None, TOPIC, Some(template_id(template))).await?;
    tx.commit().await
}

/// A log that can't be written must not end a build.
async fn note_log(app: &App, work: &Work, log: &str) {
    let (image, template) = (&work.image, template_id(&work.template));
    let written: Result<(), Error> = async {
        let mut tx = app.db.system().await?;
        store::save_log(&mut tx, image, log, app.now()).await?;
        events::emit(&mut tx, None, TOPIC, Some(template)).await?;
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
