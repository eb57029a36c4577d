//! What comes out of a running server: log lines, measurements, the output of commands. Plain data, no I/O.

use bytes::Bytes;
use chrono::{DateTime, Utc};

/// Which lines of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// Only the last so many lines of what there is; all if absent.
    pub tail: Option<u32>,
    /// Only lines from this time on.
    pub since: Option<DateTime<Utc>>,
    /// Only lines up to this time.
    pub until: Option<DateTime<Utc>>,
    /// Only lines of this output.
    pub stream: Option<LogStream>,
    /// Go on with new lines until the container ends. The stream then ends too.
    pub follow: bool,
}

impl LogQuery {
    /// Whether a line is of the output and the time that are asked for. One without a time is of any.
    pub(super) fn covers(&self, line: &LogLine) -> bool {
        let is_in_time = line.at.is_none_or(|at| {
            self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at <= until)
        });
        is_in_time && self.stream.is_none_or(|stream| stream == line.stream)
    }
}

/// Which of a process's two outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One line that a server wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When the engine read its beginning.
    pub at: Option<DateTime<Utc>>,
    /// Where it was written to.
    pub stream: LogStream,
    /// The text without its line end; what is not UTF-8 is replaced by U+FFFD.
    pub text: String,
    /// Whether the line was longer than [`MAX_LOG_LINE`] and the rest of it is missing.
    pub cut: bool,
}

/// The longest line that a log gives, in bytes before UTF-8 repair.
pub const MAX_LOG_LINE: usize = 16 * 1024;

/// What a running server uses. Counters grow from its start; a difference of two gives a rate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// When it was measured.
    pub at: Option<DateTime<Utc>>,
    /// Processor time used so far.
    pub cpu_nanos: u64,
    /// Memory in use, without the file cache that the kernel can take back.
    pub memory_bytes: u64,
    /// The most it may use.
    pub memory_limit: u64,
    /// Bytes received from its network.
    pub rx_bytes: u64,
    /// Bytes sent to its network.
    pub tx_bytes: u64,
    /// Bytes read from disks.
    pub read_bytes: u64,
    /// Bytes written to disks.
    pub write_bytes: u64,
    /// Processes and threads.
    pub pids: u64,
}

/// What a command inside a server said. Each output is at most [`MAX_EXEC_OUTPUT`] long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExecOutput {
    /// What it returned.
    pub exit_code: i64,
    /// Its standard output.
    pub stdout: Bytes,
    /// Its standard error.
    pub stderr: Bytes,
    /// Whether output beyond the limit was dropped.
    pub cut: bool,
}

/// The most that is kept of each output of a command, in bytes.
pub const MAX_EXEC_OUTPUT: usize = 1024 * 1024;
