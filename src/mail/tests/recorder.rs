//! A mail service for tests of kicks and warnings: it writes down what it is told, and can be away.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::drivers::mail::{
    Fetch, FetchEvent, MailHealth, MailLogLine, MailService, MailServiceError, QueueAct, QueueId, Queued,
};
use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, MailboxId, TenantId};
use crate::testing::TestApp;

#[derive(Debug, Default)]
struct State {
    is_away: bool,
    kicked: Vec<String>,
    put: Vec<(String, String)>,
    hangs: bool,
}

/// The service. Clones are handles to the same one.
#[derive(Debug, Clone, Default)]
pub(in crate::mail) struct Recorder {
    state: Arc<Mutex<State>>,
    done: Arc<Notify>,
}

impl Recorder {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it does what it is told from now on and never says so.
    pub(in crate::mail) fn hang(&self, hangs: bool) {
        self.lock().hangs = hangs;
    }

    /// Lets a panel work until the service did what it told, and then cuts it off, as a power cut would.
    pub(in crate::mail) async fn cut_off(&self, work: impl Future<Output = Result<bool, Error>>) {
        self.hang(true);
        tokio::select! {
            outcome = work => panic!("it came to an end: {outcome:?}"),
            () = self.done.notified() => {}
        }
        self.hang(false);
    }

    async fn answer(&self) {
        let hangs = self.lock().hangs;
        if hangs {
            self.done.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// Whether it does not answer from now on.
    pub(in crate::mail) fn be_away(&self, is_away: bool) {
        self.lock().is_away = is_away;
    }

    /// Whose sessions it ended, in order.
    pub(in crate::mail) fn kicked(&self) -> Vec<String> {
        self.lock().kicked.clone()
    }

    /// What it put into whose mailbox, in order.
    pub(in crate::mail) fn put_there(&self) -> Vec<(String, String)> {
        self.lock().put.clone()
    }

    fn check(&self) -> Result<(), MailServiceError> {
        if self.lock().is_away {
            Err(MailServiceError::Away("it is away".to_owned()))
        } else {
            Ok(())
        }
    }
}

#[async_trait]
impl MailService for Recorder {
    async fn health(&self) -> Result<Vec<MailHealth>, MailServiceError> {
        self.check().map(|()| Vec::new())
    }

    async fn queue(&self) -> Result<Vec<Queued>, MailServiceError> {
        self.check().map(|()| Vec::new())
    }

    async fn act(&self, _id: Option<&QueueId>, _act: QueueAct) -> Result<(), MailServiceError> {
        self.check()
    }

    async fn headers(&self, _id: &QueueId) -> Result<String, MailServiceError> {
        Err(MailServiceError::Gone)
    }

    async fn kick(&self, address: &str) -> Result<(), MailServiceError> {
        self.check()?;
        self.lock().kicked.push(address.to_owned());
        self.answer().await;
        Ok(())
    }

    async fn erase(&self, _mailbox: Uuid) -> Result<(), MailServiceError> {
        self.check()
    }

    async fn put(&self, address: &str, mail: &str) -> Result<(), MailServiceError> {
        self.check()?;
        self.lock().put.push((address.to_owned(), mail.to_owned()));
        self.answer().await;
        Ok(())
    }

    async fn fetch(
        &self,
        _what: &Fetch,
    ) -> Result<BoxStream<'static, Result<FetchEvent, MailServiceError>>, MailServiceError> {
        Err(MailServiceError::Gone)
    }

    async fn logs(
        &self,
        _since: Option<DateTime<Utc>>,
    ) -> Result<BoxStream<'static, Result<MailLogLine, MailServiceError>>, MailServiceError> {
        Err(MailServiceError::Gone)
    }
}

/// A domain as a row only.
pub(in crate::mail) async fn domain(
    app: &TestApp,
    tenant: TenantId,
    name: &str,
    is_verified: bool,
) -> MailDomainId {
    let (now, id) = (app.app.now(), MailDomainId::new(&*app.app.ids, app.app.now()));
    let mut tx: SystemTx = app.app.db.system().await.unwrap();
    sqlx::query!(
        "insert into mail_domain (id, tenant_id, name, proof, verified_at, created_by, created_at, updated_at) \
         values ($1, $2, $3, 'proof', $4, 'test', $5, $5)",
        id.0,
        tenant.0,
        name,
        is_verified.then_some(now),
        now
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

/// A mailbox as a row only, that may hold so many MiB and whose person just signed in.
pub(in crate::mail) async fn mailbox(
    app: &TestApp,
    (tenant, domain): (TenantId, MailDomainId),
    address: &str,
    quota_mib: i64,
) -> MailboxId {
    let (now, id) = (app.app.now(), MailboxId::new(&*app.app.ids, app.app.now()));
    let local = address.split('@').next().unwrap_or_default();
    let mut tx: SystemTx = app.app.db.system().await.unwrap();
    sqlx::query!(
        "insert into mailbox (id, tenant_id, domain_id, local_part, address, quota_mib, last_imap_at, created_by, created_at, \
           updated_at) values ($1, $2, $3, $4, $5, $6, $7, 'test', $7, $7)",
        id.0,
        tenant.0,
        domain.0,
        local,
        address,
        quota_mib,
        now
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

/// What the mail service would write when something came in.
pub(in crate::mail) async fn holds(app: &TestApp, mailbox: MailboxId, bytes: i64) {
    let mut tx: SystemTx = app.app.db.system().await.unwrap();
    sqlx::query!(
        "update mailbox set used_bytes = $2 where id = $1",
        mailbox.0,
        bytes
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
}
