//! The fake's shells and what can be typed to its servers: as much of each as the contract asks for.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::io::{AsyncReadExt as _, DuplexStream};

use super::super::{
    EngineError, EngineResult, EngineStream, LogQuery, LogStream, ObservedState, Outcome, ServerKey,
    ShellKey, Terminal, TerminalId, TerminalSize,
};
use super::state::State;
use super::{Call, FakeEngine, Step};

/// What can be typed before it is read.
const BUFFER: usize = 4096;
const PROMPT: &str = "$ ";

/// Open shells.
pub(super) type Shells = BTreeMap<(ServerKey, ShellKey), Shell>;

/// One shell: its number on the engine, its size, and the line that is being typed.
pub(super) struct Shell {
    id: String,
    size: TerminalSize,
    line: String,
}

impl State {
    fn open_shell(&mut self, key: (ServerKey, ShellKey), size: TerminalSize) -> EngineResult<TerminalId> {
        if self.observe(&key.0)?.state != ObservedState::Running {
            return Err(EngineError::NotRunning(key.0));
        }
        self.ticks += 1;
        let id = format!("exec-{}", self.ticks);
        let shell = Shell {
            id: id.clone(),
            size,
            line: String::new(),
        };
        self.shells.insert(key, shell);
        Ok(TerminalId(Some(id)))
    }

    pub(super) fn end_shell(&mut self, server: &ServerKey, shell: &ShellKey) -> EngineResult<Outcome> {
        if self.observe(server)?.state != ObservedState::Running {
            return Ok(Outcome::Gone);
        }
        let was = self.shells.remove(&(server.clone(), shell.clone()));
        Ok(was.map_or(Outcome::Already, |_| Outcome::Done))
    }

    pub(super) fn resize(&mut self, terminal: &TerminalId, size: TerminalSize) {
        let mut all = self.shells.values_mut();
        if let Some(shell) = all.find(|shell| terminal.0.as_ref() == Some(&shell.id)) {
            shell.size = size;
        }
    }

    /// What the terminal shows after so much was typed: the keys themselves, and what a finished line does. It knows
    /// `echo`, `stty size` and `exit`.
    fn typed(&mut self, key: &(ServerKey, ShellKey), keys: &[u8]) -> String {
        let mut shown = String::new();
        for letter in String::from_utf8_lossy(keys).chars() {
            let Some(shell) = self.shells.get_mut(key) else {
                return shown;
            };
            if letter != '\r' {
                shell.line.push(letter);
                shown.push(letter);
                continue;
            }
            let line = std::mem::take(&mut shell.line);
            let said = match line.split_once(' ') {
                Some(("echo", words)) => words.to_owned(),
                Some(("stty", "size")) => format!("{} {}", shell.size.rows, shell.size.columns),
                None if line == "exit" => {
                    self.shells.remove(key);
                    return shown + "\r\n";
                }
                _ => format!("{line}: not found"),
            };
            shown.extend(["\r\n", &*said, "\r\n", PROMPT]);
        }
        shown
    }

    /// What a server's own process does with what it reads: it answers each line, and keeps what is no line yet.
    fn read(&mut self, server: &ServerKey, rest: &mut String, keys: &[u8]) {
        rest.push_str(&String::from_utf8_lossy(keys));
        while let Some((line, after)) = rest.split_once('\n') {
            let (line, after) = (line.to_owned(), after.to_owned());
            *rest = after;
            self.log(server, LogStream::Stdout, &format!("got {line}"));
        }
    }

    fn may_attach(&self, server: &ServerKey) -> EngineResult<()> {
        if self.observe(server)?.state != ObservedState::Running {
            return Err(EngineError::NotRunning(server.clone()));
        }
        match self.containers.get(server) {
            Some(container) if container.spec.open_stdin => Ok(()),
            _ => Err(EngineError::NoInput(server.clone())),
        }
    }
}

impl FakeEngine {
    /// How many shells are open in the server.
    pub fn shells(&self, server: &ServerKey) -> usize {
        let state = self.lock();
        state.shells.keys().filter(|(of, _)| of == server).count()
    }

    pub(super) fn shell(
        &self,
        (server, shell): (&ServerKey, &ShellKey),
        size: TerminalSize,
    ) -> EngineResult<Terminal> {
        let key = (server.clone(), shell.clone());
        let id = self.call(Call::OpenShell, |state| state.open_shell(key.clone(), size))?;
        let (near, far) = tokio::io::duplex(BUFFER);
        Ok(Terminal {
            id,
            output: self.screen(key, far),
            input: Box::pin(near),
        })
    }

    fn screen(&self, key: (ServerKey, ShellKey), mut keys: DuplexStream) -> EngineStream<Bytes> {
        let engine = self.clone();
        let mut changes = self.changes.subscribe();
        async_stream::stream! {
            yield Ok(Bytes::from_static(PROMPT.as_bytes()));
            let mut piece = [0; BUFFER];
            loop {
                changes.mark_unchanged();
                {
                    let state = engine.lock();
                    if state.calls.down || !state.shells.contains_key(&key) { break; }
                }
                tokio::select! {
                    read = keys.read(&mut piece) => match read {
                        Ok(read @ 1..) => {
                            let shown = engine.change(|state| state.typed(&key, &piece[..read]));
                            yield Ok(Bytes::from(shown));
                        }
                        // Whoever typed hung up; the shell goes on.
                        _ => if changes.changed().await.is_err() { break },
                    },
                    news = changes.changed() => if news.is_err() { break },
                }
            }
        }
        .boxed()
    }

    pub(super) fn main_process(&self, server: &ServerKey, tail: u32) -> EngineResult<Terminal> {
        let query = LogQuery {
            tail: Some(tail),
            follow: true,
            ..LogQuery::default()
        };
        let mut next = self.call(Call::Attach, |state| {
            state.may_attach(server)?;
            state.first_line(server, &query)
        })?;
        let (near, mut far) = tokio::io::duplex(BUFFER);
        let (engine, key, of) = (self.clone(), server.clone(), server.clone());
        let mut lines = self.follow(move |state| match state.next_line(&key, &mut next, &query) {
            Step::Item(line) => Step::Item(Bytes::from(line.text + "\n")),
            Step::Fail(error) => Step::Fail(error),
            Step::Wait => Step::Wait,
            Step::End => Step::End,
        });
        let output = async_stream::stream! {
            let (mut piece, mut rest, mut open) = ([0; BUFFER], String::new(), true);
            loop {
                tokio::select! {
                    line = lines.next() => match line {
                        Some(line) => yield line,
                        None => break,
                    },
                    read = far.read(&mut piece), if open => match read {
                        Ok(read @ 1..) => engine.change(|state| state.read(&of, &mut rest, &piece[..read])),
                        _ => open = false,
                    },
                }
            }
        };
        Ok(Terminal {
            id: TerminalId::NONE,
            output: output.boxed(),
            input: Box::pin(near),
        })
    }
}
