//! Follows the mail service's log. One process of the installation does, under a lease; lines come in the batches that they are
//! ready in, so that a quiet log is read at once and a busy one in few transactions.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::app::App;
use crate::drivers::mail::{MailLogLine, MailService, MailServiceError};
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::platform::metrics;

use super::model::{Flow, Noted, Reader, Step, domain_of, figures, seen_by};
use super::store::{self, Read};

/// Lines of one transaction.
const BATCH: usize = 500;
/// How long others wait for a process that died.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// When a quiet log's lease is held on.
const RENEW: Duration = Duration::from_secs(20);
/// When the log is looked for again that ended, or that another process reads.
const AGAIN: Duration = Duration::from_secs(5);
/// How long what became of a message is known.
const KEPT: TimeDelta = TimeDelta::days(30);
/// As many refusals a minute are kept for a tenant: whoever guesses at names from outside makes no more than that to read.
const REFUSALS: u32 = 100;
/// How often the queue is measured.
const MEASURE: Duration = Duration::from_mins(1);

/// Why the log is not followed any more.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// The mail service does not give it.
    #[error(transparent)]
    Service(#[from] MailServiceError),
    /// The database does not take it.
    #[error(transparent)]
    Database(#[from] Error),
}

/// Starts following in the background of this process, if there is a mail service.
pub fn begin(app: &App) {
    let Some(service) = app.mail.clone() else {
        return;
    };
    app.tasks.spawn(Follower::new(app, Arc::clone(&service)).run());
    app.tasks.spawn(measure(app.clone(), service));
}

/// Tells metrics of the queue.
async fn measure(app: App, service: Arc<dyn MailService>) {
    loop {
        let queue = tokio::select! {
            () = app.tasks.stopping() => return,
            queue = service.queue() => queue,
        };
        metrics::dependency("mail", queue.is_ok());
        if let Ok(queue) = queue {
            let found = figures(&queue);
            let age = found.oldest.and_then(|oldest| (app.now() - oldest).to_std().ok());
            metrics::mail_queue(found.count, found.held, age.unwrap_or_default());
        }
        tokio::select! {
            () = app.tasks.stopping() => return,
            () = tokio::time::sleep(MEASURE) => {}
        }
    }
}

/// Follows the log, and knows which connections are encrypted.
#[derive(Debug)]
pub struct Follower {
    app: App,
    service: Arc<dyn MailService>,
    lease: Uuid,
    reader: Reader,
    refusals: Refusals,
}

/// How many refusals were kept of each tenant's in the minute of the log that is read.
#[derive(Debug, Default)]
struct Refusals {
    minute: i64,
    kept: HashMap<TenantId, u32>,
}

impl Refusals {
    /// Whether one more of a tenant's is kept.
    fn keep(&mut self, tenant: TenantId, at: DateTime<Utc>) -> bool {
        let minute = at.timestamp().div_euclid(60);
        if minute != self.minute {
            self.minute = minute;
            self.kept.clear();
        }
        let kept = self.kept.entry(tenant).or_default();
        *kept += 1;
        *kept <= REFUSALS
    }
}

impl Follower {
    /// One that has read nothing yet.
    pub fn new(app: &App, service: Arc<dyn MailService>) -> Self {
        Self {
            app: app.clone(),
            service,
            lease: app.ids.uuid(app.now()),
            reader: Reader::default(),
            refusals: Refusals::default(),
        }
    }

    /// Follows until the process stops.
    async fn run(mut self) {
        let app = self.app.clone();
        loop {
            tokio::select! {
                () = app.tasks.stopping() => break,
                followed = self.follow() => if let Err(lost) = followed {
                    tracing::debug!(error = &lost as &dyn std::error::Error, "the mail service's log is not read");
                }
            }
            tokio::select! {
                () = app.tasks.stopping() => break,
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
        if let Err(error) = self.release().await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "the log's lease runs out by itself"
            );
        }
    }

    /// Leaves the log to others.
    pub async fn release(&self) -> Result<(), Error> {
        let mut tx = self.app.db.system().await?;
        store::release(&mut tx, self.lease).await?;
        tx.commit().await
    }

    /// Follows until the log ends, or another process has it.
    pub async fn follow(&mut self) -> Result<(), Lost> {
        let now = self.app.now();
        let mut tx = self.app.db.system().await?;
        let claimed = store::claim(&mut tx, self.lease, (now, now + LEASE)).await?;
        tx.commit().await?;
        let Some(since) = claimed else {
            return Ok(());
        };
        let mut batches = self.service.logs(since).await?.ready_chunks(BATCH);
        loop {
            let is_ours = match tokio::time::timeout(RENEW, batches.next()).await {
                Ok(None) => return Ok(()),
                Ok(Some(batch)) => {
                    let (lines, lost) = whole(batch);
                    let is_ours = self.take(&lines).await?;
                    lost.map_or(Ok(is_ours), Err)?
                }
                Err(_) => self.take(&[]).await?,
            };
            if !is_ours {
                return Ok(());
            }
        }
    }

    /// Writes lines, and up to where the log was read. Says whether the log is still ours.
    async fn take(&mut self, lines: &[MailLogLine]) -> Result<bool, Error> {
        let read: Vec<Read> = lines.iter().filter_map(|line| self.read(line)).collect();
        let last = lines.iter().map(|line| line.at).max();
        let mut tx = self.app.db.system().await?;
        // First, so that its row keeps out whoever takes the lease meanwhile.
        let until = self.app.now() + LEASE;
        if !store::advance(&mut tx, self.lease, last, until).await? {
            return Ok(false);
        }
        let owners = store::owners(&mut tx, &alone(&read)).await?;
        let read: Vec<Read> = read
            .into_iter()
            .filter_map(|line| placed(line, &owners, &mut self.refusals))
            .collect();
        if !read.is_empty() {
            let touched = store::add(&mut tx, &read).await?;
            let flows = store::flows(&mut tx, &touched).await?;
            let owners = store::owners(&mut tx, &domains(&flows)).await?;
            for flow in &flows {
                for seen in seen_by(flow, &owners) {
                    store::save_seen(&mut tx, flow, &seen).await?;
                }
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    fn read(&mut self, line: &MailLogLine) -> Option<Read> {
        let noted = self.reader.read(&line.text)?;
        Some(Read {
            id: digest(line),
            at: line.at,
            noted,
        })
    }
}

/// The lines that came before the log was lost.
fn whole(batch: Vec<Result<MailLogLine, MailServiceError>>) -> (Vec<MailLogLine>, Option<MailServiceError>) {
    let mut lines = Vec::with_capacity(batch.len());
    for line in batch {
        match line {
            Ok(line) => lines.push(line),
            Err(lost) => return (lines, Some(lost)),
        }
    }
    (lines, None)
}

/// An id that the same line always has.
fn digest(line: &MailLogLine) -> Uuid {
    let nanos = line.at.timestamp_nanos_opt().unwrap_or_default();
    let digest = Sha256::new()
        .chain_update(nanos.to_be_bytes())
        .chain_update(line.text.as_bytes())
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::from_bytes(bytes)
}

fn addresses(noted: &Noted) -> impl Iterator<Item = &str> {
    [noted.sender.as_deref(), noted.recipient.as_deref()]
        .into_iter()
        .flatten()
        .filter_map(domain_of)
}

fn is_alone(noted: &Noted) -> bool {
    noted.queue_id.is_none() && noted.session.is_none()
}

/// The domains of what has no place in the queue.
fn alone(read: &[Read]) -> Vec<String> {
    let lines = read.iter().filter(|line| is_alone(&line.noted));
    let domains: BTreeSet<&str> = lines.flat_map(|line| addresses(&line.noted)).collect();
    domains.into_iter().map(str::to_owned).collect()
}

/// What was refused before it had a place in the queue is a message of its own, if it concerns anybody here: most of what the
/// world tries does not, and is not kept.
fn placed(mut line: Read, owners: &HashMap<String, TenantId>, refusals: &mut Refusals) -> Option<Read> {
    if is_alone(&line.noted) {
        let whose = addresses(&line.noted).find_map(|domain| owners.get(domain).copied())?;
        let is_refusal = matches!(line.noted.step, Some(Step::Refused { .. }));
        if !is_refusal || !refusals.keep(whose, line.at) {
            return None;
        }
        let id = line.id.simple().to_string();
        line.noted.queue_id = Some(format!("R{}", &id[..20]));
    }
    Some(line)
}

/// The domains of those who have to do with messages.
fn domains(flows: &[Flow]) -> Vec<String> {
    let mut found = BTreeSet::new();
    for flow in flows {
        found.extend(flow.sender.as_deref().and_then(domain_of));
        for kept in &flow.steps {
            found.extend(kept.domains());
            if let Step::Submitted { login, .. } = &kept.step {
                found.extend(domain_of(login));
            }
        }
    }
    found.into_iter().map(str::to_owned).collect()
}

/// Forgets what is older than it is kept. Says how much.
pub async fn clean_up(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let before = app.now() - KEPT;
    let mut all = 0;
    loop {
        let mut tx = scope.begin().await?;
        let count = store::forget(&mut tx, before).await?;
        tx.commit().await?;
        all += count;
        if count == 0 {
            return Ok(all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_refusals_are_kept_a_minute_for_each_tenant() {
        let (one, other) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let mut refusals = Refusals::default();
        let at = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let kept = (0..500).filter(|_| refusals.keep(one, at)).count();
        assert_eq!(kept, 100);
        assert!(refusals.keep(other, at));
        assert!(refusals.keep(one, at + TimeDelta::minutes(1)));
    }
}
