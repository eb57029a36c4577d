//! Shells inside a container, and the container's own process.
//!
//! Docker cannot end what was started by `exec`, and leaves a shell alone when whoever opened it hangs up. So every process
//! of a shell carries the shell's key in its environment, where [`end_shell`](Connection::end_shell) finds it.

use std::time::Duration;

use bollard::{
    errors::Error, exec::ResizeExecOptions, models::ExecConfig, query_parameters::LogsOptionsBuilder,
};
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::sleep;

use super::super::super::{
    EngineError, EngineResult, EngineStream, Outcome, ServerKey, ShellKey, Terminal, TerminalId, TerminalSize,
};
use super::super::{Endpoint, connection::Connection, error, hijack};

/// A better shell where there is one. Without a locale that knows UTF-8 it would show such text as question marks.
const SHELL: &str = "export LANG=\"${LANG:-C.UTF-8}\"\n\
    if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi";
/// The environment variable that marks what runs in a shell.
const MARK: &str = "BERTH_CONSOLE";
/// Ends what is marked with `$1`: by SIGHUP, and by SIGKILL what is still there a second later. 3: nothing was there.
const END: &str = "mine() { for dir in /proc/[0-9]*; do \
    if grep -qs \"BERTH_CONSOLE=$1\" \"$dir/environ\"; then echo \"${dir#/proc/}\"; fi; done; }\n\
    [ -n \"$(mine \"$1\")\" ] || exit 3\n\
    kill -HUP $(mine \"$1\") 2>/dev/null\n\
    tries=0\n\
    while [ -n \"$(mine \"$1\")\" ]; do\n\
    tries=$((tries + 1)); [ $tries -lt 50 ] || exit 1\n\
    [ $tries -lt 10 ] || kill -KILL $(mine \"$1\") 2>/dev/null\n\
    sleep 0.1\n\
    done";
const NOTHING_TO_END: i64 = 3;
/// Longer than the script takes at most.
const END_TIMEOUT: Duration = Duration::from_secs(15);
/// How much is read at once.
const PIECE: usize = 16 * 1024;
/// A process that was asked for is not there at once: how often its size is tried, and the pause before each try more.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(10);

impl Connection {
    pub(in super::super) async fn open_shell(
        &self,
        endpoint: &Endpoint,
        (server, shell): (&ServerKey, &ShellKey),
        size: TerminalSize,
    ) -> EngineResult<Terminal> {
        let not_running = || EngineError::NotRunning(server.clone());
        let container = self.find(server).await?.ok_or_else(not_running)?;
        let config = ExecConfig {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: Some(true),
            env: Some(vec![format!("{MARK}={shell}"), "TERM=xterm-256color".to_owned()]),
            cmd: Some(["sh", "-c", SHELL].map(str::to_owned).into()),
            ..Default::default()
        };
        let exec = match self.docker.create_exec(&container.id, config).await {
            Ok(exec) => exec.id,
            // 404: gone since; 409: not running, or paused.
            Err(failure) if matches!(error::status(&failure), Some(404 | 409)) => return Err(not_running()),
            Err(failure) => return Err(self.failure(failure)),
        };
        let path = format!("/exec/{exec}/start");
        let stream = hijack::post(endpoint, &path, r#"{"Detach":false,"Tty":true}"#).await?;
        let id = TerminalId(Some(exec));
        self.resize(&id, size).await?;
        let (output, input) = tokio::io::split(stream);
        Ok(Terminal {
            id,
            output: pieces(output),
            input: Box::pin(input),
        })
    }

    pub(in super::super) async fn end_shell(
        &self,
        server: &ServerKey,
        shell: &ShellKey,
    ) -> EngineResult<Outcome> {
        let Some(container) = self.find(server).await? else {
            return Ok(Outcome::Gone);
        };
        let argv = ["sh", "-c", END, "sh", shell.as_str()].map(str::to_owned);
        let Some(said) = self.exec_in(&container.id, argv.into(), END_TIMEOUT).await? else {
            // Whatever ran in it ended with it.
            return Ok(Outcome::Gone);
        };
        match said.exit_code {
            0 => Ok(Outcome::Done),
            NOTHING_TO_END => Ok(Outcome::Already),
            code => Err(EngineError::Failed {
                status: 0,
                message: format!("shell {shell} of {server} did not end ({code})"),
                source: None,
            }),
        }
    }

    pub(in super::super) async fn attach(
        &self,
        endpoint: &Endpoint,
        server: &ServerKey,
        tail: u32,
    ) -> EngineResult<Terminal> {
        let not_running = || EngineError::NotRunning(server.clone());
        let container = self.find(server).await?.ok_or_else(not_running)?;
        if container.state.status != "running" {
            return Err(not_running());
        }
        if !container.config.open_stdin {
            return Err(EngineError::NoInput(server.clone()));
        }
        let path = format!("/containers/{}/attach?stream=1&stdin=1", container.id);
        let stream = hijack::post(endpoint, &path, "").await?;
        // Only the log knows what was printed before, and goes on without a gap.
        let options = LogsOptionsBuilder::default()
            .stdout(true)
            .stderr(true)
            .follow(true)
            .tail(&tail.to_string())
            .build();
        let (connection, lines) = (self.clone(), self.docker.logs(&container.id, Some(options)));
        let output = lines.map(move |line| match line {
            Ok(line) => Ok(line.into_bytes()),
            Err(failure) => Err(connection.failure(failure)),
        });
        Ok(Terminal {
            id: TerminalId::NONE,
            output: output.boxed(),
            input: Box::pin(stream),
        })
    }

    pub(in super::super) async fn resize(
        &self,
        terminal: &TerminalId,
        size: TerminalSize,
    ) -> EngineResult<()> {
        let Some(exec) = &terminal.0 else {
            return Ok(());
        };
        let options = ResizeExecOptions {
            height: size.rows,
            width: size.columns,
        };
        for attempt in 1..=TRIES {
            match self.docker.resize_exec(exec, options).await {
                Ok(()) => return Ok(()),
                // Not there yet, or not any more.
                Err(Error::DockerResponseServerError { .. }) => sleep(PAUSE * attempt).await,
                Err(failure) => return Err(self.failure(failure)),
            }
        }
        Ok(())
    }
}

/// What comes, as it comes. An end in the middle of nowhere is an end: the engine hangs up on a process that was killed.
fn pieces(mut output: impl AsyncRead + Send + Unpin + 'static) -> EngineStream<Bytes> {
    async_stream::stream! {
        let mut piece = vec![0; PIECE];
        while let Ok(read @ 1..) = output.read(&mut piece).await {
            yield Ok(Bytes::copy_from_slice(&piece[..read]));
        }
    }
    .boxed()
}
