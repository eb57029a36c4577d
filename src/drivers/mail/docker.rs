//! The mail service as a container of the engine: `berth-mail VERB` runs in it, and its log is the container's.
//!
//! Each call is one command that ends by itself. What is in a command's arguments was parsed before: ids, UUIDs, addresses.

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use uuid::Uuid;

use crate::drivers::engine::docker::DockerEngine;
use crate::drivers::engine::{EngineError, LogLine, LogQuery};

use super::{
    Fetch, FetchEvent, MailHealth, MailLogLine, MailService, MailServiceError, QueueAct, QueueId, Queued,
    recent::Recent, said,
};

/// What runs in the container.
const PROGRAM: &str = "berth-mail";
/// What brings mail from elsewhere. It is told by its standard input, and ends with it.
const FETCH: &str = "berth-mail-fetch";
/// How long a question may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long something may take that touches many mails or files.
const LONG: Duration = Duration::from_mins(2);
/// What is kept of an output: some fifty thousand mails of a queue.
const MOST: usize = 16 * 1024 * 1024;
/// How old the queue may be that is shown: it is read whole each time, however many pages look at it.
const QUEUE_LIFE: Duration = Duration::from_secs(2);
/// Linux takes 128 KiB in one argument.
const LONGEST_ARGUMENT: usize = 120 * 1024;

/// The mail service in a container.
#[derive(Debug)]
pub struct DockerMail {
    engine: DockerEngine,
    container: String,
    queue: Recent<Vec<Queued>>,
}

/// Whatever keeps the engine from running a command there, the service can't be spoken to.
impl From<EngineError> for MailServiceError {
    fn from(error: EngineError) -> Self {
        Self::Away(error.to_string())
    }
}

impl DockerMail {
    /// The container of that name on an engine, which is connected to when it is first used.
    pub fn new(engine: DockerEngine, container: String) -> Self {
        Self {
            engine,
            container,
            queue: Recent::new(QUEUE_LIFE),
        }
    }

    /// Runs a verb, and gives its output.
    async fn run(&self, argv: &[&str], patience: Duration) -> Result<String, MailServiceError> {
        let argv = std::iter::once(PROGRAM)
            .chain(argv.iter().copied())
            .map(str::to_owned);
        let ran = self
            .engine
            .exec_named(&self.container, argv.collect(), (patience, MOST));
        let output = ran.await?;
        let output = output.ok_or_else(|| {
            MailServiceError::Away(format!("its container {} does not run", self.container))
        })?;
        said::ended(output.exit_code, &String::from_utf8_lossy(&output.stderr))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

fn verb(act: QueueAct) -> &'static str {
    match act {
        QueueAct::Retry => "retry",
        QueueAct::Hold => "hold",
        QueueAct::Release => "release",
        QueueAct::Delete => "delete",
    }
}

#[async_trait]
impl MailService for DockerMail {
    async fn health(&self) -> Result<Vec<MailHealth>, MailServiceError> {
        said::health(&self.run(&["health"], PATIENCE).await?)
    }

    async fn queue(&self) -> Result<Vec<Queued>, MailServiceError> {
        let ask = async { Ok(said::queue(&self.run(&["queue"], PATIENCE).await?)) };
        self.queue.get(ask).await
    }

    async fn act(&self, id: Option<&QueueId>, act: QueueAct) -> Result<(), MailServiceError> {
        let verb = verb(act);
        let argv = match id {
            Some(id) => vec![verb, id.as_str()],
            None if act == QueueAct::Retry => vec![verb],
            None => {
                let words = format!("name the mail to {verb}: only a retry is for all of them");
                return Err(MailServiceError::Refused(words));
            }
        };
        let done = self.run(&argv, PATIENCE).await.map(drop);
        self.queue.forget().await;
        done
    }

    async fn headers(&self, id: &QueueId) -> Result<String, MailServiceError> {
        self.run(&["headers", id.as_str()], PATIENCE).await
    }

    async fn kick(&self, address: &str) -> Result<(), MailServiceError> {
        self.run(&["kick", address], PATIENCE).await.map(drop)
    }

    async fn erase(&self, mailbox: Uuid) -> Result<(), MailServiceError> {
        let mailbox = mailbox.to_string();
        self.run(&["erase", &mailbox], LONG).await.map(drop)
    }

    async fn put(&self, address: &str, mail: &str) -> Result<(), MailServiceError> {
        let mail = STANDARD.encode(mail);
        if mail.len() > LONGEST_ARGUMENT {
            return Err(MailServiceError::Refused(
                "the mail is too large to be put in".to_owned(),
            ));
        }
        self.run(&["put", address, &mail], PATIENCE).await.map(drop)
    }

    async fn fetch(
        &self,
        what: &Fetch,
    ) -> Result<BoxStream<'static, Result<FetchEvent, MailServiceError>>, MailServiceError> {
        let line = what.line();
        let argv = vec![FETCH.to_owned()];
        let said = self
            .engine
            .dialogue_named(&self.container, argv, line.expose())
            .await?;
        let said = said.ok_or_else(|| {
            MailServiceError::Away(format!("its container {} does not run", self.container))
        })?;
        Ok(said.map(|line| FetchEvent::read(&line?)).boxed())
    }

    async fn logs(
        &self,
        since: Option<DateTime<Utc>>,
    ) -> Result<BoxStream<'static, Result<MailLogLine, MailServiceError>>, MailServiceError> {
        let query = LogQuery {
            since,
            follow: true,
            ..LogQuery::default()
        };
        let lines = self.engine.logs_named(&self.container, query).await?;
        // A line without a time is none of the engine's.
        let line = |line: Result<LogLine, EngineError>| match line {
            Ok(line) => line.at.map(|at| Ok(MailLogLine { at, text: line.text })),
            Err(error) => Some(Err(error.into())),
        };
        Ok(lines.filter_map(move |one| std::future::ready(line(one))).boxed())
    }
}
