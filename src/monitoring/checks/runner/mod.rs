//! Looks at what is due. The database is the queue: a check's `next_at` says when somebody has to look, and who claims it leaves a
//! lease, so that several panels share the work and one that dies leaves nothing behind but a look that comes a minute late.
//!
//! What must hold:
//! - Nothing drifts: the next look follows from the check's grid, whenever the last one was.
//! - A turn costs what is due in it, and nothing for what is not: one claim, one write, whatever there is of each.
//! - What was found by a definition that somebody changed meanwhile is thrown away with its lease.
//! - What incidents have to hear is told in transactions of its own, by whoever finds that what was told is not what holds. So a
//!   storm of failures holds up the looks for no longer than a batch of it takes, and a panel that dies in between has told or will.

mod give;
mod look;
mod tell;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::JoinSet;

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::reconcile::{Poke, drive};
use crate::platform::{events, metrics};

use super::TOPIC;
use super::store::{self, Claimed, Outcome, UsageQuestion};
use give::Giver;
use look::Look;
use tell::Teller;

pub use give::make_default_checks;

/// So many looks are under way at once. 5,000 checks of 30 s that all wait for their 5 s in vain are 5,000 / 30 × 5 = 833; a socket
/// is cheap.
const AT_ONCE: usize = 1024;
/// Fewer than that are not worth it.
const AT_LEAST: usize = 64;
const PERIOD: Duration = Duration::from_millis(250);
/// Whoever has not written by then has died.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// So long after its start a server may be silent.
const SETTLED: TimeDelta = TimeDelta::seconds(60);

/// Starts the work on checks in the background of this process.
pub fn begin(app: &App) {
    let news = Poke::default();
    let runner = Runner::new(app, news.clone());
    app.tasks.spawn(runner.run());
    let (teller, giver) = (Arc::new(Teller::new(app)), Arc::new(Giver::new(app)));
    app.tasks.spawn(drive(teller, news, app.tasks.clone()));
    app.tasks.spawn(drive(giver, Poke::default(), app.tasks.clone()));
}

/// Looks.
pub(super) struct Runner {
    app: App,
    scope: SystemScope,
    news: Poke,
    at_once: usize,
}

/// As many looks as a process may have under way that may have so many files open (`/proc/self/limits`): half of them, since pages,
/// engines and the database need theirs.
fn at_once(limits: &str) -> usize {
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().nth(3)?.parse().ok());
    soft.map_or(AT_ONCE, |files: usize| (files / 2).clamp(AT_LEAST, AT_ONCE))
}

impl Runner {
    fn new(app: &App, news: Poke) -> Self {
        Self {
            app: app.clone(),
            scope: SystemScope::new(app.db.clone(), "checks"),
            news,
            at_once: at_once(&std::fs::read_to_string("/proc/self/limits").unwrap_or_default()),
        }
    }

    async fn run(self) {
        let (mut work, mut found) = (JoinSet::new(), Vec::new());
        loop {
            if let Err(error) = self.turn(&mut work, &mut found).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "checks were not looked at"
                );
                // What the database does not take now it may take later; what it refuses it will refuse again.
                if !matches!(error, Error::Unavailable(_)) {
                    found.clear();
                }
            }
            if self.gather(&mut work, &mut found).await {
                break;
            }
        }
        while let Some(one) = work.join_next().await {
            found.extend(one.ok());
        }
        if let Err(error) = self.save(&mut found).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the last looks were lost"
            );
        }
    }

    /// Waits for the next turn, and takes what is found meanwhile. Says whether the process stops.
    async fn gather(&self, work: &mut JoinSet<Outcome>, found: &mut Vec<Outcome>) -> bool {
        let mut end = std::pin::pin!(tokio::time::sleep(PERIOD));
        loop {
            tokio::select! {
                biased;
                () = self.app.tasks.stopping() => return true,
                () = &mut end => return false,
                Some(one) = work.join_next() => found.extend(one.ok()),
            }
        }
    }

    async fn turn(&self, work: &mut JoinSet<Outcome>, found: &mut Vec<Outcome>) -> Result<(), Error> {
        self.save(found).await?;
        let room = self.at_once.saturating_sub(work.len());
        if room == 0 {
            return Ok(());
        }
        let now = self.app.now();
        let (due, known) = self.claim(room).await?;
        let oldest = due
            .iter()
            .map(|one| one.due_at)
            .chain(known.iter().map(|(one, _)| one.due_at));
        let lag = oldest.min().map_or(TimeDelta::zero(), |at| now - at);
        metrics::checks(due.len() + known.len(), lag.to_std().unwrap_or_default());
        found.extend(known.into_iter().map(|(_, outcome)| outcome));
        for one in due {
            let app = self.app.clone();
            work.spawn(async move { Look::new(&app, &one).at_it().await });
        }
        Ok(())
    }

    /// Takes what is due: what somebody has to look at, and what is known without.
    async fn claim(&self, room: usize) -> Result<(Vec<Claimed>, Vec<(Claimed, Outcome)>), Error> {
        let now = self.app.now();
        let lease = self.app.ids.uuid(now);
        let limit = i64::try_from(room).unwrap_or(i64::MAX);
        let mut tx = self.scope.begin().await?;
        let claimed = store::claim(&mut tx, lease, (now, now + LEASE, now - SETTLED), limit).await?;
        let (mut due, mut known) = (Vec::new(), Vec::new());
        for one in claimed {
            match look::left_out(&one, now) {
                Some(outcome) => known.push((one, outcome)),
                None => due.push(one),
            }
        }
        let asked: Vec<UsageQuestion> = due.iter().filter_map(look::question).collect();
        if !asked.is_empty() {
            let used = store::used(&mut tx, &asked, now).await?;
            let (inside, outside): (Vec<Claimed>, Vec<Claimed>) =
                due.into_iter().partition(|one| look::question(one).is_some());
            due = outside;
            known.extend(inside.into_iter().map(|one| {
                let used = used.iter().find(|used| used.check == one.id);
                let outcome = look::outcome(&one, &look::measured(&one, used), now);
                (one, outcome)
            }));
        }
        tx.commit().await?;
        Ok((due, known))
    }

    /// Writes what was found, and tells pages what has changed. Afterwards there is nothing left to write.
    async fn save(&self, found: &mut Vec<Outcome>) -> Result<(), Error> {
        if found.is_empty() {
            return Ok(());
        }
        let mut tx = self.scope.begin().await?;
        let written = store::save_outcomes(&mut tx, found.as_slice()).await?;
        let news = found.iter().filter(|one| one.has_turned || one.is_asked);
        let mut has_turned = false;
        for one in news.filter(|one| written.contains(&one.of.0)) {
            has_turned |= one.has_turned;
            events::emit(&mut tx, Some(one.of.1), TOPIC, Some(one.of.0.0)).await?;
        }
        tx.commit().await?;
        found.clear();
        if has_turned {
            self.news.poke();
        }
        Ok(())
    }
}

/// What the loops do, one after the other and until nothing is left: for tests.
#[cfg(test)]
#[cfg(feature = "testing")]
pub(super) mod by_hand {
    use super::*;
    use crate::platform::reconcile::Reconciler as _;

    /// Gives, looks and tells once. Says how many were looked at.
    pub async fn work(app: &App) -> usize {
        let giver = Giver::new(app);
        for server in giver.claim(100).await.unwrap() {
            giver.reconcile(server).await.unwrap();
        }
        let looked = look(app).await;
        let teller = Teller::new(app);
        for batch in teller.claim(100).await.unwrap() {
            teller.reconcile(batch).await.unwrap();
        }
        looked
    }

    /// Looks at what is due, as one panel of perhaps several.
    pub async fn look(app: &App) -> usize {
        let runner = Runner::new(app, Poke::default());
        let (mut work, mut found) = (JoinSet::new(), Vec::new());
        runner.turn(&mut work, &mut found).await.unwrap();
        while let Some(one) = work.join_next().await {
            found.push(one.unwrap());
        }
        let count = found.len();
        runner.save(&mut found).await.unwrap();
        count
    }
}

#[cfg(test)]
mod tests {
    use super::{AT_LEAST, AT_ONCE, at_once};

    #[test]
    fn looks_leave_files_for_everybody_else() {
        let limits = |soft: &str| {
            format!("Limit  Soft Limit  Hard Limit  Units\nMax open files  {soft}  524288  files\n")
        };
        assert_eq!(at_once(&limits("1024")), 512);
        assert_eq!(at_once(&limits("65536")), AT_ONCE);
        assert_eq!(at_once(&limits("unlimited")), AT_ONCE);
        assert_eq!(at_once(&limits("32")), AT_LEAST);
        assert_eq!(at_once(""), AT_ONCE);
    }
}
