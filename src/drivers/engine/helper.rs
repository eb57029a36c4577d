//! Calls of the backup helper: a container that does one thing to volumes and is gone.
//!
//! # The contract
//!
//! - **Secrets by the pipe.** [Files](HelperFile) go to the helper's standard input and live in its memory: nothing of them is
//!   on a command line, in a label, in its environment as the engine knows it, or on a disk.
//! - **No longer than its caller.** The helper ends when the stream is dropped, or the panel dies: the engine then closes its
//!   input, which it heeds, and removes it. No crash leaves one.
//! - **These volumes only**, each as the call says, and no other server's, or tenant's where it is of no server: that is
//!   [`EngineError::Foreign`].
//! - **Outside only if asked**: without [`HelperSpec::reaches_out`] it has no network.
//!
//! [`EngineError::Foreign`]: super::EngineError::Foreign

use std::fmt;

use bytes::Bytes;

use super::own_image::OwnImage;
use super::{BuildRequest, EngineResult, ServerKey, TenantKey, VolumeKey};

const IMAGE: OwnImage = OwnImage {
    name: "backup",
    files: &[
        (
            "Dockerfile",
            false,
            include_str!("../../../docker/backup/Dockerfile"),
        ),
        ("backup", true, include_str!("../../../docker/backup/backup")),
    ],
};
/// How much of what it complains about is kept: the end.
const KEPT: usize = 4096;

/// A call.
#[derive(Debug, Clone)]
pub struct HelperSpec {
    /// What its container is called by, which is ended like [a task](super::Engine::end_task). One call at a time has it.
    pub key: ServerKey,
    /// Whose volumes these are.
    pub tenant: TenantKey,
    /// The image that the helper's image is built from: Debian.
    pub base_image: String,
    /// The command and its arguments; `docker/backup/backup` has the list.
    pub argv: Vec<String>,
    /// What it gets to know.
    pub files: Vec<HelperFile>,
    /// What it reaches.
    pub volumes: Vec<HelperVolume>,
    /// Whether it has a network.
    pub reaches_out: bool,
}

impl HelperSpec {
    /// The name of the helper's image, after what it is built from.
    pub fn image_tag(&self) -> String {
        IMAGE.tag(&self.base_image)
    }

    /// How that is built.
    pub(super) fn build_request(&self) -> EngineResult<BuildRequest> {
        IMAGE.build_request(&self.base_image)
    }

    /// All that goes to its input before it begins.
    pub(super) fn input(&self) -> Vec<u8> {
        let mut input = Vec::new();
        for file in &self.files {
            input.extend_from_slice(format!("{} {}\n", file.name, file.content.len()).as_bytes());
            input.extend_from_slice(&file.content);
        }
        input.extend_from_slice(b"end\n");
        input
    }
}

/// A file in the helper's memory.
#[derive(Clone)]
pub struct HelperFile {
    /// Its path below `/run/berth`, without spaces.
    pub name: &'static str,
    /// What is in it.
    pub content: Vec<u8>,
}

impl fmt::Debug for HelperFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HelperFile")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A volume that the helper reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelperVolume {
    /// Which.
    pub key: VolumeKey,
    /// The server that it must be of; absent for one that belongs to the tenant as a whole.
    pub server: Option<ServerKey>,
    /// Where it is.
    pub place: String,
    /// Whether it may only be read.
    pub read_only: bool,
}

/// What a call says. The stream's last item is `Ended` or an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HelperEvent {
    /// Some of its answer.
    Out(Bytes),
    /// It is over.
    Ended(HelperEnd),
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelperEnd {
    /// What the command returned; nothing if it was cut off.
    pub code: Option<i32>,
    /// The last of what it complained about.
    pub said: String,
}

/// Keeps the end of what the helper writes to standard error.
#[derive(Debug, Default)]
pub(super) struct Complaints(Vec<u8>);

impl Complaints {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        let over = self.0.len().saturating_sub(KEPT);
        self.0.drain(..over);
    }

    pub(super) fn end(&self) -> HelperEnd {
        let text = String::from_utf8_lossy(&self.0);
        let text = text.trim_end();
        let (said, last) = text.rsplit_once('\n').unwrap_or(("", text));
        match last.strip_prefix("exit ").and_then(|code| code.parse().ok()) {
            Some(code) => HelperEnd {
                code: Some(code),
                said: said.trim().to_owned(),
            },
            None => HelperEnd {
                code: None,
                said: text.to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_told_from_being_cut_off() {
        let mut complaints = Complaints::default();
        complaints.add(b"Fatal: wrong");
        assert_eq!(complaints.end().code, None);
        complaints.add(b" password\n\nexit 1\n");
        let end = complaints.end();
        assert_eq!((end.code, end.said.as_str()), (Some(1), "Fatal: wrong password"));
    }

    #[test]
    fn secrets_are_framed_and_never_shown() {
        let spec = HelperSpec {
            key: ServerKey::new("bak_1").unwrap(),
            tenant: TenantKey::new("ten_1").unwrap(),
            base_image: "debian".to_owned(),
            argv: vec!["open".to_owned()],
            files: vec![HelperFile {
                name: "password",
                content: b"end\nsecret".to_vec(),
            }],
            volumes: Vec::new(),
            reaches_out: false,
        };
        assert_eq!(spec.input(), b"password 10\nend\nsecretend\n");
        assert!(!format!("{spec:?}").contains("115, 101"), "{spec:?}");
    }
}
