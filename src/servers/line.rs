//! One line for a server, given once and by no person's hand: to its process's input or to a shell beside it, as its console would.
//!
//! A process that reads lines says neither when it is done nor whether it is content, so what it prints next is taken for its
//! answer, until it is silent for a moment.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, timeout, timeout_at};

use crate::app::App;
use crate::catalogue::Console;
use crate::drivers::engine::{EngineError, ExecOutput, ServerKey, Terminal};
use crate::eggs;
use crate::platform::access::SystemScope;

use super::model::Server;

/// How much of an answer is kept.
const MAX_OUTPUT: usize = 16 * 1024;
/// What was printed before is not part of the answer: following begins so long before the line is given.
const AHEAD: Duration = Duration::from_millis(300);
/// An answer is over when nothing has come for so long, or has come for so long.
const SILENCE: Duration = Duration::from_millis(700);
const ANSWER: Duration = Duration::from_secs(5);

/// What a server said to a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// What the command returned, if it was one that returns.
    pub exit_code: Option<i64>,
    /// What was printed, standard output first.
    pub output: String,
    /// Whether there was more.
    pub is_cut: bool,
}

/// Why a line was not given, or not to its end. Each is a sentence for the customer.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// There is no process.
    #[error("The server did not run.")]
    NotRunning,
    /// Its container has no open input.
    #[error("The server was made before it could be typed to. Restart it once.")]
    NoInput,
    /// It goes on, and nobody waits for it any more.
    #[error("The command did not end in time. It may still be running.")]
    TooLong,
    /// The engine did not do it.
    #[error("The container engine did not take the command.")]
    Engine(#[source] EngineError),
    /// The panel's database did not tell what is needed.
    #[error("The panel could not find out how the server takes commands.")]
    Unknown(#[source] crate::platform::error::Error),
}

impl From<EngineError> for LineError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::NotRunning(_) => Self::NotRunning,
            EngineError::NoInput(_) => Self::NoInput,
            EngineError::Timeout(_) => Self::TooLong,
            other => Self::Engine(other),
        }
    }
}

/// Gives a server a line and waits for its answer, a command's at most for `limit`.
pub async fn give_line(
    app: &App,
    scope: &SystemScope,
    server: &Server,
    line: &str,
    limit: Duration,
) -> Result<Said, LineError> {
    let key = ServerKey::new(server.id.to_string())?;
    match console(app, scope, server).await? {
        Console::Attach => type_line(app, &key, line).await,
        Console::Shell => {
            let argv = ["sh", "-c", line].map(str::to_owned).to_vec();
            Ok(ended(&app.engine.exec(&key, argv, limit).await?))
        }
    }
}

async fn console(app: &App, scope: &SystemScope, server: &Server) -> Result<Console, LineError> {
    let mut tx = scope.begin().await.map_err(LineError::Unknown)?;
    let known = eggs::warm(app, &mut tx, &server.template)
        .await
        .map_err(LineError::Unknown)?;
    Ok(known.map_or(Console::Shell, |known| known.template.console))
}

fn ended(output: &ExecOutput) -> Said {
    let all = [&output.stdout[..], &output.stderr[..]].concat();
    let (text, is_cut) = readable(&all);
    Said {
        exit_code: Some(output.exit_code),
        output: text,
        is_cut: is_cut || output.cut,
    }
}

/// As text that the database keeps, and not more of it than is kept.
fn readable(bytes: &[u8]) -> (String, bool) {
    let mut text = String::from_utf8_lossy(bytes).replace('\0', "");
    let is_cut = text.len() > MAX_OUTPUT;
    text.truncate(text.floor_char_boundary(MAX_OUTPUT));
    (text, is_cut)
}

async fn type_line(app: &App, key: &ServerKey, line: &str) -> Result<Said, LineError> {
    let mut terminal = app.engine.attach(key, 0).await?;
    let begin = Instant::now() + AHEAD;
    while let Ok(Some(_)) = timeout_at(begin, terminal.output.next()).await {}
    let keys = Bytes::from(format!("{line}\n"));
    // Reading goes on meanwhile: a process that is busy printing may not read before somebody takes what it prints.
    let mut said = BytesMut::new();
    let written = write(&mut terminal, &keys, &mut said).await;
    written.map_err(|_| LineError::NotRunning)?;
    let end = Instant::now() + ANSWER;
    while said.len() <= MAX_OUTPUT
        && Instant::now() < end
        && let Ok(Some(Ok(piece))) = timeout(SILENCE, terminal.output.next()).await
    {
        said.extend_from_slice(&piece);
    }
    let (output, is_cut) = readable(&said);
    Ok(Said {
        exit_code: None,
        output,
        is_cut,
    })
}

async fn write(terminal: &mut Terminal, keys: &Bytes, said: &mut BytesMut) -> std::io::Result<()> {
    let Terminal { output, input, .. } = terminal;
    let typing = async {
        input.write_all(keys).await?;
        input.flush().await
    };
    let typing = timeout(ANSWER, typing);
    tokio::pin!(typing);
    loop {
        tokio::select! {
            biased;
            done = &mut typing => return done.map_err(|_| std::io::ErrorKind::TimedOut)?,
            piece = output.next() => match piece {
                Some(Ok(piece)) if said.len() <= MAX_OUTPUT => said.extend_from_slice(&piece),
                Some(Ok(_)) => {}
                _ => return Err(std::io::ErrorKind::BrokenPipe.into()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_bounded_and_can_be_kept() {
        assert_eq!(readable(b"a\0b\xff"), ("ab\u{fffd}".to_owned(), false));
        let (text, is_cut) = readable("é".repeat(MAX_OUTPUT).as_bytes());
        assert_eq!((text.len(), is_cut), (MAX_OUTPUT, true));
        let (text, is_cut) = readable(format!("a{}", "é".repeat(MAX_OUTPUT)).as_bytes());
        assert_eq!((text.len(), is_cut), (MAX_OUTPUT - 1, true));
    }

    #[test]
    fn a_command_tells_what_it_returned() {
        let said = ended(&ExecOutput {
            exit_code: 3,
            stdout: Bytes::from_static(b"out\n"),
            stderr: Bytes::from_static(b"err\n"),
            cut: false,
        });
        assert_eq!((said.exit_code, said.output.as_str()), (Some(3), "out\nerr\n"));
    }
}
