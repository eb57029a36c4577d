//! Commands inside a container.

use std::time::Duration;

use bollard::{
    container::LogOutput,
    exec::{StartExecOptions, StartExecResults},
    models::ExecConfig,
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

use super::super::super::{EngineError, EngineResult, ExecOutput, MAX_EXEC_OUTPUT, ServerKey};
use super::super::{connection::Connection, error};

/// How long to wait before asking again what a command returned whose output has just ended.
const ASK_AGAIN: Duration = Duration::from_millis(20);

impl Connection {
    pub(in super::super) async fn exec(
        &self,
        server: &ServerKey,
        argv: Vec<String>,
        timeout: Duration,
    ) -> EngineResult<ExecOutput> {
        if argv.is_empty() {
            return Err(EngineError::invalid("there is no command to run"));
        }
        let output = match self.find(server).await? {
            Some(container) => self.exec_in(&container.id, argv, timeout).await?,
            None => None,
        };
        output.ok_or_else(|| EngineError::NotRunning(server.clone()))
    }

    /// Runs a command in a container; nothing if that does not run.
    pub(in super::super) async fn exec_in(
        &self,
        container: &str,
        argv: Vec<String>,
        timeout: Duration,
    ) -> EngineResult<Option<ExecOutput>> {
        self.exec_up_to(container, argv, (timeout, MAX_EXEC_OUTPUT)).await
    }

    /// The same, of each of whose outputs so many bytes are kept.
    pub(in super::super) async fn exec_up_to(
        &self,
        container: &str,
        argv: Vec<String>,
        (timeout, most): (Duration, usize),
    ) -> EngineResult<Option<ExecOutput>> {
        let config = ExecConfig {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(argv),
            ..Default::default()
        };
        let exec = match self.docker.create_exec(container, config).await {
            Ok(exec) => exec.id,
            // 404: gone since; 409: not running, or paused.
            Err(failure) if matches!(error::status(&failure), Some(404 | 409)) => return Ok(None),
            Err(failure) => return Err(self.failure(failure)),
        };
        let run = self.run_exec(&exec, most);
        tokio::time::timeout(timeout, run)
            .await
            .map_err(|_| EngineError::Timeout(timeout))?
            .map(Some)
    }

    async fn run_exec(&self, exec: &str, most: usize) -> EngineResult<ExecOutput> {
        let started = self.docker.start_exec(exec, None::<StartExecOptions>).await;
        let mut collected = Collected::up_to(most);
        // The input stays open as long as the output: closing it may end the command.
        if let StartExecResults::Attached {
            mut output,
            input: _open,
        } = started.map_err(|e| self.failure(e))?
        {
            while let Some(piece) = output.next().await {
                collected.add(piece.map_err(|failure| self.failure(failure))?);
            }
        }
        let exit_code = self.exit_code(exec).await?;
        Ok(collected.with(exit_code))
    }

    /// The end of the output is seen a moment before the engine knows of the end of the process.
    async fn exit_code(&self, exec: &str) -> EngineResult<i64> {
        loop {
            let seen = self
                .docker
                .inspect_exec(exec)
                .await
                .map_err(|failure| self.failure(failure))?;
            if let (Some(false), Some(code)) = (seen.running, seen.exit_code) {
                return Ok(code);
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }
}

struct Collected {
    most: usize,
    stdout: BytesMut,
    stderr: BytesMut,
    cut: bool,
}

impl Collected {
    fn up_to(most: usize) -> Self {
        Self {
            most,
            stdout: BytesMut::new(),
            stderr: BytesMut::new(),
            cut: false,
        }
    }

    fn add(&mut self, piece: LogOutput) {
        let (output, piece): (_, Bytes) = match piece {
            LogOutput::StdErr { message } => (&mut self.stderr, message),
            other => (&mut self.stdout, other.into_bytes()),
        };
        let room = self.most - output.len();
        self.cut |= piece.len() > room;
        output.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    fn with(self, exit_code: i64) -> ExecOutput {
        ExecOutput {
            exit_code,
            stdout: self.stdout.freeze(),
            stderr: self.stderr.freeze(),
            cut: self.cut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_output_does_not_fill_our_memory() {
        let mut collected = Collected::up_to(MAX_EXEC_OUTPUT);
        let piece = Bytes::from(vec![b'a'; MAX_EXEC_OUTPUT / 2 + 1]);
        for _ in 0..4 {
            collected.add(LogOutput::StdOut {
                message: piece.clone(),
            });
        }
        let output = collected.with(0);
        assert_eq!((output.stdout.len(), output.cut), (MAX_EXEC_OUTPUT, true));
    }
}
