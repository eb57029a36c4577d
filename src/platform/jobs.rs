//! One-shot work that must happen because somebody asked: a durable queue in PostgreSQL (`graphile_worker`).
//!
//! What can be computed from the database is reconciled instead ([`crate::platform::reconcile`]). A job carries ids only,
//! re-reads the world, and may run twice: the queue delivers at least once, its worker can lose a lease, and a worker
//! that was thought dead may still finish. So every job says why a second run is harmless.

use std::time::Duration;

use graphile_worker::{WorkerOptions, WorkerUtils};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use super::db::{Scoped, SetupError};
use super::error::Error;

pub use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext};

const SCHEMA: &str = "graphile_worker";
const HEARTBEAT: Duration = Duration::from_secs(10);
const DEAD_AFTER: Duration = Duration::from_mins(1);
const CONCURRENCY: usize = 4;

/// Enqueues a job in the caller's transaction. Jobs of one `queue` run one after another; a second job with the same
/// `key` replaces the first while it waits.
pub async fn enqueue<J: TaskHandler>(
    tx: &mut impl Scoped,
    job: &J,
    queue: Option<&str>,
    key: &str,
) -> Result<(), Error> {
    let payload = serde_json::to_value(job).map_err(Error::internal)?;
    sqlx::query!(
        "select enqueue_job($1, $2::json, $3, $4)",
        J::IDENTIFIER,
        payload,
        queue,
        key
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

fn pool(url: &str, role: &str, connections: u32) -> Result<PgPool, sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    let options = options.application_name("berth-jobs").options([("role", role)]);
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .connect_lazy_with(options))
}

/// Creates or updates the queue's own tables, as their owner.
pub(super) async fn prepare(admin_url: &str) -> Result<(), SetupError> {
    let pool = pool(admin_url, "berth_worker", 1)?;
    let utils = WorkerUtils::new(pool.clone(), SCHEMA);
    let done = utils
        .migrate()
        .await
        .map_err(|error| SetupError::Queue(error.to_string()));
    pool.close().await;
    done
}

/// A worker that still lacks its kinds of jobs. Dead workers' jobs are taken back after a minute.
pub fn worker(url: &str) -> Result<WorkerOptions, sqlx::Error> {
    let connections = u32::try_from(CONCURRENCY).unwrap_or(4) + 2;
    Ok(WorkerOptions::default()
        .schema(SCHEMA)
        .pg_pool(pool(url, "berth_worker", connections)?)
        .concurrency(CONCURRENCY)
        .heartbeat_interval(HEARTBEAT)
        .sweep_interval(HEARTBEAT)
        .sweep_threshold(DEAD_AFTER)
        .listen_os_shutdown_signals(false))
}
