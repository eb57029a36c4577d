//! One connection per process hears PostgreSQL's notifications and hands them to all who subscribed.

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

use crate::platform::db::Db;
use crate::platform::error::Error;
use crate::platform::shutdown::Tasks;

use super::store;

const CHANNEL: &str = "berth_events";
/// A page that falls this many events behind is told to reload.
const BUFFER: usize = 1024;
const RETRY: Duration = Duration::from_secs(1);
/// How many missed events are read back after the connection was lost; who missed more reloads anyway.
const CATCH_UP: i64 = 1000;

/// Something changed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Event {
    /// Its place in the outbox; grows.
    pub id: i64,
    /// The tenant that it belongs to.
    pub tenant_id: Option<Uuid>,
    /// What kind of thing changed, such as `server`.
    pub topic: String,
    /// Which one.
    pub target_id: Option<Uuid>,
}

/// Where events come in and are handed out.
#[derive(Debug, Clone)]
pub struct Hub {
    sender: broadcast::Sender<Event>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            sender: broadcast::channel(BUFFER).0,
        }
    }
}

/// Resolves when something of these topics may have happened: there was an event of one of them, or events were missed. Never
/// if the hub has ended, as it does with the process.
pub async fn heard(news: &mut broadcast::Receiver<Event>, topics: &[&str]) {
    loop {
        match news.recv().await {
            Ok(event) if topics.contains(&event.topic.as_str()) => return,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

impl Hub {
    /// Hears all events from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }

    /// How many listen.
    #[cfg(all(test, feature = "testing"))]
    pub(crate) fn listeners(&self) -> usize {
        self.sender.receiver_count()
    }

    /// Tells everybody who listens. That nobody does is no error.
    pub(crate) fn hand_out(&self, event: Event) {
        let _ = self.sender.send(event);
    }

    /// Listens until the process stops; connects again by itself.
    pub async fn run(self, db: Db, tasks: Tasks) {
        let mut last = None;
        loop {
            let outcome = tokio::select! {
                () = tasks.stopping() => return,
                outcome = self.listen(&db, &mut last) => outcome,
            };
            if let Err(error) = outcome {
                tracing::warn!(%error, "lost the database's notifications, connecting again");
            }
            tokio::select! {
                () = tasks.stopping() => return,
                () = tokio::time::sleep(RETRY) => {}
            }
        }
    }

    async fn listen(&self, db: &Db, last: &mut Option<i64>) -> Result<(), Error> {
        let mut listener = db.listener().await?;
        listener.listen(CHANNEL).await?;
        self.catch_up(db, last).await?;
        while let Some(event) = next(&mut listener).await? {
            *last = Some(last.unwrap_or_default().max(event.id));
            self.hand_out(event);
        }
        Ok(())
    }

    /// Hands out what was missed while nobody listened. At the first start there is nothing to miss.
    async fn catch_up(&self, db: &Db, last: &mut Option<i64>) -> Result<(), Error> {
        let mut tx = db.system().await?;
        let Some(seen) = *last else {
            *last = Some(store::newest(&mut tx).await?);
            return Ok(());
        };
        for event in store::missed(&mut tx, seen, CATCH_UP).await? {
            *last = Some(seen.max(event.id));
            self.hand_out(event);
        }
        Ok(())
    }
}

/// The next event; `None` when the connection was lost and notifications may be missing.
async fn next(listener: &mut PgListener) -> Result<Option<Event>, Error> {
    loop {
        let Some(notification) = listener.try_recv().await? else {
            return Ok(None);
        };
        match serde_json::from_str(notification.payload()) {
            Ok(event) => return Ok(Some(event)),
            Err(error) => tracing::warn!(%error, "an event that can't be read"),
        }
    }
}
