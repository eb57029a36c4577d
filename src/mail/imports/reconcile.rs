//! Working through imports, a batch at a time. A batch is one transaction, so whoever dies in it has done nothing of it, and
//! whoever dies after it is followed by one that goes on with the next.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::mail::TOPIC;
use crate::platform::access::Who;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::fault;
use crate::platform::reconcile::{Poke, Reconciler, drive, patience, wake};

use super::store::{self, Claimed};
use super::work::{Batch, ready};

/// Whoever holds an import for longer without a batch has died.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// When an import that failed is tried again at the latest.
const AGAIN: TimeDelta = TimeDelta::minutes(5);
/// Lines of a batch. Hashing a password takes some 20 ms, so that it ends within a few seconds.
const BATCH: i64 = 100;
/// After so many the others have their turn.
const TURN: usize = 20;

/// The reconciler of imports.
#[derive(Debug, Clone)]
pub struct Imports {
    app: App,
}

impl Imports {
    /// The reconciler of all tenants' imports.
    pub fn new(app: &App) -> Self {
        Self { app: app.clone() }
    }
}

/// Starts working on imports in the background of this process, woken by what is started.
pub fn begin(app: &App) {
    let (imports, poke) = (Arc::new(Imports::new(app)), Poke::default());
    app.tasks
        .spawn(wake(app.hub.clone(), TOPIC, poke.clone(), app.tasks.clone()));
    app.tasks.spawn(drive(imports, poke, app.tasks.clone()));
}

/// How a batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// There may be more.
    More,
    /// There is nothing more.
    End,
    /// Somebody else has it, or it was given up.
    Lost,
}

#[async_trait::async_trait]
impl Reconciler for Imports {
    type Item = Claimed;
    const KIND: &'static str = "mail_import";
    const CONCURRENCY: usize = 2;
    const PERIOD: Duration = Duration::from_secs(1);

    async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, Error> {
        let now = self.app.now();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut tx = self.app.db.system().await?;
        let claimed = store::claim(&mut tx, self.app.ids.uuid(now), (now, now + LEASE), limit).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    async fn reconcile(&self, claimed: Claimed) -> Result<bool, Error> {
        for _ in 0..TURN {
            if self.app.tasks.token().is_cancelled() {
                break;
            }
            match self.batch(&claimed).await {
                Ok(Step::More) => {}
                Ok(Step::End | Step::Lost) => return Ok(true),
                Err(error) => {
                    self.put_off(&claimed, true).await?;
                    return Err(error);
                }
            }
        }
        self.put_off(&claimed, false).await?;
        Ok(false)
    }
}

impl Imports {
    async fn batch(&self, claimed: &Claimed) -> Result<Step, Error> {
        let app = &self.app;
        let mut tx = app.db.system().await?;
        let lines = store::waiting(&mut tx, claimed.id.0, BATCH).await?;
        tx.commit().await?;
        let lines = ready(app, claimed, lines).await?;
        let mut tx = app.db.system().await?;
        if !store::renew(&mut tx, claimed, app.now() + LEASE).await? {
            return Ok(Step::Lost);
        }
        let step = if lines.is_empty() {
            self.finish(&mut tx, claimed).await?;
            Step::End
        } else {
            let mut batch = Batch::begin(app, &mut tx, claimed, &lines).await?;
            let (mut done, mut failed) = (0, 0);
            for line in &lines {
                let why = batch.make(&mut tx, line).await?;
                if why.is_none() {
                    done += 1;
                } else {
                    failed += 1;
                }
                store::settle_line(&mut tx, (claimed.id, line.number()), why.as_deref()).await?;
            }
            batch.end(&mut tx).await?;
            store::progress(&mut tx, claimed.id, (done, failed)).await?;
            Step::More
        };
        events::emit(&mut tx, Some(claimed.tenant), TOPIC, Some(claimed.id.0)).await?;
        tx.commit().await?;
        fault::point("mail_import.after_batch");
        Ok(step)
    }

    async fn finish(&self, tx: &mut SystemTx, claimed: &Claimed) -> Result<(), Error> {
        store::finish(tx, claimed.id, self.app.now()).await?;
        let import = store::find(tx, claimed.id).await?;
        let target = Target {
            kind: "mail_import",
            id: Some(claimed.id.0),
            label: &claimed.file_name,
            tenant: Some(claimed.tenant),
        };
        let told = json!({ "done": import.done, "failed": import.failed });
        let who = Who::system("mail imports");
        let change = Change::to("mail_import.finish", told);
        self.app.audit(tx, &who, &target, &change).await
    }

    async fn put_off(&self, claimed: &Claimed, has_failed: bool) -> Result<(), Error> {
        let now = self.app.now();
        let until = if has_failed {
            now + patience(claimed.failures, AGAIN)
        } else {
            now
        };
        let mut tx = self.app.db.system().await?;
        store::put_off(&mut tx, claimed, (has_failed, until)).await?;
        tx.commit().await
    }
}
