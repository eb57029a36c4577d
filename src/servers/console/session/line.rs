//! The open terminal: its output, and the hand that types into it, which is a task of its own because a process that does
//! not read must not make the session wait.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;

use crate::app::App;
use crate::drivers::engine::{Engine, EngineStream, Terminal, TerminalId, TerminalInput, TerminalSize};

/// What waits for a process that does not read: so many messages, each at most as long as a viewer may send.
const WAITING: usize = 32;

/// A terminal that is open.
pub(super) struct Line {
    output: EngineStream<Bytes>,
    hand: mpsc::Sender<Stroke>,
}

enum Stroke {
    Keys(Bytes),
    Size(TerminalSize),
}

/// Whether what was typed is on its way.
pub(super) enum Took {
    All,
    Nothing,
}

impl Line {
    pub(super) fn new(app: &App, terminal: Terminal) -> Self {
        let Terminal { id, output, input } = terminal;
        let (hand, strokes) = mpsc::channel(WAITING);
        let (engine, stop) = (Arc::clone(&app.engine), app.tasks.token());
        app.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = type_all((engine, id), input, strokes) => {}
            }
        });
        Self { output, hand }
    }

    pub(super) fn keys(&self, keys: Bytes) -> Took {
        match self.hand.try_send(Stroke::Keys(keys)) {
            Ok(()) => Took::All,
            Err(_) => Took::Nothing,
        }
    }

    /// A size that has to wait behind too many keys is lost; the next one counts.
    pub(super) fn resize(&self, size: TerminalSize) {
        drop(self.hand.try_send(Stroke::Size(size)));
    }
}

/// Ends when the session lets go of the line, or the terminal is over.
async fn type_all(
    (engine, id): (Arc<dyn Engine>, TerminalId),
    mut input: TerminalInput,
    mut strokes: mpsc::Receiver<Stroke>,
) {
    while let Some(stroke) = strokes.recv().await {
        match stroke {
            Stroke::Size(size) => {
                if let Err(error) = engine.resize(&id, size).await {
                    tracing::debug!(%error, "a terminal keeps its size");
                }
            }
            Stroke::Keys(keys) => {
                if input.write_all(&keys).await.is_err() || input.flush().await.is_err() {
                    return;
                }
            }
        }
    }
}

/// What the terminal prints next; nothing when it is over. Where none is open, this waits for ever.
pub(super) async fn output(line: &mut Option<Line>) -> Option<Bytes> {
    let Some(line) = line else {
        return std::future::pending().await;
    };
    // A broken connection is an end like any other: the session looks what became of the server.
    line.output.next().await.and_then(Result::ok)
}

/// What was typed to a process without a terminal, which shows nothing by itself: as a line that is not the process's own.
pub(super) fn echo(keys: &Bytes) -> Bytes {
    let text = String::from_utf8_lossy(keys);
    let shown = text.lines().map(|line| {
        let plain: String = line.chars().filter(|letter| !letter.is_control()).collect();
        format!("\x1b[2m> {plain}\x1b[0m\n")
    });
    Bytes::from(shown.collect::<Vec<_>>().concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_is_marked_and_holds_no_control_characters() {
        let shown = echo(&Bytes::from_static(b"say \x1b]0;evil\x07 hi\nstop\n"));
        assert_eq!(
            &shown[..],
            "\x1b[2m> say ]0;evil hi\x1b[0m\n\x1b[2m> stop\x1b[0m\n".as_bytes()
        );
    }
}
