//! Counting calls, and letting them fail.

use std::collections::HashMap;

use super::super::{EngineError, EngineResult, LogStream};

/// A kind of call to the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the method of the trait with its name")]
pub enum Call {
    Ping,
    Info,
    ObserveAll,
    Observe,
    Ensure,
    SetLimits,
    Start,
    Stop,
    StopByInput,
    Kill,
    Remove,
    EnsureNetwork,
    RemoveNetwork,
    JoinNetwork,
    LeaveNetwork,
    ListNetworks,
    EnsureVolume,
    RemoveVolume,
    ListVolumes,
    VolumeUse,
    EnsureGuard,
    ObserveGuard,
    RemoveGuard,
    Logs,
    Stats,
    StatsAll,
    Exec,
    OpenShell,
    EndShell,
    Attach,
    Resize,
    ArchiveGet,
    ArchivePut,
    ImageExists,
    RunTask,
    CopyVolumes,
    RunHelper,
    EndTask,
    PullImage,
    BuildImage,
    RemoveImage,
    ListImages,
    Events,
    Files,
}

/// What a server's process does when it is started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Program {
    /// What it writes at once.
    pub output: Vec<(LogStream, String)>,
    /// What it then returns; it runs until it is stopped if absent.
    pub exit_code: Option<i64>,
    /// Whether it answers each line that it reads with `got` and the line. Only real ones ask; a fake one always does, where
    /// its container has an open input.
    pub answers: bool,
}

/// What happens to a call instead of what it asks for.
pub(super) enum Fault {
    Refuse(Box<dyn Fn() -> EngineError + Send + Sync>),
    LoseAnswer,
}

/// What is known and planned about calls.
#[derive(Default)]
pub(super) struct Calls {
    pub(super) down: bool,
    counts: HashMap<Call, u64>,
    planned: HashMap<Call, Vec<(usize, Fault)>>,
}

impl Calls {
    pub(super) fn plan(&mut self, call: Call, times: usize, fault: Fault) {
        self.planned.entry(call).or_default().push((times, fault));
    }

    pub(super) fn count(&self, call: Call) -> u64 {
        self.counts.get(&call).copied().unwrap_or(0)
    }

    pub(super) fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Counts a call. Fails if it is to fail; otherwise says whether its answer is to be lost.
    pub(super) fn enter(&mut self, call: Call) -> EngineResult<bool> {
        *self.counts.entry(call).or_default() += 1;
        if self.down {
            return Err(away());
        }
        let planned = self.planned.entry(call).or_default();
        planned.retain(|(times, _)| *times > 0);
        match planned.first_mut() {
            None => Ok(false),
            Some((times, fault)) => {
                *times -= 1;
                match fault {
                    Fault::Refuse(error) => Err(error()),
                    Fault::LoseAnswer => Ok(true),
                }
            }
        }
    }
}

/// What every call says while the engine is away.
pub(super) fn away() -> EngineError {
    EngineError::Unavailable(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into())
}
