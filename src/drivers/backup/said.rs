//! What restic says, read from its JSON. It comes in pieces that end anywhere, and names of files may be anything.

use bytes::{Buf as _, BytesMut};
use chrono::{DateTime, Utc};
use serde::Deserialize;

/// No line is longer: one of an entry has a path of 4 KiB, escaped.
const MAX_LINE: usize = 1 << 20;

/// How far a backup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes that were looked at.
    pub done: u64,
    /// Bytes that there are, as far as is known.
    pub total: u64,
    /// restic's guess of how much longer it takes.
    pub seconds_left: Option<u64>,
}

/// What a backup came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its name in the repository.
    pub snapshot: String,
    /// Bytes that it holds.
    pub bytes: u64,
    /// Bytes that the repository has grown by.
    pub added: u64,
    /// Its files.
    pub files: u64,
}

/// What a backup says. The stream's last item is `Done` or an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupEvent {
    /// So far.
    At(Progress),
    /// It is whole.
    Done(Summary),
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A folder.
    Folder,
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// Anything else.
    Other,
}

/// Something in a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What the backup calls it.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// A file's bytes.
    pub size: u64,
    /// When it was changed.
    pub changed: Option<DateTime<Utc>>,
}

/// Puts lines together.
#[derive(Debug, Default)]
pub(super) struct Lines(BytesMut);

impl Lines {
    /// The lines that are whole now.
    pub(super) fn add(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.0.extend_from_slice(bytes);
        let mut lines = Vec::new();
        while let Some(end) = self.0.iter().position(|byte| *byte == b'\n') {
            lines.push(self.0.split_to(end).to_vec());
            self.0.advance(1);
        }
        if self.0.len() > MAX_LINE {
            self.0.clear();
        }
        lines
    }
}

#[derive(Deserialize)]
#[serde(tag = "message_type", rename_all = "snake_case")]
enum Message {
    Status {
        #[serde(default)]
        total_bytes: u64,
        #[serde(default)]
        bytes_done: u64,
        seconds_remaining: Option<u64>,
    },
    Summary {
        snapshot_id: String,
        total_bytes_processed: u64,
        data_added: u64,
        total_files_processed: u64,
    },
    #[serde(other)]
    Other,
}

/// What a line of a backup means.
pub(super) fn backup_line(line: &[u8]) -> Option<BackupEvent> {
    match serde_json::from_slice(line).ok()? {
        Message::Status {
            total_bytes,
            bytes_done,
            seconds_remaining,
        } => Some(BackupEvent::At(Progress {
            done: bytes_done,
            total: total_bytes,
            seconds_left: seconds_remaining,
        })),
        Message::Summary {
            snapshot_id,
            total_bytes_processed,
            data_added,
            total_files_processed,
        } => Some(BackupEvent::Done(Summary {
            snapshot: snapshot_id,
            bytes: total_bytes_processed,
            added: data_added,
            files: total_files_processed,
        })),
        Message::Other => None,
    }
}

#[derive(Deserialize)]
struct Node {
    struct_type: String,
    #[serde(default)]
    name: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    size: u64,
    mtime: Option<DateTime<Utc>>,
}

/// The entry that a line of a list is about; the folder itself is none.
pub(super) fn list_line(line: &[u8], folder: &str) -> Option<Entry> {
    let node: Node = serde_json::from_slice(line).ok()?;
    let inside = node.path.strip_prefix(folder)?.strip_prefix('/')?;
    if node.struct_type != "node" || inside.is_empty() || inside.contains('/') {
        return None;
    }
    Some(Entry {
        name: node.name,
        kind: match node.kind.as_str() {
            "dir" => EntryKind::Folder,
            "file" => EntryKind::File,
            "symlink" => EntryKind::Link,
            _ => EntryKind::Other,
        },
        size: node.size,
        changed: node.mtime,
        path: node.path,
    })
}

/// Whether a line is about the folder itself.
pub(super) fn is_folder_line(line: &[u8], folder: &str) -> bool {
    serde_json::from_slice(line).is_ok_and(|node: Node| node.path == folder && node.kind == "dir")
}

#[derive(Deserialize)]
struct Snapshot {
    id: String,
}

/// The names of the snapshots in an answer; nothing if it is none.
pub(super) fn snapshots(answer: &[u8]) -> Option<Vec<String>> {
    let all: Option<Vec<Snapshot>> = serde_json::from_slice(answer).ok()?;
    Some(all.unwrap_or_default().into_iter().map(|one| one.id).collect())
}

/// Whether it can be a snapshot's name, and nothing that means something to restic.
pub(super) fn is_snapshot(text: &str) -> bool {
    (8..=64).contains(&text.len()) && text.chars().all(|c| matches!(c, 'a'..='f' | '0'..='9'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_from_pieces() {
        let mut lines = Lines::default();
        assert!(lines.add(b"{\"message_type\":\"sta").is_empty());
        let whole = lines.add(b"tus\",\"total_bytes\":9,\"bytes_done\":4}\n{");
        let at = Progress {
            done: 4,
            total: 9,
            seconds_left: None,
        };
        assert_eq!(backup_line(&whole[0]), Some(BackupEvent::At(at)));
        assert_eq!(backup_line(br#"{"message_type":"verbose_status"}"#), None);
    }

    #[test]
    fn a_folder_is_not_in_itself_and_neither_is_what_is_deeper() {
        let line =
            |path: &str| format!(r#"{{"struct_type":"node","name":"x","type":"dir","path":"{path}"}}"#);
        let listed = |path: &str| list_line(line(path).as_bytes(), "/volumes/data").is_some();
        assert!(listed("/volumes/data/x"));
        assert!(!listed("/volumes/data"));
        assert!(!listed("/volumes/data/x/y"));
        assert!(!listed("/volumes/database"));
    }

    #[test]
    fn what_is_no_snapshot_is_not_said_to_restic() {
        assert!(is_snapshot("0123456789abcdef"));
        for bad in ["", "latest", "-h", "0123456789abcdef:x"] {
            assert!(!is_snapshot(bad), "{bad}");
        }
        assert_eq!(snapshots(b"null"), Some(Vec::new()));
    }
}
