//! `berth serve`: the panel, in the foreground until a signal.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;

use crate::accounts;
use crate::app::App;
use crate::config::Config;
use crate::platform::access::SystemScope;
use crate::platform::shutdown::signalled;
use crate::platform::web::{health, serve};
use crate::platform::{metrics, web};
use crate::routes;

use super::{start, worker};

const TIDY: Duration = Duration::from_mins(1);

/// Serves until a signal; requests and work under way are finished.
pub(super) async fn run(config: Config) -> anyhow::Result<()> {
    let listener = listen(config.listen).await?;
    let machines = listen(config.metrics_listen).await?;
    let prometheus = Arc::new(metrics::start().context("starting metrics")?);
    let urls = start::databases(&config).await?;
    let app = start::app(config, &urls)?;
    app.tasks.spawn(background(app.clone(), urls));
    let kit = routes::kit(&app);
    tidy(&app, Arc::clone(&kit.limiter), Arc::clone(&prometheus));
    let panel = serve(listener, routes::router(&app, &kit), app.tasks.clone());
    let machines = serve(
        machines,
        health::machines(app.db.clone(), app.started.clone(), prometheus),
        app.tasks.clone(),
    );
    tracing::info!(address = %app.config.listen, "Berth is at {}", app.config.public_url);
    let tasks = app.tasks.clone();
    let (panel, machines, signal) = tokio::join!(panel, machines, async {
        let outcome = tokio::select! {
            outcome = signalled() => outcome,
            () = tasks.stopping() => Ok(()),
        };
        tasks.stop();
        outcome
    });
    panel.and(machines).and(signal).context("serving")?;
    app.tasks.finish(worker::GRACE).await;
    app.db.close().await;
    Ok(())
}

/// What needs the database, once it is there. Until then pages say that it is not.
async fn background(app: App, urls: start::Databases) {
    let work = async {
        start::until_ready(&app, &urls).await?;
        print_setup_link(&app).await?;
        if app.config.no_worker {
            app.tasks
                .spawn(app.hub.clone().run(app.db.clone(), app.tasks.clone()));
            return Ok(());
        }
        worker::begin(&app, &urls.panel).await
    };
    let outcome = tokio::select! {
        () = app.tasks.stopping() => return,
        outcome = work => outcome,
    };
    if let Err(error) = outcome {
        tracing::error!("background work can't start: {error:#}");
        app.tasks.stop();
    }
}

/// Until somebody owns the installation, whoever reads this output can: the link works once, and only the newest one.
async fn print_setup_link(app: &App) -> anyhow::Result<()> {
    let scope = SystemScope::new(app.db.clone(), "berth serve");
    let link = accounts::renew_setup_link(app, &scope)
        .await
        .context("making the set-up link")?;
    if let Some(link) = link {
        println!("Set Berth up here, within 24 hours: {}", link.url);
    }
    Ok(())
}

async fn listen(address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("listening on {address}: is another panel running there?"))
}

/// Forgets rate-limit buckets that are full again and ages the metrics' summaries.
fn tidy(
    app: &App,
    limiter: Arc<web::Limiter>,
    prometheus: Arc<metrics_exporter_prometheus::PrometheusHandle>,
) {
    let tasks = app.tasks.clone();
    app.tasks.spawn(async move {
        loop {
            tokio::select! {
                () = tasks.stopping() => return,
                () = tokio::time::sleep(TIDY) => {}
            }
            limiter.tidy();
            prometheus.run_upkeep();
        }
    });
}
