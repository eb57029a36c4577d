//! `berth worker`: reconcilers and jobs without the web.

use std::time::Duration;

use anyhow::Context as _;

use crate::app::App;
use crate::config::Config;
use crate::platform::jobs;
use crate::platform::secret::Secret;
use crate::platform::shutdown::signalled;
use crate::{
    backups, break_glass, breakdowns, catalogue, drills, housekeeping, mail, maintenance, monitoring,
    networks, notifications, on_call, schedules, servers, shares, sla, snapshots, status, storage,
    ticket_mail, tickets, usage, volumes, webhooks,
};

use super::start;

/// What is in work may take this long to end.
pub(super) const GRACE: Duration = Duration::from_secs(30);

/// Works until a signal.
pub(super) async fn run(config: Config) -> anyhow::Result<()> {
    let urls = start::databases(&config).await?;
    let app = start::app(config, &urls)?;
    start::until_ready(&app, &urls).await?;
    begin(&app, &urls.panel).await?;
    signalled().await.context("listening for signals")?;
    app.tasks.finish(GRACE).await;
    app.db.close().await;
    Ok(())
}

/// Starts reconcilers and the job worker in the background.
pub(super) async fn begin(app: &App, url: &Secret) -> anyhow::Result<()> {
    let (db, hub, tasks) = (app.db.clone(), app.hub.clone(), app.tasks.clone());
    app.tasks.spawn(hub.run(db, tasks.clone()));
    servers::begin(app).await.context("the reconciler of servers")?;
    schedules::begin(app);
    sla::begin(app);
    networks::begin(app);
    volumes::begin(app);
    shares::begin(app);
    mail::begin(app);
    snapshots::begin(app);
    backups::begin(app);
    breakdowns::begin(app);
    break_glass::begin(app);
    drills::begin(app);
    usage::begin(app);
    monitoring::checks::begin(app);
    monitoring::incidents::begin(app);
    maintenance::begin(app);
    status::begin(app);
    storage::begin(app);
    on_call::begin(app);
    ticket_mail::begin(app);
    let (app, url) = (app.clone(), url.clone());
    let work = move || {
        let (app, url) = (app.clone(), url.clone());
        async move { work(&app, &url).await.map_err(Into::into) }
    };
    tasks.spawn(jobs::keep(tasks.clone(), work));
    Ok(())
}

/// Works on jobs until the process stops, or the queue fails.
async fn work(app: &App, url: &Secret) -> anyhow::Result<()> {
    let worker = jobs::worker(url.expose()).context("the job queue's connections")?;
    let worker = catalogue::register(sla::register(housekeeping::register(worker)?)?);
    let worker = notifications::register(breakdowns::register(backups::register(worker)));
    let worker = webhooks::register(on_call::register(worker));
    let worker = ticket_mail::register(tickets::register(worker)).add_extension(app.clone());
    let worker = worker.shutdown_signal(app.tasks.token().cancelled_owned()).init();
    let worker = tokio::select! {
        () = app.tasks.stopping() => return Ok(()),
        worker = worker => worker.context("the job queue")?,
    };
    jobs::began();
    worker.run().await.context("the job queue")
}
