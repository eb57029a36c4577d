//! A command that is told something on its standard input and says lines until it ends.
//!
//! Its standard input stays open as long as anybody reads what it says. When nobody does any more the engine closes it, by which the
//! command knows that it is not wanted: an engine has no other way to end one.

use bollard::container::LogOutput;
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use futures_util::StreamExt as _;
use tokio::io::AsyncWriteExt as _;

use super::super::super::{EngineError, EngineResult, EngineStream};
use super::super::{connection::Connection, error};

/// No line is longer. What is longer has no end.
const LONGEST: usize = 64 * 1024;

impl Connection {
    /// Runs a command, tells it `input`, and gives the lines of its standard output. Nothing if the container does not run.
    pub(in super::super) async fn dialogue(
        &self,
        container: &str,
        argv: Vec<String>,
        input: &[u8],
    ) -> EngineResult<Option<EngineStream<String>>> {
        let config = ExecConfig {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            cmd: Some(argv),
            ..Default::default()
        };
        let is_gone = |failure: &_| matches!(error::status(failure), Some(404 | 409));
        let exec = match self.docker.create_exec(container, config).await {
            Ok(exec) => exec.id,
            Err(failure) if is_gone(&failure) => return Ok(None),
            Err(failure) => return Err(self.failure(failure)),
        };
        let started = self.docker.start_exec(&exec, None::<StartExecOptions>).await;
        let (mut output, mut told) = match started {
            Ok(StartExecResults::Attached { output, input }) => (output, input),
            Ok(StartExecResults::Detached) => return Err(ended("nobody listens to it")),
            Err(failure) if is_gone(&failure) => return Ok(None),
            Err(failure) => return Err(self.failure(failure)),
        };
        let sent = async {
            told.write_all(input).await?;
            told.flush().await
        };
        sent.await.map_err(|_| ended("it does not listen"))?;
        let connection = self.clone();
        let lines = async_stream::try_stream! {
            // Closing it ends the command.
            let _open = told;
            let mut rest = Vec::new();
            while let Some(piece) = output.next().await {
                let piece = piece.map_err(|failure| connection.failure(failure))?;
                if let LogOutput::StdErr { .. } = piece {
                    continue;
                }
                rest.extend_from_slice(&piece.into_bytes());
                while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = rest.drain(..=end).collect();
                    yield String::from_utf8_lossy(&line[..end]).into_owned();
                }
                if rest.len() > LONGEST {
                    Err(ended("it says a line without an end"))?;
                }
            }
        };
        Ok(Some(lines.boxed()))
    }
}

fn ended(message: &str) -> EngineError {
    EngineError::Failed {
        status: 0,
        message: message.to_owned(),
        source: None,
    }
}
