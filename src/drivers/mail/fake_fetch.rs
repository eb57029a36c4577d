//! What a mail service in memory says when it is asked to fetch: what a test puts there for the user of the other server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};

use super::{Fetch, FetchAt, FetchEvent, MailServiceError};

#[derive(Debug, Default)]
struct State {
    says: BTreeMap<String, Vec<FetchEvent>>,
    goes_on: bool,
    asked: Vec<Fetch>,
}

/// Fetches of the service. Clones are handles to the same ones.
#[derive(Debug, Clone, Default)]
pub struct FakeFetches(Arc<Mutex<State>>);

impl FakeFetches {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is said from now on of fetches of a user there. Of anybody else's it is said that two messages came.
    pub fn set(&self, user: &str, events: Vec<FetchEvent>) {
        self.lock().says.insert(user.to_owned(), events);
    }

    /// Whether fetches stay under way after what was said, until nobody wants them any more.
    pub fn go_on(&self, goes_on: bool) {
        self.lock().goes_on = goes_on;
    }

    /// What was asked for, in order.
    pub fn asked(&self) -> Vec<Fetch> {
        self.lock().asked.clone()
    }

    /// Answers.
    pub(super) fn fetch(&self, what: &Fetch) -> BoxStream<'static, Result<FetchEvent, MailServiceError>> {
        let mut state = self.lock();
        state.asked.push(what.clone());
        let events = state.says.get(&what.user).cloned().unwrap_or_else(usual);
        let said = stream::iter(events.into_iter().map(Ok));
        if state.goes_on {
            said.chain(stream::pending()).boxed()
        } else {
            said.boxed()
        }
    }
}

fn usual() -> Vec<FetchEvent> {
    let at = FetchAt {
        folder: "INBOX".to_owned(),
        folders: 1,
        messages: 2,
        bytes: 2048,
    };
    vec![
        FetchEvent::Found {
            folders: 1,
            messages: 2,
        },
        FetchEvent::At(at),
        FetchEvent::Done {},
    ]
}
