//! A prober in memory: all is well unless a port is said to be otherwise.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Found, Probe, Prober, Verdict};

#[derive(Debug, Default)]
struct State {
    found: BTreeMap<u16, Found>,
    asked: Vec<Probe>,
    count: u64,
    is_forgetful: bool,
}

/// The prober. Clones are handles to the same one.
#[derive(Debug, Clone, Default)]
pub struct FakeProber(Arc<Mutex<State>>);

impl FakeProber {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is found at a port from now on.
    pub fn set(&self, port: u16, verdict: Verdict, says: &str) {
        self.lock().found.insert(port, Found::new(verdict, says));
    }

    /// What was asked, in order.
    pub fn asked(&self) -> Vec<Probe> {
        self.lock().asked.clone()
    }

    /// How often somebody looked.
    pub fn count(&self) -> u64 {
        self.lock().count
    }

    /// Counts only from now on: for benchmarks.
    pub fn forget(&self) {
        self.lock().is_forgetful = true;
    }
}

#[async_trait]
impl Prober for FakeProber {
    async fn probe(&self, probe: &Probe) -> Found {
        let mut state = self.lock();
        state.count += 1;
        if !state.is_forgetful {
            state.asked.push(probe.clone());
        }
        let found = state.found.get(&probe.port).cloned();
        found.unwrap_or_else(|| Found::new(Verdict::Good, "All is well."))
    }
}
