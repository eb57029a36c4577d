//! Terminals: what somebody types goes in, what a screen should show comes out. Plain data, no I/O.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;
use tokio::io::AsyncWrite;

use super::EngineStream;

/// How many characters a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalSize {
    /// Characters in a line.
    pub columns: u16,
    /// Lines.
    pub rows: u16,
}

/// An open terminal. Dropping it hangs up; what runs in it goes on.
pub struct Terminal {
    /// What [`resize`](super::Engine::resize) knows it by.
    pub id: TerminalId,
    /// What is printed, as it comes, until the process ends. Reading slowly slows what prints.
    pub output: EngineStream<Bytes>,
    /// What is typed.
    pub input: TerminalInput,
}

/// Where what is typed is written to.
pub type TerminalInput = Pin<Box<dyn AsyncWrite + Send>>;

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The engine's name for an open terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalId(pub(super) Option<String>);

impl TerminalId {
    /// That of a process without a terminal, which has no size.
    pub(super) const NONE: Self = Self(None);
}
