//! Files in a server's volumes: what every engine can do with them, whether the server runs or not.
//!
//! # The contract
//!
//! - **Never outside.** A path is taken apart by [`VolumePath`] and resolved beneath its volume, over no link and no mount,
//!   whatever the server's own processes do meanwhile. A link is an entry with a target and is never followed; what is
//!   neither file, folder nor link can be seen, moved and removed, and is never opened.
//! - **Whole or not at all.** A file gets its new content in one step when all of it has come; until then the old one is
//!   what the server sees. See [`NewContent`].
//! - **What is made fits.** It belongs to whom its folder belongs to, so that the server's programs can use it.
//! - **Names are bytes.** Whatever the kernel takes as a name can be listed, opened and removed.
//!
//! The Docker engine lets a helper do it, a container of its own beside the server's: decision 0014 says why. It is made at
//! the first call and ends by itself some minutes after the last.

mod error;
mod measured;
mod path;
mod wire;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;

use super::{
    BuildRequest, EngineResult, EngineStream, Outcome, ServerKey, TenantKey, VolumeKey, own_image::OwnImage,
};

pub use error::{FilesError, FilesResult};
pub use path::{PathError, VolumePath};
pub(super) use wire::{Answer, command, entries, places};

/// Content on its way in. An error in it, or that it is dropped before its end, means that it was cut off.
pub type FilesBody = BoxStream<'static, std::io::Result<Bytes>>;

const IMAGE: OwnImage = OwnImage {
    name: "files",
    files: &[
        (
            "Dockerfile",
            false,
            include_str!("../../../../docker/files/Dockerfile"),
        ),
        ("files", true, include_str!("../../../../docker/files/files")),
    ],
};

/// Whose files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilesSpec {
    /// The server.
    pub server: ServerKey,
    /// Whose it is. A volume of another tenant is refused.
    pub tenant: TenantKey,
    /// The image that a helper's image is built from: Debian.
    pub base_image: String,
    /// Its volumes. They must exist.
    pub volumes: Vec<FilesVolume>,
}

/// A volume, and what paths call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilesVolume {
    /// The first part of its paths.
    pub name: String,
    /// Its key.
    pub key: VolumeKey,
}

impl FilesSpec {
    /// The name of the helper's image, after what it is built from.
    pub fn image_tag(&self) -> String {
        files_image(&self.base_image)
    }

    /// How that is built.
    pub(super) fn build_request(&self) -> EngineResult<BuildRequest> {
        files_build_request(&self.base_image)
    }
}

/// The name of the helper's image, after what it is built from.
pub(super) fn files_image(base_image: &str) -> String {
    IMAGE.tag(base_image)
}

/// How the helper's image is built.
pub(super) fn files_build_request(base_image: &str) -> EngineResult<BuildRequest> {
    IMAGE.build_request(base_image)
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// A folder.
    Folder,
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
    /// A socket, a pipe or a device.
    Special,
}

/// Something in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// Its name, in whatever bytes it was given.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: FileKind,
    /// The permission bits, the upper three among them.
    pub mode: u32,
    /// Bytes; of a folder or link the file system's own affair.
    pub size: u64,
    /// When its content last changed.
    pub modified: DateTime<Utc>,
    /// Another one after every change that the file system tells of.
    pub version: String,
    /// Where a link leads.
    pub target: Option<Vec<u8>>,
}

/// Where an entry stands in its folder: folders first, then by the bytes of the names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Rank(pub bool, pub Vec<u8>);

impl Rank {
    /// An entry's.
    pub fn of(entry: &FileEntry) -> Self {
        Self(entry.kind != FileKind::Folder, entry.name.clone())
    }
}

/// A part of a folder.
#[derive(Debug, Clone)]
pub struct FilesPage {
    /// Only what stands after this.
    pub after: Option<Rank>,
    /// How many at most.
    pub limit: usize,
}

/// Which part of a file's content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FilePart {
    /// From this byte on.
    pub offset: u64,
    /// So many at most; all without.
    pub length: Option<u64>,
}

/// A file, and a part of its content.
pub struct OpenFile {
    /// The file.
    pub entry: FileEntry,
    /// The bytes: as many as the part had when the file was opened. Fewer end with an error.
    pub content: EngineStream<Bytes>,
}

/// How much is in a folder and below.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FilesCount {
    /// Whatever is not a folder.
    pub files: u64,
    /// Folders.
    pub folders: u64,
    /// Bytes in regular files.
    pub bytes: u64,
    /// Whether that is all; otherwise counting was given up.
    pub is_all: bool,
}

/// What a place must hold to be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Anything but a folder.
    Anything,
    /// Nothing.
    Nothing,
    /// The file of this version.
    Version(String),
}

/// An upload, by a name that nobody else's has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadKey(String);

impl UploadKey {
    /// 16 to 64 characters of `a-z` and `0-9`.
    pub fn new(text: &str) -> Option<Self> {
        let is_plain = text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        ((16..=64).contains(&text.len()) && is_plain).then(|| Self(text.to_owned()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Content that a file is to get. Until it is whole it is kept beside the file, under a name that begins with
/// `.berth-upload-`; what nobody came back to is removed after a day, with the next upload into its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewContent {
    /// What must be there.
    pub expected: Expected,
    /// Which upload it belongs to.
    pub upload: UploadKey,
    /// Where this piece begins: there must be exactly so much of the upload, or [`FilesError::Offset`] tells how much is.
    pub offset: u64,
    /// The length of the whole. What has come of a piece that is cut off stays, and can be gone on from. Without a length
    /// this piece is the whole, and nothing stays if it is cut off.
    pub total: Option<u64>,
}

/// What came of a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// There is so much now, and more is to come.
    Part(u64),
    /// That was the last; the file has its content.
    Whole(FileEntry),
}

/// A change that needs no content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilesChange {
    /// Makes a folder.
    MakeFolder(VolumePath),
    /// Gives an entry another place in the same volume, where nothing is.
    Move(VolumePath, VolumePath),
    /// Sets the nine permission bits of a file or folder.
    SetMode(VolumePath, u32),
    /// Removes an entry; a folder with all that is in it.
    Remove(VolumePath),
    /// Forgets what there is of an upload to a place.
    Discard(VolumePath, UploadKey),
}

/// The files of servers. See this module for what holds for every call.
#[async_trait]
pub trait VolumeFiles {
    /// Part of a folder, in the order of [`Rank`].
    async fn list_files(
        &self,
        spec: &FilesSpec,
        folder: &VolumePath,
        page: &FilesPage,
    ) -> FilesResult<Vec<FileEntry>>;

    /// One entry; of a volume itself the name is empty.
    async fn find_file(&self, spec: &FilesSpec, path: &VolumePath) -> FilesResult<FileEntry>;

    /// A part of a regular file's content.
    async fn read_file(&self, spec: &FilesSpec, path: &VolumePath, part: FilePart) -> FilesResult<OpenFile>;

    /// A file or folder as a tar of GNU's format, in which the entry's own name is the top. Links are links in it; sockets,
    /// pipes and devices are left out.
    async fn archive_files(&self, spec: &FilesSpec, path: &VolumePath) -> FilesResult<EngineStream<Bytes>>;

    /// How much is below a folder, counted up to `limit` entries.
    async fn count_files(&self, spec: &FilesSpec, folder: &VolumePath, limit: u64)
    -> FilesResult<FilesCount>;

    /// What is below a folder, in any order: each place relative to it, with `/` between its names. Nothing if there are more
    /// than `limit`.
    async fn places_below(
        &self,
        spec: &FilesSpec,
        folder: &VolumePath,
        limit: u64,
    ) -> FilesResult<Option<Vec<Vec<u8>>>>;

    /// Gives a file new content, or a piece of it.
    async fn write_file(
        &self,
        spec: &FilesSpec,
        path: &VolumePath,
        new: &NewContent,
        content: FilesBody,
    ) -> FilesResult<Written>;

    /// How much of an upload to a place is there.
    async fn upload_offset(
        &self,
        spec: &FilesSpec,
        path: &VolumePath,
        upload: &UploadKey,
    ) -> FilesResult<u64>;

    /// Makes a change.
    async fn change_files(&self, spec: &FilesSpec, change: &FilesChange) -> FilesResult<()>;

    /// Ends what was kept ready for a server's files.
    async fn close_files(&self, server: &ServerKey) -> EngineResult<Outcome>;
}
