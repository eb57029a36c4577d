//! An inbox in memory, which can be away and forget its marks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{Inbox, InboxError, MailKey};

#[derive(Debug, Default)]
struct State {
    /// Each mail, and whether it is marked.
    mails: Vec<(MailKey, Vec<u8>, bool)>,
    fails: Option<InboxError>,
    /// Those that it does not give.
    broken: Vec<MailKey>,
    /// Those that were put aside.
    aside: Vec<MailKey>,
    validity: u32,
}

/// The inbox. Clones are handles to the same one.
#[derive(Debug, Clone, Default)]
pub struct FakeInbox(Arc<Mutex<State>>);

impl FakeInbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A mail arrives.
    pub fn deliver(&self, raw: impl Into<Vec<u8>>) -> MailKey {
        let mut state = self.lock();
        let uid = u32::try_from(state.mails.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let key = MailKey {
            validity: state.validity,
            uid,
        };
        state.mails.push((key, raw.into(), false));
        key
    }

    /// How it fails from now on, if it does.
    pub fn fail(&self, with: Option<InboxError>) {
        self.lock().fails = with;
    }

    /// One is not given from now on.
    pub fn break_mail(&self, key: MailKey) {
        self.lock().broken.push(key);
    }

    /// Those that were put aside.
    pub fn aside(&self) -> Vec<MailKey> {
        self.lock().aside.clone()
    }

    /// All marks are lost, as if whoever set them had died before.
    pub fn forget_marks(&self) {
        for mail in &mut self.lock().mails {
            mail.2 = false;
        }
    }

    /// The mailbox is made anew: the same mails, without marks, have other keys.
    pub fn make_anew(&self) {
        let mut state = self.lock();
        state.validity += 1;
        let validity = state.validity;
        for mail in &mut state.mails {
            (mail.0.validity, mail.2) = (validity, false);
        }
    }

    /// How many are not marked.
    pub fn waiting(&self) -> usize {
        self.lock().mails.iter().filter(|mail| !mail.2).count()
    }
}

#[async_trait]
impl Inbox for FakeInbox {
    async fn new_mails(&self, after: u32, most: usize) -> Result<Vec<MailKey>, InboxError> {
        let state = self.lock();
        if let Some(error) = &state.fails {
            return Err(error.clone());
        }
        let new = state.mails.iter().filter(|mail| !mail.2 && mail.0.uid > after);
        Ok(new.map(|mail| mail.0).take(most).collect())
    }

    async fn fetch(&self, key: MailKey, limit: usize) -> Result<Option<Vec<u8>>, InboxError> {
        let state = self.lock();
        if state.broken.contains(&key) {
            return Err(InboxError::Refused("it is broken".to_owned()));
        }
        let found = state.mails.iter().find(|mail| mail.0 == key);
        Ok(found.map(|mail| mail.1[..mail.1.len().min(limit)].to_vec()))
    }

    async fn mark_done(&self, key: MailKey) -> Result<(), InboxError> {
        let mut state = self.lock();
        if let Some(mail) = state.mails.iter_mut().find(|mail| mail.0 == key) {
            mail.2 = true;
        }
        Ok(())
    }

    async fn put_aside(&self, key: MailKey) -> Result<(), InboxError> {
        self.lock().aside.push(key);
        self.mark_done(key).await
    }

    async fn wait(&self, _: Duration) -> Result<bool, InboxError> {
        Ok(false)
    }

    fn host(&self) -> &'static str {
        "imap.test"
    }
}
