//! What people are told when a file is not read or changed.

use crate::drivers::engine::{EngineError, FilesError};
use crate::platform::error::Error;
use crate::tenants::Resource;

/// What may be stored, in MiB.
#[derive(Debug, Clone, Copy)]
pub enum Limit {
    /// By a server: the disk of its size, shared by its volumes.
    Server(i64),
    /// In a volume of the tenant's own: its size.
    Volume(i64),
}

impl Limit {
    /// In words.
    pub fn show(self) -> String {
        let (Self::Server(mib) | Self::Volume(mib)) = self;
        Resource::Disk.show(mib)
    }
}

/// The error for a person or program.
pub fn refusal(error: FilesError, limit: Limit) -> Error {
    match error {
        FilesError::NotFound => Error::NotFound,
        FilesError::Exists => Error::conflict(
            "file-exists",
            "There is something with that name already: choose another name, or say that it is to be replaced.",
        ),
        FilesError::NotAFolder => Error::conflict("not-a-folder", "That is not a folder."),
        FilesError::IsAFolder => Error::conflict("is-a-folder", "That is a folder, not a file."),
        FilesError::Link => Error::conflict(
            "is-a-link",
            "That is a link, or a place behind one, and links are not followed: open the place that it leads to.",
        ),
        FilesError::Special => Error::conflict(
            "not-a-file",
            "That is a socket, a pipe or a device. It can be moved or deleted, and not be opened or changed.",
        ),
        FilesError::TooLong => Error::invalid("path", "The name is too long for the file system."),
        FilesError::TooDeep => Error::conflict(
            "too-deep",
            "There are too many folders in each other: take a folder further inside.",
        ),
        FilesError::Impossible => Error::conflict(
            "impossible-place",
            "It can't be there: not in another volume, not inside of itself, and a volume itself stays where it is.",
        ),
        FilesError::NoSpace | FilesError::Quota => full(&error, limit),
        FilesError::Denied => Error::conflict(
            "file-system-denies",
            "The file system does not allow that change.",
        ),
        FilesError::Changed => Error::PreconditionFailed,
        FilesError::Offset { at } => Error::conflict(
            "upload-offset",
            format!("There are {at} bytes of this upload: go on from there."),
        ),
        FilesError::TooMuch => Error::invalid(
            "length",
            "More was sent than `length` says. Begin the upload again.",
        ),
        FilesError::Cut => Error::BadRequest {
            code: "bad-body",
            message: "The file broke off while it was sent. What was there before is unchanged".to_owned(),
        },
        FilesError::Busy => Error::conflict(
            "upload-busy",
            "This upload is being written to: wait a moment, and go on from its offset.",
        ),
        FilesError::Engine(error) => away(error),
    }
}

/// The template's author keeps people from that place.
pub fn locked(name: &str) -> Error {
    Error::conflict(
        "file-locked",
        format!(
            "{name} is locked: the author of this server's template keeps people from reading, changing and replacing it. \
             The server itself uses it as it needs."
        ),
    )
}

/// Full is not full: the customer can mend a quota, and only the provider a disk.
fn full(error: &FilesError, limit: Limit) -> Error {
    let shown = limit.show();
    if !matches!(error, FilesError::Quota) {
        return Error::conflict(
            "disk-full",
            format!(
                "The disk that holds this volume is full. That is the host's disk and not your quota of {shown}. Nothing \
                 was changed. Tell your provider."
            ),
        );
    }
    let (own, larger) = match limit {
        Limit::Server(_) => ("this server's own", "choose a larger size"),
        Limit::Volume(_) => ("this volume's own", "make the volume larger"),
    };
    Error::conflict(
        "quota-used-up",
        format!(
            "The disk quota is used up: {own} of {shown}, or your plan's for all servers and volumes. Nothing was \
             changed. Delete what is no longer needed, or {larger}."
        ),
    )
}

fn away(error: EngineError) -> Error {
    match error {
        // The server is not made yet, or is about to go.
        EngineError::VolumeMissing { .. } => Error::NotFound,
        other => Error::Unavailable(other.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_full_is_told_apart() {
        let limit = Limit::Server(2048);
        let told = |error| refusal(error, limit).sentence();
        assert!(told(FilesError::Quota).contains("this server's own of 2 GiB"));
        assert!(told(FilesError::NoSpace).contains("the host's disk and not your quota of 2 GiB"));
        assert_eq!(refusal(FilesError::Quota, limit).code(), "quota-used-up");
        assert_eq!(refusal(FilesError::NoSpace, limit).status(), 409);
        let own = refusal(FilesError::Quota, Limit::Volume(64)).sentence();
        assert!(own.contains("this volume's own of 64 MiB") && own.contains("make the volume larger"));
    }

    #[test]
    fn an_engine_that_is_away_is_no_defect() {
        let away = EngineError::Unavailable("gone".into());
        assert_eq!(refusal(away.into(), Limit::Server(1)).status(), 503);
    }
}
