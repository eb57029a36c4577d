//! Which servers this process is working on, so that a new wish can cut off a wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::platform::ids::ServerId;

/// The servers in work.
#[derive(Debug, Clone, Default)]
pub(super) struct InWork(Arc<Mutex<HashMap<ServerId, Arc<Notify>>>>);

/// One of them; out of work when dropped.
#[derive(Debug)]
pub(super) struct Working {
    all: InWork,
    id: ServerId,
    /// Notified when something about the server changed.
    pub(super) changed: Arc<Notify>,
}

impl InWork {
    /// Notes that work on a server begins.
    pub(super) fn enter(&self, id: ServerId) -> Working {
        let changed = Arc::new(Notify::new());
        self.lock().insert(id, Arc::clone(&changed));
        Working {
            all: self.clone(),
            id,
            changed,
        }
    }

    /// Tells whoever works on the server that something about it changed.
    pub(super) fn changed(&self, id: ServerId) {
        if let Some(changed) = self.lock().get(&id) {
            changed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ServerId, Arc<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.all.lock().remove(&self.id);
    }
}
