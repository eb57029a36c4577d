//! Filling a server's folder by its egg's script, once before its first start and when somebody asks.
//!
//! The script runs as root, as it expects, of a container of its own: with the server's volume and nothing else of the
//! host, the few capabilities that package managers need, limits, the tenant's guarded network and an end. It runs at
//! least once: after a crash in its middle it runs anew.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt as _;

use crate::drivers::engine::{Capability, ContainerSpec, TaskEvent, TaskSpec};
use crate::eggs::{Egg, INSTALL_PATH, Install};
use crate::platform::error::Error;
use crate::platform::events;

use super::super::super::actions::TOPIC;
use super::super::super::store::{self, InstallNews};
use super::super::steps::Effects;
use super::super::trouble::Trouble;

/// A script that has not ended after so long never will.
const LONGEST: Duration = Duration::from_hours(1);
/// How often its output is written.
const FLUSH: Duration = Duration::from_secs(1);
/// The end of its output that is kept.
const LOG_BYTES: usize = 64 * 1024;
/// Downloading and unpacking take more than a small server may have; for so long, it may.
const MEMORY_BYTES: u64 = 1024 * 1024 * 1024;
const CPU_MILLIS: u32 = 1_000;
const PIDS: u32 = 512;
/// What `apt` and `chown` need.
const CAPABILITIES: [Capability; 6] = [
    Capability::Chown,
    Capability::DacOverride,
    Capability::Fowner,
    Capability::Fsetid,
    Capability::Setgid,
    Capability::Setuid,
];
const SCRIPT: &str = "mnt/install/install.sh";
/// Runs what it is given, and gives what then is in the folder to the server's user, links themselves and not what they
/// lead to.
const WRAP: &str = "\"$@\"; code=$?; chown -R -h 1000:1000 /mnt/server || exit 125; exit $code";

/// Fills the server's folder.
pub(in super::super) async fn install(effects: &Effects<'_>, egg: &Egg) -> Result<(), Trouble> {
    let spec = effects
        .spec
        .as_ref()
        .map_err(|reason| Trouble::Unspecified(reason.clone()))?;
    let server = effects.claimed.server.id;
    let mut tx = effects.app.db.system().await?;
    if let Some(error) = store::install_failure(&mut tx, server).await? {
        return Err(Trouble::Uninstalled(error));
    }
    drop(tx);
    effects.guard.ready(effects.app).await?;
    note(effects, InstallNews::Began).await?;
    let task = task(&effects.without_attached(spec)?, egg, effects.install_image());
    let mut log = String::new();
    let ran = tokio::time::timeout(LONGEST, run(effects, &task, &mut log)).await;
    let failure = match ran {
        Err(_) => {
            effects.app.engine.end_task(&spec.server).await?;
            Some(format!(
                "its install script did not end within {} minutes",
                LONGEST.as_secs() / 60
            ))
        }
        Ok(ended) => ended?,
    };
    let news = match &failure {
        None => InstallNews::Done { log: &log },
        Some(error) => InstallNews::Failed { log: &log, error },
    };
    note(effects, news).await?;
    failure.map_or(Ok(()), |error| Err(Trouble::Uninstalled(error)))
}

/// Ends what is left of a script that nobody waits for any more.
pub(in super::super) async fn end_install(effects: &Effects<'_>) -> Result<(), Trouble> {
    effects
        .app
        .engine
        .end_task(&super::super::spec::server_key(&effects.claimed.server)?)
        .await?;
    note(effects, InstallNews::Ended).await
}

/// Runs the task to its end. Gives what is wrong with how it ended.
async fn run(effects: &Effects<'_>, task: &TaskSpec, log: &mut String) -> Result<Option<String>, Trouble> {
    let mut events = effects.app.engine.run_task(task).await?;
    let mut written = Instant::now();
    while let Some(event) = events.next().await {
        match event? {
            TaskEvent::Line(line) => push(log, &line),
            TaskEvent::Ended { oom_killed: true, .. } => {
                return Ok(Some("its install script ran out of memory".to_owned()));
            }
            TaskEvent::Ended { exit_code: 0, .. } => return Ok(None),
            TaskEvent::Ended { exit_code, .. } => {
                return Ok(Some(format!(
                    "its install script ended with {exit_code}; its page shows what it wrote"
                )));
            }
        }
        if written.elapsed() >= FLUSH {
            note(effects, InstallNews::Wrote { log }).await?;
            written = Instant::now();
        }
    }
    Ok(Some("its install script was ended by somebody else".to_owned()))
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

async fn note(effects: &Effects<'_>, news: InstallNews<'_>) -> Result<(), Trouble> {
    let (app, server) = (effects.app, &effects.claimed.server);
    let written: Result<(), Error> = async {
        let mut tx = app.db.system().await?;
        store::note_install(&mut tx, server.id, news, app.now()).await?;
        events::emit(&mut tx, Some(server.tenant), TOPIC, Some(server.id.0)).await?;
        tx.commit().await
    }
    .await;
    Ok(written?)
}

/// The script in its container; without a script only the folder's owner is set.
fn task(spec: &ContainerSpec, egg: &Egg, image: Option<String>) -> TaskSpec {
    let script = egg.install.as_ref().zip(image);
    let mut container = spec.clone();
    container.memory_bytes = container.memory_bytes.max(MEMORY_BYTES);
    container.cpu_millis = container.cpu_millis.max(CPU_MILLIS);
    container.pids_limit = PIDS;
    container.cap_add = CAPABILITIES.to_vec();
    container.user = Some("0:0".to_owned());
    container.read_only_root = false;
    container.tmpfs.clear();
    container.stop_signal = None;
    container.open_stdin = false;
    // What a customer answers must not load code into a program that runs as root.
    let env = container
        .env
        .iter()
        .filter(|(key, _)| !key.starts_with("LD_") && *key != "HOME");
    container.env = env
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    for mount in &mut container.volumes {
        INSTALL_PATH.clone_into(&mut mount.path);
    }
    let mut argv: Vec<String> = ["/bin/sh", "-c", WRAP, "install"].map(str::to_owned).into();
    let files = match script {
        Some((install, image)) => {
            container.image = image;
            argv.extend(install.entrypoint.split_whitespace().map(str::to_owned));
            argv.push(format!("/{SCRIPT}"));
            packed(install)
        }
        None => {
            argv.push("true".to_owned());
            Bytes::from(vec![0_u8; 1024])
        }
    };
    TaskSpec {
        container,
        argv,
        files,
    }
}

/// The script as a tar.
fn packed(install: &Install) -> Bytes {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o755);
    header.set_size(install.script.len() as u64);
    // Neither can fail: the name is short and the archive is in memory.
    let packed = tar.append_data(&mut header, SCRIPT, install.script.as_bytes());
    packed
        .and_then(|()| tar.into_inner())
        .map(Bytes::from)
        .unwrap_or_default()
}
