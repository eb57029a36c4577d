//! The fake's files in one volume.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::super::{Expected, FileEntry, FileKind, FilesCount, FilesError, FilesResult, VolumePath};

const FOLDER_MODE: u32 = 0o755;
const FILE_MODE: u32 = 0o644;

/// A volume's entries, by the names that lead to them.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    nodes: BTreeMap<Vec<Vec<u8>>, Node>,
    changes: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    kind: FileKind,
    mode: u32,
    modified: DateTime<Utc>,
    change: u64,
    pub(super) bytes: Vec<u8>,
    target: Option<Vec<u8>>,
}

impl Node {
    fn entry(&self, name: &[u8]) -> FileEntry {
        FileEntry {
            name: name.to_vec(),
            kind: self.kind,
            mode: self.mode,
            size: self.bytes.len() as u64,
            modified: self.modified,
            version: self.change.to_string(),
            target: self.target.clone(),
        }
    }
}

impl Tree {
    /// What all its files hold.
    pub(super) fn bytes(&self) -> u64 {
        self.nodes.values().map(|node| node.bytes.len() as u64).sum()
    }

    fn node(&mut self, kind: FileKind, bytes: Vec<u8>) -> Node {
        self.changes += 1;
        let moment = i64::try_from(self.changes).unwrap_or_default();
        Node {
            kind,
            mode: if kind == FileKind::Folder {
                FOLDER_MODE
            } else {
                FILE_MODE
            },
            modified: DateTime::from_timestamp(moment, 0).unwrap_or_default(),
            change: self.changes,
            bytes,
            target: None,
        }
    }

    /// Whether everything above a place is a folder.
    fn check_above(&self, path: &VolumePath) -> FilesResult<()> {
        let Some(parent) = path.parent() else {
            return Ok(());
        };
        for place in parent.ancestry().skip(1) {
            match self.nodes.get(place.parts()).map(|node| node.kind) {
                Some(FileKind::Folder) => {}
                Some(FileKind::Link) => return Err(FilesError::Link),
                Some(_) => return Err(FilesError::NotAFolder),
                None => return Err(FilesError::NotFound),
            }
        }
        Ok(())
    }

    fn get(&self, path: &VolumePath) -> FilesResult<&Node> {
        self.check_above(path)?;
        self.nodes.get(path.parts()).ok_or(FilesError::NotFound)
    }

    pub(super) fn find(&mut self, path: &VolumePath) -> FilesResult<FileEntry> {
        match path.name() {
            None => Ok(Node {
                change: 0,
                ..self.node(FileKind::Folder, Vec::new())
            }
            .entry(b"")),
            Some(name) => Ok(self.get(path)?.entry(name)),
        }
    }

    pub(super) fn file(&self, path: &VolumePath) -> FilesResult<&Node> {
        if path.name().is_none() {
            return Err(FilesError::IsAFolder);
        }
        let node = self.get(path)?;
        match node.kind {
            FileKind::File => Ok(node),
            FileKind::Folder => Err(FilesError::IsAFolder),
            FileKind::Link => Err(FilesError::Link),
            FileKind::Special => Err(FilesError::Special),
        }
    }

    fn check_folder(&self, path: &VolumePath) -> FilesResult<()> {
        if path.name().is_none() {
            return Ok(());
        }
        match self.get(path)?.kind {
            FileKind::Folder => Ok(()),
            FileKind::Link => Err(FilesError::Link),
            _ => Err(FilesError::NotAFolder),
        }
    }

    /// Everything below a folder, with the names that lead there from it.
    pub(super) fn below<'a>(
        &'a self,
        path: &'a VolumePath,
    ) -> FilesResult<impl Iterator<Item = (&'a [Vec<u8>], &'a Node)>> {
        self.check_folder(path)?;
        let depth = path.parts().len();
        let inside = self
            .nodes
            .iter()
            .filter(move |(place, _)| place.len() > depth && place.starts_with(path.parts()));
        Ok(inside.map(move |(place, node)| (&place[depth..], node)))
    }

    pub(super) fn children(&self, path: &VolumePath) -> FilesResult<Vec<FileEntry>> {
        let all = self.below(path)?;
        let direct = all.filter_map(|(place, node)| match place {
            [name] => Some(node.entry(name)),
            _ => None,
        });
        Ok(direct.collect())
    }

    pub(super) fn count(&self, path: &VolumePath, limit: u64) -> FilesResult<FilesCount> {
        let mut count = FilesCount {
            is_all: true,
            ..FilesCount::default()
        };
        for (_, node) in self.below(path)? {
            if node.kind == FileKind::Folder {
                count.folders += 1;
            } else {
                count.files += 1;
                count.bytes += node.bytes.len() as u64;
            }
            if count.files + count.folders >= limit {
                count.is_all = false;
                break;
            }
        }
        Ok(count)
    }

    /// Whether a place may be written to.
    pub(super) fn check_expected(&self, path: &VolumePath, expected: &Expected) -> FilesResult<()> {
        self.check_above(path)?;
        let found = self.nodes.get(path.parts());
        if path.name().is_none() || found.is_some_and(|node| node.kind == FileKind::Folder) {
            return Err(FilesError::IsAFolder);
        }
        match expected {
            Expected::Nothing if found.is_some() => Err(FilesError::Exists),
            Expected::Version(version) if found.is_none_or(|node| node.change.to_string() != *version) => {
                Err(FilesError::Changed)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn put(&mut self, path: &VolumePath, bytes: Vec<u8>) -> FilesResult<FileEntry> {
        let mode = self.file(path).map_or(FILE_MODE, |node| node.mode);
        let node = self.node(FileKind::File, bytes);
        self.nodes.insert(path.parts().to_vec(), Node { mode, ..node });
        self.find(path)
    }

    pub(super) fn put_odd(&mut self, path: &VolumePath, target: Option<&[u8]>) {
        let kind = target.map_or(FileKind::Special, |_| FileKind::Link);
        let node = self.node(kind, Vec::new());
        let target = target.map(<[u8]>::to_vec);
        self.nodes.insert(path.parts().to_vec(), Node { target, ..node });
    }

    pub(super) fn make_folder(&mut self, path: &VolumePath) -> FilesResult<()> {
        self.check_above(path)?;
        if path.name().is_none() {
            return Err(FilesError::Impossible);
        }
        if self.nodes.contains_key(path.parts()) {
            return Err(FilesError::Exists);
        }
        let node = self.node(FileKind::Folder, Vec::new());
        self.nodes.insert(path.parts().to_vec(), node);
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &VolumePath, to: &VolumePath) -> FilesResult<()> {
        if from.name().is_none() || to.name().is_none() || from.volume() != to.volume() {
            return Err(FilesError::Impossible);
        }
        self.get(from)?;
        self.check_above(to)?;
        if self.nodes.contains_key(to.parts()) {
            return Err(FilesError::Exists);
        }
        if from.holds(to) {
            return Err(FilesError::Impossible);
        }
        let depth = from.parts().len();
        let moved = self
            .nodes
            .extract_if(.., |place, _| place.starts_with(from.parts()));
        let moved: Vec<_> = moved.collect();
        for (place, node) in moved {
            self.nodes.insert([to.parts(), &place[depth..]].concat(), node);
        }
        Ok(())
    }

    /// A volume's own mode is not kept: nobody asks for it, and nothing here runs as anybody.
    pub(super) fn set_mode(&mut self, path: &VolumePath, mode: u32) -> FilesResult<()> {
        if path.name().is_none() {
            return Ok(());
        }
        let kind = self.get(path)?.kind;
        match kind {
            FileKind::Link => return Err(FilesError::Link),
            FileKind::Special => return Err(FilesError::Special),
            FileKind::File | FileKind::Folder => {}
        }
        self.changes += 1;
        if let Some(node) = self.nodes.get_mut(path.parts()) {
            node.mode = mode & 0o777;
            node.change = self.changes;
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &VolumePath) -> FilesResult<()> {
        if path.name().is_none() {
            return Err(FilesError::Impossible);
        }
        self.get(path)?;
        self.nodes.retain(|place, _| !place.starts_with(path.parts()));
        Ok(())
    }

    /// What there is of an upload, if it was begun.
    pub(super) fn partial(&self, temporary: &VolumePath) -> FilesResult<Option<Vec<u8>>> {
        self.check_above(temporary)?;
        Ok(self.nodes.get(temporary.parts()).map(|node| node.bytes.clone()))
    }
}
