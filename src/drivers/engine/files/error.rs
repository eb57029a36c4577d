//! Why something was not done with a file.

use super::super::EngineError;

/// The result of a call about files.
pub type FilesResult<T> = Result<T, FilesError>;

/// Why a file was not read or changed. Nothing was changed then, unless it says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilesError {
    /// It is not the file: the engine is away, a volume is missing, something failed that should not.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// There is no such entry.
    #[error("there is no such file")]
    NotFound,
    /// There is something at the place already.
    #[error("there is something at that place already")]
    Exists,
    /// A part of the path, or the entry, is not a folder.
    #[error("it is not a folder")]
    NotAFolder,
    /// The entry is a folder.
    #[error("it is a folder")]
    IsAFolder,
    /// The path leads over a link, or the entry is one.
    #[error("it is a link, or behind one")]
    Link,
    /// The entry is a socket, a pipe or a device.
    #[error("it is neither a file nor a folder")]
    Special,
    /// A name is longer than the file system takes.
    #[error("the name is too long")]
    TooLong,
    /// Folders in folders, too many for the helper.
    #[error("there are too many folders in each other")]
    TooDeep,
    /// The place is not possible, such as a folder inside of itself.
    #[error("it can't be there")]
    Impossible,
    /// The file system is full.
    #[error("the disk under the volume is full")]
    NoSpace,
    /// A quota of the file system is used up.
    #[error("a quota is used up")]
    Quota,
    /// The file system does not allow it.
    #[error("the file system does not allow it")]
    Denied,
    /// It is not the version that was expected.
    #[error("it has changed")]
    Changed,
    /// There is another amount of the upload.
    #[error("there are {at} bytes of the upload")]
    Offset {
        /// So much.
        at: u64,
    },
    /// More came than was announced. The upload is forgotten.
    #[error("more came than was announced")]
    TooMuch,
    /// The content was cut off.
    #[error("the content was cut off")]
    Cut,
    /// Somebody else is writing this very upload.
    #[error("the upload is being written to")]
    Busy,
}

impl FilesError {
    /// The helper's words for it.
    pub(super) fn from_code(code: &str, number: u64) -> Self {
        match code {
            "not-found" => Self::NotFound,
            "exists" => Self::Exists,
            "not-folder" => Self::NotAFolder,
            "is-folder" => Self::IsAFolder,
            "link" => Self::Link,
            "special" => Self::Special,
            "too-long" => Self::TooLong,
            "too-deep" => Self::TooDeep,
            "invalid" => Self::Impossible,
            "no-space" => Self::NoSpace,
            "quota" => Self::Quota,
            "denied" => Self::Denied,
            "changed" => Self::Changed,
            "offset" => Self::Offset { at: number },
            "too-much" => Self::TooMuch,
            "cut" => Self::Cut,
            "busy" => Self::Busy,
            other => Self::Engine(EngineError::Failed {
                status: 0,
                message: format!("the files helper can't do it: {other} {number}"),
                source: None,
            }),
        }
    }
}
