//! What programs are told about files.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::drivers::engine::FileKind;

use super::super::actions::version_of;
use super::super::model::{Item, Mode, Volume};

/// What an entry is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KindOut {
    /// A volume.
    Volume,
    /// A folder.
    Folder,
    /// A regular file.
    File,
    /// A symbolic link. It is never followed.
    Link,
    /// A socket, a pipe or a device.
    Special,
}

/// A volume, or something in one.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileOut {
    /// The name for people.
    #[schema(example = "index.html")]
    name: String,
    /// Where it is.
    #[schema(example = "/site/index.html")]
    path: String,
    /// What it is.
    kind: KindOut,
    /// Bytes; null of what has no content.
    size: Option<u64>,
    /// The permission bits in octal digits; null of volumes.
    #[schema(example = "644")]
    mode: Option<String>,
    /// When its content last changed; null of volumes.
    modified_at: Option<DateTime<Utc>>,
    /// Where a link leads, as it says itself.
    target: Option<String>,
    /// The same as a path, if that is in the volume.
    leads_to: Option<String>,
    /// Whether the author of the server's template keeps people from reading and changing it.
    locked: bool,
    /// Where the server has a volume; null of a volume that belongs to no server.
    #[schema(example = "/srv/site")]
    mounted_at: Option<String>,
}

impl From<&Item> for FileOut {
    fn from(item: &Item) -> Self {
        Self {
            name: item.name(),
            path: item.path.to_string(),
            kind: match item.entry.kind {
                FileKind::Folder => KindOut::Folder,
                FileKind::File => KindOut::File,
                FileKind::Link => KindOut::Link,
                FileKind::Special => KindOut::Special,
            },
            size: item.is_file().then_some(item.entry.size),
            mode: Some(Mode::of(item.entry.mode).to_string()),
            modified_at: Some(item.entry.modified),
            target: item.target(),
            leads_to: item.leads_to().map(|path| path.to_string()),
            locked: item.is_locked,
            mounted_at: None,
        }
    }
}

impl From<&Volume> for FileOut {
    fn from(volume: &Volume) -> Self {
        Self {
            name: volume.name.clone(),
            path: format!("/{}", volume.name),
            kind: KindOut::Volume,
            size: None,
            mode: None,
            modified_at: None,
            target: None,
            leads_to: None,
            locked: false,
            mounted_at: volume.mounted_at.clone(),
        }
    }
}

/// The tag of a file's present content.
pub fn tag(item: &Item) -> String {
    version_of(&item.entry)
}
