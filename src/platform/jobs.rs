//! One-shot work that must happen because somebody asked: a durable queue in PostgreSQL (`graphile_worker`).
//!
//! What can be computed from the database is reconciled instead ([`crate::platform::reconcile`]). A job carries ids only,
//! re-reads the world, and may run twice: the queue delivers at least once, its worker can lose a lease, and a worker
//! that was thought dead may still finish. So every job says why a second run is harmless.

use std::time::{Duration, Instant};

use graphile_worker::{WorkerOptions, WorkerUtils};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use super::db::{Scoped, SetupError};
use super::error::{Cause, Error};
use super::metrics;
use super::shutdown::Tasks;

pub use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext};

const SCHEMA: &str = "graphile_worker";
const HEARTBEAT: Duration = Duration::from_secs(10);
const DEAD_AFTER: Duration = Duration::from_mins(1);
/// More than webhooks that answer slowly are likely to take at once.
const CONCURRENCY: usize = 8;
/// They are held only while a job is taken or ended.
const CONNECTIONS: u32 = 6;
/// What the worker is called on the page of metrics.
const NAME: &str = "jobs";
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);

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

/// Does `work` until the process stops. Work that fails is begun anew, after a wait that doubles from a second to a
/// minute while it keeps failing soon. Metrics tell whether it is done at present.
pub async fn keep<W: Future<Output = Result<(), Cause>>>(tasks: Tasks, mut work: impl FnMut() -> W) {
    let mut wait = FIRST_WAIT;
    loop {
        let begun = Instant::now();
        let outcome = work().await;
        metrics::dependency(NAME, false);
        if tasks.token().is_cancelled() {
            return;
        }
        let error = outcome.err().unwrap_or_else(|| "it ended by itself".into());
        tracing::error!(
            error = &*error as &dyn std::error::Error,
            "the job worker failed, beginning anew"
        );
        if begun.elapsed() > LONGEST_WAIT {
            wait = FIRST_WAIT;
        }
        tokio::select! {
            () = tasks.stopping() => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = LONGEST_WAIT.min(wait * 2);
    }
}

/// The worker is at work.
pub fn began() {
    metrics::dependency(NAME, true);
}

/// A worker that still lacks its kinds of jobs. Dead workers' jobs are taken back after a minute.
pub fn worker(url: &str) -> Result<WorkerOptions, sqlx::Error> {
    Ok(WorkerOptions::default()
        .schema(SCHEMA)
        .pg_pool(pool(url, "berth_worker", CONNECTIONS)?)
        .concurrency(CONCURRENCY)
        .heartbeat_interval(HEARTBEAT)
        .sweep_interval(HEARTBEAT)
        .sweep_threshold(DEAD_AFTER)
        .listen_os_shutdown_signals(false))
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_worker_that_fails_is_begun_anew_until_the_process_stops() {
        let (begun, mut heard) = mpsc::unbounded_channel();
        let tasks = Tasks::default();
        let stop = tasks.token();
        let mut count = 0;
        let kept = keep(tasks.clone(), || {
            count += 1;
            begun.send(count).unwrap();
            let (count, stop) = (count, stop.clone());
            async move {
                if count == 1 {
                    return Err("no database".into());
                }
                stop.cancelled().await;
                Ok(())
            }
        });
        let watch = async {
            assert_eq!(heard.recv().await, Some(1));
            assert_eq!(heard.recv().await, Some(2));
            tasks.stop();
        };
        let both = async { tokio::join!(kept, watch) };
        tokio::time::timeout(Duration::from_secs(30), both).await.unwrap();
    }
}
