//! `berth volume-driver`: a process of its own, so that a restart of the panel does not touch what serves volumes.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;

use super::pool::Place;
use crate::drivers::pool;
use crate::platform::shutdown::{Tasks, signalled};
use crate::platform::telemetry::{self, LogFormat};

/// What is left to work at the pool when the process stops.
const GRACE: Duration = Duration::from_secs(5);

/// What to serve, and where.
#[derive(Debug, clap::Args)]
pub(super) struct VolumeDriver {
    #[command(flatten)]
    place: Place,
    /// Where the engine looks for it. The file's name is the driver's: `docker volume create -d berth`.
    #[arg(long, env = "BERTH_POOL_SOCKET", default_value = super::pool::SOCKET)]
    socket: PathBuf,
    /// How log lines look.
    #[arg(long, env = "BERTH_LOG_FORMAT", value_enum, default_value = "text")]
    log_format: LogFormat,
    /// Which log lines are written.
    #[arg(long, env = "BERTH_LOG", default_value = "info")]
    log: String,
}

impl VolumeDriver {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        telemetry::start(self.log_format, &self.log);
        let tasks = Tasks::default();
        let stopping = tasks.clone();
        tasks.spawn(async move {
            tokio::select! {
                outcome = signalled() => {
                    if let Err(error) = outcome {
                        tracing::error!(%error, "signals can't be heard");
                    }
                    stopping.stop();
                }
                () = stopping.stopping() => {}
            }
        });
        let served = pool::serve(&self.place.pool, &self.place.source(), &self.socket, &tasks).await;
        if !tasks.finish(GRACE).await && served.is_ok() {
            // It waits for the kernel to free something, which may take long. The next start goes on with it.
            std::process::exit(0);
        }
        served.context("the volume driver")
    }
}
