//! One thing at a time for each name, and different names at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Locks by name. Empty while nothing is held.
#[derive(Debug, Default)]
pub(super) struct Locks(Mutex<HashMap<String, Arc<Mutex<()>>>>);

impl Locks {
    /// Does `work` while nobody else works under the same name.
    pub(super) fn hold<T>(&self, name: &str, work: impl FnOnce() -> T) -> T {
        let lock = self.lock(name);
        let outcome = {
            let _held = lock.lock().unwrap_or_else(PoisonError::into_inner);
            work()
        };
        drop(lock);
        self.forget(name);
        outcome
    }

    fn lock(&self, name: &str) -> Arc<Mutex<()>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(name.to_owned()).or_default())
    }

    /// Takes the lock out if nobody holds or awaits it. Handles are made under the map's lock only, so none can appear.
    fn forget(&self, name: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(name).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            all.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn one_at_a_time_and_nothing_is_kept() {
        let (locks, inside, most) = (Locks::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        locks.hold("a", || {
                            most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                            std::thread::yield_now();
                            inside.fetch_sub(1, Ordering::SeqCst);
                        });
                    }
                });
            }
        });
        assert_eq!(most.into_inner(), 1);
        assert!(locks.0.into_inner().unwrap().is_empty());
    }
}
