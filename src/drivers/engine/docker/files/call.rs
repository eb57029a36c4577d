//! One command in the helper: its arguments and content in, its answer and content out.

use std::pin::Pin;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::super::super::files::Answer;
use super::super::super::{EngineError, EngineResult, EngineStream, FilesBody, FilesResult, FilesSpec};
use super::super::{connection::Connection, error};

/// How often a call is tried whose helper ends just as it is asked.
const ATTEMPTS: usize = 3;
/// How long the helper may take to say anything, content on its way in aside. It ends a command that stalls before that.
const PATIENCE: Duration = Duration::from_mins(10);
/// The engine passes on pieces of up to 32 KiB.
const BUFFER: usize = 64 * 1024;
/// No answer's first line is longer: a name and a target, both percent-encoded.
const MAX_LINE: usize = 16 * 1024;
/// The longest frame.
const MAX_FRAME: usize = 1 << 20;

type Input = Pin<Box<dyn AsyncWrite + Send>>;
type Output = Pin<Box<dyn Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send>>;

/// What the helper says.
pub(super) struct Reply {
    pub(super) answer: Answer,
    /// The bytes after that; an error if they are not all.
    pub(super) bytes: EngineStream<Bytes>,
}

impl Connection {
    /// Runs a command in the server's helper.
    pub(super) async fn files_call(
        &self,
        spec: &FilesSpec,
        argv: Vec<String>,
        content: Option<FilesBody>,
    ) -> FilesResult<Reply> {
        for _ in 0..ATTEMPTS {
            let helper = self.files_helper(spec).await?;
            if let Some((output, input)) = self.files_exec(&helper, &argv, content.is_some()).await? {
                return self.converse(output, input, content).await;
            }
        }
        Err(ended().into())
    }

    /// Starts a command; nothing if the helper has ended.
    async fn files_exec(
        &self,
        helper: &str,
        argv: &[String],
        takes_content: bool,
    ) -> EngineResult<Option<(Output, Input)>> {
        let program = std::iter::once("files".to_owned());
        let config = ExecConfig {
            attach_stdin: Some(takes_content),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(program.chain(argv.iter().cloned()).collect()),
            ..Default::default()
        };
        let is_gone = |failure: &_| matches!(error::status(failure), Some(404 | 409));
        let exec = match self.docker.create_exec(helper, config).await {
            Ok(exec) => exec.id,
            Err(failure) if is_gone(&failure) => return Ok(None),
            Err(failure) => return Err(self.failure(failure)),
        };
        let options = StartExecOptions {
            output_capacity: Some(BUFFER),
            ..Default::default()
        };
        match self.docker.start_exec(&exec, Some(options)).await {
            Ok(StartExecResults::Attached { output, input }) => Ok(Some((output, input))),
            Ok(StartExecResults::Detached) => Err(ended()),
            Err(failure) if is_gone(&failure) => Ok(None),
            Err(failure) => Err(self.failure(failure)),
        }
    }

    async fn converse(
        &self,
        output: Output,
        mut input: Input,
        content: Option<FilesBody>,
    ) -> FilesResult<Reply> {
        let mut heard = Heard::new(self.clone(), output);
        let line = match content {
            None => {
                let line = tokio::time::timeout(PATIENCE, heard.line()).await;
                line.map_err(|_| EngineError::Timeout(PATIENCE))??
            }
            Some(content) => {
                let sent = async {
                    // A helper that has said why it won't take more has ended: then nobody listens.
                    drop(send(&mut input, content).await);
                    std::future::pending::<()>().await;
                };
                tokio::select! {
                    line = heard.line() => line?,
                    () = sent => return Err(ended().into()),
                }
            }
        };
        let answer = Answer::read(&line)?;
        Ok(Reply {
            answer,
            bytes: heard.rest(input),
        })
    }
}

/// Sends content in frames. The last is empty; without it the helper knows that it was cut off.
async fn send(input: &mut Input, mut content: FilesBody) -> std::io::Result<()> {
    while let Some(piece) = content.next().await {
        let Ok(mut piece) = piece else {
            return input.shutdown().await;
        };
        while piece.has_remaining() {
            let frame = piece.split_to(piece.len().min(MAX_FRAME));
            let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
            input.write_all(&length.to_be_bytes()).await?;
            input.write_all(&frame).await?;
        }
    }
    input.write_all(&0_u32.to_be_bytes()).await?;
    input.flush().await
}

/// What came from the helper so far.
struct Heard {
    connection: Connection,
    output: Output,
    stdout: BytesMut,
    stderr: BytesMut,
}

impl Heard {
    fn new(connection: Connection, output: Output) -> Self {
        Self {
            connection,
            output,
            stdout: BytesMut::new(),
            stderr: BytesMut::new(),
        }
    }

    /// Waits for more of the output, which is empty for a complaint; nothing at the end.
    async fn piece(&mut self) -> EngineResult<Option<Bytes>> {
        match self.output.next().await {
            None => Ok(None),
            Some(Err(failure)) => Err(self.connection.failure(failure)),
            Some(Ok(LogOutput::StdErr { message })) => {
                let room = MAX_LINE.saturating_sub(self.stderr.len());
                self.stderr.extend_from_slice(&message[..message.len().min(room)]);
                Ok(Some(Bytes::new()))
            }
            Some(Ok(other)) => Ok(Some(other.into_bytes())),
        }
    }

    /// Waits for more and keeps it; `false` at the end.
    async fn more(&mut self) -> EngineResult<bool> {
        let piece = self.piece().await?;
        self.stdout
            .extend_from_slice(piece.as_deref().unwrap_or_default());
        Ok(piece.is_some())
    }

    /// The first line.
    async fn line(&mut self) -> EngineResult<String> {
        loop {
            if let Some(end) = self.stdout.iter().position(|byte| *byte == b'\n') {
                let line = self.stdout.split_to(end + 1);
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if self.stdout.len() > MAX_LINE || !self.more().await? {
                let said = String::from_utf8_lossy(&self.stderr).into_owned();
                tracing::warn!(said, "the files helper ended without an answer");
                return Err(ended());
            }
        }
    }

    /// All after the first line, piece by piece as it comes: large files are not copied once more.
    fn rest(mut self, input: Input) -> EngineStream<Bytes> {
        async_stream::try_stream! {
            // Closing the input may end the command.
            let _open = input;
            if !self.stdout.is_empty() {
                yield self.stdout.split().freeze();
            }
            while let Some(piece) = self.piece().await? {
                if !piece.is_empty() {
                    yield piece;
                }
            }
            if &self.stderr[..] != b"done\n" {
                Err(ended())?;
            }
        }
        .boxed()
    }
}

fn ended() -> EngineError {
    EngineError::Failed {
        status: 0,
        message: "the files helper ended in the middle".to_owned(),
        source: None,
    }
}
