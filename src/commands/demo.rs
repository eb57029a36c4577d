//! `berth demo`: makes the demo tenant in a running panel's database, and says where to look.

use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::app::App;
use crate::config::Config;
use crate::demo;
use crate::platform::error::Error;

use super::start;

/// The first server's image is built before it starts.
const PATIENCE: Duration = Duration::from_mins(10);

/// A panel that has just started may have no location yet.
const START: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(200);

/// Makes the demo and waits until its server answers; the running panel does the work.
pub(super) async fn run(config: Config) -> anyhow::Result<()> {
    let urls = start::databases(&config).await?;
    let app = start::app(config, &urls)?;
    let shown = seed(&app).await.context("making the demo")?;
    let address = demo::wait(&app, shown.server, PATIENCE)
        .await
        .context("looking at the demo's server")?;
    let address =
        address.context("the demo's server does not run: is the panel running? Look at its page and log")?;
    println!("server={address}");
    if let Some(link) = shown.invitation {
        println!("invitation={link}");
    }
    app.db.close().await;
    Ok(())
}

/// Asks again while a part of the panel is still starting.
async fn seed(app: &App) -> Result<demo::Shown, Error> {
    let start = Instant::now();
    loop {
        match demo::seed(app).await {
            Err(Error::Unavailable(_)) if start.elapsed() < START => tokio::time::sleep(PAUSE).await,
            outcome => return outcome,
        }
    }
}
