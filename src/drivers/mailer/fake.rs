//! A mailer in memory, which can be away or refuse.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Mail, MailError, Mailer};

#[derive(Debug, Default)]
struct State {
    sent: Vec<Mail>,
    fails: Option<MailError>,
}

/// The mailer. Clones are handles to the same one.
#[derive(Debug, Clone, Default)]
pub struct FakeMailer(Arc<Mutex<State>>);

impl FakeMailer {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it fails from now on, if it does.
    pub fn fail(&self, with: Option<MailError>) {
        self.lock().fails = with;
    }

    /// What was sent, in order.
    pub fn sent(&self) -> Vec<Mail> {
        self.lock().sent.clone()
    }
}

#[async_trait]
impl Mailer for FakeMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        self.check().await?;
        self.lock().sent.push(mail.clone());
        Ok(())
    }

    async fn check(&self) -> Result<(), MailError> {
        self.lock().fails.clone().map_or(Ok(()), Err)
    }

    fn address(&self) -> String {
        "mail.test:25".to_owned()
    }

    fn sender(&self) -> String {
        "Berth <berth@panel.test>".to_owned()
    }
}
