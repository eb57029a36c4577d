//! What can go wrong with a pool, each as a sentence for whoever has to mend it. The engine prints it as it is.

use std::io;
use std::path::PathBuf;

use super::show_size;

/// A pool's answer.
pub type PoolResult<T> = Result<T, PoolError>;

/// Why the pool does not do it.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// What was asked for makes no sense; the sentence says what does.
    #[error("{0}")]
    Invalid(String),
    /// No such volume, snapshot or tenant.
    #[error("there is no {what} {name}")]
    Missing {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// There is another thing of that name.
    #[error("{0}")]
    Exists(String),
    /// More is held than the limit that is asked for.
    #[error(
        "{what} holds {}, so {} is too small: free space first, or choose at least {}",
        show_size(*used), show_size(*wanted), show_size(*used)
    )]
    TooSmall {
        /// Whose limit.
        what: String,
        /// What it holds, in bytes.
        used: u64,
        /// What was asked for.
        wanted: u64,
    },
    /// The kernel says that a quota is reached.
    #[error(
        "the quota of the volume or of its tenant is reached: make one larger, or delete files or snapshots"
    )]
    QuotaReached,
    /// There is no space left in the pool itself.
    #[error("the pool is full: make it larger with `berth pool grow`, or remove volumes or snapshots")]
    Full,
    /// The file system protects what is left of it.
    #[error(
        "the pool went read-only, as a damaged file system does: see `dmesg` and `berth pool status`, copy what is needed, and restore from a backup"
    )]
    ReadOnly,
    /// The pool is not where it should be.
    #[error("the pool at {root} is not there: {why}", root = root.display())]
    Gone {
        /// Where it should be.
        root: PathBuf,
        /// What is known about it.
        why: String,
    },
    /// Quotas of this pool are only measured.
    #[error("{0} needs btrfs, and this pool has a soft quota: measured, not enforced")]
    Soft(&'static str),
    /// A program of the system is not installed.
    #[error("the program {0} is not installed: install btrfs-progs, mount and util-linux")]
    NoProgram(&'static str),
    /// A program of the system failed otherwise.
    #[error("{program}: {says}")]
    Program {
        /// Which.
        program: &'static str,
        /// Its own words.
        says: String,
    },
    /// The system refused a file.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's word.
        source: io::Error,
    },
    /// Somebody else has it.
    #[error("{0}")]
    Busy(String),
    /// The driver does not answer, or not as it should.
    #[error("the volume driver at {socket} does not answer: {says}", socket = socket.display())]
    NoDriver {
        /// Its socket.
        socket: PathBuf,
        /// What happened.
        says: String,
    },
    /// What the driver answered, from the side of its client.
    #[error("{says}")]
    Refused {
        /// [`PoolError::code`] over there.
        code: String,
        /// Its sentence.
        says: String,
    },
}

impl PoolError {
    /// An error of a file's.
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull => Self::Full,
            io::ErrorKind::QuotaExceeded => Self::QuotaReached,
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            _ => Self::Io { what, source },
        }
    }

    /// A stable word for programs.
    pub fn code(&self) -> &str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::Missing { .. } => "missing",
            Self::Exists(_) => "exists",
            Self::TooSmall { .. } => "too_small",
            Self::QuotaReached => "quota_reached",
            Self::Full => "full",
            Self::ReadOnly => "read_only",
            Self::Gone { .. } => "gone",
            Self::Soft(_) => "soft",
            Self::Busy(_) => "busy",
            Self::NoProgram(_) | Self::Program { .. } | Self::Io { .. } => "failed",
            Self::NoDriver { .. } => "no_driver",
            Self::Refused { code, .. } => code,
        }
    }
}
