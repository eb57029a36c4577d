//! A mail service in memory, which can be away. What it was asked is kept, and its log is what a test writes.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::sync::Notify;
use uuid::Uuid;

use super::fake_fetch::FakeFetches;
use super::{
    Fetch, FetchEvent, MailHealth, MailLogLine, MailService, MailServiceError, Queue, QueueAct, QueueId,
    Queued,
};

/// The programs of the real one.
const PROGRAMS: [&str; 6] = ["postfix", "dovecot", "rspamd", "redis", "keys", "database"];

/// What it was asked to do, and did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Something with a mail of the queue, or with all.
    Act(Option<QueueId>, QueueAct),
    /// To end an address's sessions.
    Kick(String),
    /// To remove a mailbox's mail.
    Erase(Uuid),
    /// To put a mail into an inbox.
    Put(String, String),
}

#[derive(Debug, Default)]
struct State {
    away: Option<String>,
    down: Vec<(String, String)>,
    queue: Vec<Queued>,
    headers: String,
    asked: Vec<Asked>,
    log: Vec<MailLogLine>,
    has_ended: bool,
    hangs: bool,
}

/// The mail service. Clones are handles to the same one.
#[derive(Debug, Clone, Default)]
pub struct FakeMail {
    state: Arc<Mutex<State>>,
    news: Arc<Notify>,
    done: Arc<Notify>,
    fetches: FakeFetches,
}

impl FakeMail {
    /// The servers that mail is fetched from.
    pub fn fetches(&self) -> FakeFetches {
        self.fetches.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn here(&self) -> Result<MutexGuard<'_, State>, MailServiceError> {
        let state = self.lock();
        match &state.away {
            Some(why) => Err(MailServiceError::Away(why.clone())),
            None => Ok(state),
        }
    }

    /// Why it does not answer from now on, or that it does.
    pub fn set_away(&self, why: Option<&str>) {
        self.lock().away = why.map(str::to_owned);
        self.news.notify_waiters();
    }

    /// Which program is down, and what it says.
    pub fn set_down(&self, program: &str, says: &str) {
        self.lock().down.push((program.to_owned(), says.to_owned()));
    }

    /// The mail that waits from now on.
    pub fn set_queue(&self, queue: Vec<Queued>) {
        self.lock().queue = queue;
    }

    /// The mail that waits now.
    pub fn waiting(&self) -> Vec<Queued> {
        self.lock().queue.clone()
    }

    /// The headers of every mail.
    pub fn set_headers(&self, headers: &str) {
        headers.clone_into(&mut self.lock().headers);
    }

    /// What it was asked to do, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.lock().asked.clone()
    }

    /// Whose sessions it ended, in order.
    pub fn kicked(&self) -> Vec<String> {
        self.asked_for(|one| match one {
            Asked::Kick(address) => Some(address),
            _ => None,
        })
    }

    /// Whose mail it removed, in order.
    pub fn erased(&self) -> Vec<Uuid> {
        self.asked_for(|one| match one {
            Asked::Erase(mailbox) => Some(mailbox),
            _ => None,
        })
    }

    /// What it put into whose inbox, in order.
    pub fn put_there(&self) -> Vec<(String, String)> {
        self.asked_for(|one| match one {
            Asked::Put(address, mail) => Some((address, mail)),
            _ => None,
        })
    }

    fn asked_for<T>(&self, what: impl Fn(Asked) -> Option<T>) -> Vec<T> {
        self.asked().into_iter().filter_map(what).collect()
    }

    /// Lets a panel work until it did what it was told, and then cuts the panel off, as a power cut would.
    ///
    /// # Panics
    /// If the work comes to an end.
    pub async fn cut_off<T: fmt::Debug>(&self, work: impl Future<Output = T>) {
        self.lock().hangs = true;
        tokio::select! {
            outcome = work => panic!("it came to an end: {outcome:?}"),
            () = self.done.notified() => {}
        }
        self.lock().hangs = false;
    }

    /// Does something, and says so, unless whoever asked is cut off.
    async fn did(&self, what: Asked) -> Result<(), MailServiceError> {
        let hangs = {
            let mut state = self.here()?;
            state.asked.push(what);
            state.hangs
        };
        if hangs {
            self.done.notify_one();
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    /// Writes a line into its log.
    pub fn log(&self, at: DateTime<Utc>, text: &str) {
        self.lock().log.push(MailLogLine {
            at,
            text: text.to_owned(),
        });
        self.news.notify_waiters();
    }

    /// Ends the log's streams once all of it was read, as when the container stops.
    pub fn end_log(&self) {
        self.lock().has_ended = true;
        self.news.notify_waiters();
    }

    /// The line at a place of the log, and whether the log ends there.
    fn line(&self, place: usize) -> (Option<MailLogLine>, bool) {
        let state = self.lock();
        (
            state.log.get(place).cloned(),
            state.has_ended || state.away.is_some(),
        )
    }
}

#[async_trait]
impl MailService for FakeMail {
    async fn health(&self) -> Result<Vec<MailHealth>, MailServiceError> {
        let state = self.here()?;
        let says = |program: &str| state.down.iter().find(|(down, _)| down == program);
        let health = PROGRAMS.into_iter().map(|program| MailHealth {
            program: program.to_owned(),
            is_up: says(program).is_none(),
            says: says(program).map(|(_, says)| says.clone()).unwrap_or_default(),
        });
        Ok(health.collect())
    }

    async fn queue(&self) -> Result<Vec<Queued>, MailServiceError> {
        Ok(self.here()?.queue.clone())
    }

    async fn act(&self, id: Option<&QueueId>, act: QueueAct) -> Result<(), MailServiceError> {
        let mut state = self.here()?;
        let is_meant = |one: &Queued| id.is_none_or(|id| *id == one.id);
        if id.is_some() && !state.queue.iter().any(is_meant) {
            return Err(MailServiceError::Gone);
        }
        match act {
            QueueAct::Delete => state.queue.retain(|one| !is_meant(one)),
            QueueAct::Hold | QueueAct::Release | QueueAct::Retry => {
                let queue = if act == QueueAct::Hold {
                    Queue::Held
                } else {
                    Queue::Active
                };
                let moves =
                    |one: &&mut Queued| is_meant(one) && (act != QueueAct::Retry || one.queue != Queue::Held);
                state
                    .queue
                    .iter_mut()
                    .filter(moves)
                    .for_each(|one| one.queue = queue);
            }
        }
        state.asked.push(Asked::Act(id.cloned(), act));
        Ok(())
    }

    async fn headers(&self, id: &QueueId) -> Result<String, MailServiceError> {
        let state = self.here()?;
        if state.queue.iter().any(|one| one.id == *id) {
            Ok(state.headers.clone())
        } else {
            Err(MailServiceError::Gone)
        }
    }

    async fn kick(&self, address: &str) -> Result<(), MailServiceError> {
        self.did(Asked::Kick(address.to_owned())).await
    }

    async fn erase(&self, mailbox: Uuid) -> Result<(), MailServiceError> {
        self.did(Asked::Erase(mailbox)).await
    }

    async fn put(&self, address: &str, mail: &str) -> Result<(), MailServiceError> {
        self.did(Asked::Put(address.to_owned(), mail.to_owned())).await
    }

    async fn fetch(
        &self,
        what: &Fetch,
    ) -> Result<BoxStream<'static, Result<FetchEvent, MailServiceError>>, MailServiceError> {
        drop(self.here()?);
        Ok(self.fetches.fetch(what))
    }

    async fn logs(
        &self,
        since: Option<DateTime<Utc>>,
    ) -> Result<BoxStream<'static, Result<MailLogLine, MailServiceError>>, MailServiceError> {
        drop(self.here()?);
        let lines = stream::unfold((self.clone(), 0), |(service, place)| async move {
            loop {
                // Asked for before looking, so that no line comes unheard in between.
                let news = Arc::clone(&service.news);
                let mut heard = std::pin::pin!(news.notified());
                heard.as_mut().enable();
                match service.line(place) {
                    (Some(line), _) => return Some((Ok(line), (service, place + 1))),
                    (None, true) => return None,
                    (None, false) => heard.await,
                }
            }
        });
        let is_new = move |line: &Result<MailLogLine, MailServiceError>| {
            let is_new = line
                .as_ref()
                .map_or(true, |line| since.is_none_or(|since| line.at >= since));
            std::future::ready(is_new)
        };
        Ok(lines.filter(is_new).boxed())
    }
}
