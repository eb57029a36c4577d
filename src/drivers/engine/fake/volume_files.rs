//! The fake's side of [`VolumeFiles`].

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};

use super::super::{
    EngineError, EngineResult, EngineStream, FileEntry, FileKind, FilePart, FilesBody, FilesChange,
    FilesCount, FilesError, FilesPage, FilesResult, FilesSpec, NewContent, OpenFile, Outcome, Rank,
    ServerKey, UploadKey, VolumeFiles, VolumeKey, VolumePath, Written,
};
use super::FakeEngine;
use super::calls::Call;
use super::parts::check_volume_owner;
use super::state::State;
use super::tree::Tree;

impl State {
    /// The tree of a volume that a server has.
    fn tree(&mut self, spec: &FilesSpec, path: &VolumePath) -> FilesResult<&mut Tree> {
        for volume in &spec.volumes {
            let name = self.own_name(volume.key.as_str())?;
            match self.volumes.get(&volume.key) {
                Some(known) => check_volume_owner(name, known, (&spec.server, &spec.tenant))?,
                None => return Err(EngineError::VolumeMissing { volume: name }.into()),
            }
        }
        let volume = spec.volumes.iter().find(|volume| volume.name == path.volume());
        let key = volume.ok_or(FilesError::NotFound)?.key.clone();
        Ok(self.trees.entry(key).or_default())
    }

    pub(super) fn add_odd_file(&mut self, volume: &VolumeKey, path: &VolumePath, target: Option<&[u8]>) {
        self.trees
            .entry(volume.clone())
            .or_default()
            .put_odd(path, target);
    }
}

impl Tree {
    fn write(
        &mut self,
        path: &VolumePath,
        new: &NewContent,
        (content, is_all): (Vec<u8>, bool),
    ) -> FilesResult<Written> {
        self.check_expected(path, &new.expected)?;
        let temporary = temporary(path, &new.upload)?;
        let begun = self.partial(&temporary)?;
        let at = begun.as_ref().map_or(0, |bytes| bytes.len() as u64);
        if at != new.offset {
            return Err(FilesError::Offset { at });
        }
        if new.total.is_none() && !is_all {
            return Err(FilesError::Cut);
        }
        let bytes = [begun.unwrap_or_default(), content].concat();
        let length = bytes.len() as u64;
        if new.total.is_some_and(|total| length < total) {
            self.put(&temporary, bytes)?;
            return Ok(Written::Part(length));
        }
        if at > 0 {
            self.remove(&temporary)?;
        }
        if new.total.is_some_and(|total| length > total) {
            return Err(FilesError::TooMuch);
        }
        self.put(path, bytes).map(Written::Whole)
    }

    fn tar(&mut self, path: &VolumePath) -> FilesResult<Vec<u8>> {
        let top = path.name().unwrap_or(path.volume().as_bytes()).to_vec();
        let entry = self.find(path)?;
        let mut all = vec![(entry, top.clone(), Vec::new())];
        match all[0].0.kind {
            FileKind::Link => return Err(FilesError::Link),
            FileKind::Special => return Err(FilesError::Special),
            FileKind::File => all[0].2.clone_from(&self.file(path)?.bytes),
            FileKind::Folder => {
                let places: Vec<_> = self.below(path)?.map(|(place, _)| place.to_vec()).collect();
                for place in places {
                    let inner = place.iter().try_fold(path.clone(), |at, name| at.join(name));
                    let inner = inner.map_err(|_| FilesError::TooLong)?;
                    let bytes = self
                        .file(&inner)
                        .map(|node| node.bytes.clone())
                        .unwrap_or_default();
                    all.push((
                        self.find(&inner)?,
                        [vec![top.clone()], place].concat().join(&b'/'),
                        bytes,
                    ));
                }
            }
        }
        pack(all).map_err(|error| EngineError::invalid(error.to_string()).into())
    }
}

fn pack(all: Vec<(FileEntry, Vec<u8>, Vec<u8>)>) -> std::io::Result<Vec<u8>> {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;
    let mut tar = tar::Builder::new(Vec::new());
    for (entry, name, bytes) in all {
        let mut header = tar::Header::new_gnu();
        header.set_mode(entry.mode);
        header.set_size(bytes.len() as u64);
        let name = OsString::from_vec(name);
        match (entry.kind, entry.target) {
            (FileKind::Folder, _) => {
                header.set_entry_type(tar::EntryType::Directory);
                tar.append_data(&mut header, name, std::io::empty())?;
            }
            (FileKind::File, _) => tar.append_data(&mut header, name, bytes.as_slice())?,
            (FileKind::Link, Some(target)) => {
                header.set_entry_type(tar::EntryType::Symlink);
                tar.append_link(&mut header, name, OsString::from_vec(target))?;
            }
            _ => {}
        }
    }
    tar.into_inner()
}

/// Where an upload is collected.
fn temporary(path: &VolumePath, upload: &UploadKey) -> FilesResult<VolumePath> {
    let parent = path.parent().ok_or(FilesError::Impossible)?;
    let name = format!(".berth-upload-{}", upload.as_str());
    parent.join(name.as_bytes()).map_err(|_| FilesError::TooLong)
}

/// All that comes, and whether it came to its end.
async fn collect(mut content: FilesBody) -> (Vec<u8>, bool) {
    let mut all = Vec::new();
    while let Some(piece) = content.next().await {
        match piece {
            Ok(piece) => all.extend_from_slice(&piece),
            Err(_) => return (all, false),
        }
    }
    (all, true)
}

impl FakeEngine {
    fn files<T>(
        &self,
        spec: &FilesSpec,
        path: &VolumePath,
        act: impl FnOnce(&mut Tree) -> FilesResult<T>,
    ) -> FilesResult<T> {
        let mut outcome = Err(FilesError::NotFound);
        self.call(Call::Files, |state| {
            outcome = state.tree(spec, path).and_then(act);
            Ok(())
        })?;
        outcome
    }
}

#[async_trait]
impl VolumeFiles for FakeEngine {
    async fn list_files(
        &self,
        spec: &FilesSpec,
        folder: &VolumePath,
        page: &FilesPage,
    ) -> FilesResult<Vec<FileEntry>> {
        self.files(spec, folder, |tree| {
            let mut all = tree.children(folder)?;
            all.sort_by_key(Rank::of);
            all.retain(|entry| page.after.as_ref().is_none_or(|after| Rank::of(entry) > *after));
            all.truncate(page.limit);
            Ok(all)
        })
    }

    async fn find_file(&self, spec: &FilesSpec, path: &VolumePath) -> FilesResult<FileEntry> {
        self.files(spec, path, |tree| tree.find(path))
    }

    async fn read_file(&self, spec: &FilesSpec, path: &VolumePath, part: FilePart) -> FilesResult<OpenFile> {
        self.files(spec, path, |tree| {
            let bytes = tree.file(path)?.bytes.clone();
            let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
            let start = place(part.offset);
            let end = part
                .length
                .map_or(bytes.len(), |length| place(part.offset.saturating_add(length)));
            let piece = Bytes::copy_from_slice(&bytes[start..end.max(start)]);
            Ok(OpenFile {
                entry: tree.find(path)?,
                content: stream::iter([Ok(piece)]).boxed(),
            })
        })
    }

    async fn archive_files(&self, spec: &FilesSpec, path: &VolumePath) -> FilesResult<EngineStream<Bytes>> {
        let tar = self.files(spec, path, |tree| tree.tar(path))?;
        Ok(stream::iter([Ok(Bytes::from(tar))]).boxed())
    }

    async fn count_files(
        &self,
        spec: &FilesSpec,
        folder: &VolumePath,
        limit: u64,
    ) -> FilesResult<FilesCount> {
        self.files(spec, folder, |tree| tree.count(folder, limit))
    }

    async fn places_below(
        &self,
        spec: &FilesSpec,
        folder: &VolumePath,
        limit: u64,
    ) -> FilesResult<Option<Vec<Vec<u8>>>> {
        self.files(spec, folder, |tree| {
            let all: Vec<_> = tree.below(folder)?.map(|(place, _)| place.join(&b'/')).collect();
            Ok(Some(all).filter(|all| all.len() as u64 <= limit))
        })
    }

    async fn write_file(
        &self,
        spec: &FilesSpec,
        path: &VolumePath,
        new: &NewContent,
        content: FilesBody,
    ) -> FilesResult<Written> {
        self.files(spec, path, |tree| tree.check_expected(path, &new.expected))?;
        let content = collect(content).await;
        self.files(spec, path, |tree| tree.write(path, new, content))
    }

    async fn upload_offset(
        &self,
        spec: &FilesSpec,
        path: &VolumePath,
        upload: &UploadKey,
    ) -> FilesResult<u64> {
        let temporary = temporary(path, upload)?;
        self.files(spec, path, |tree| {
            Ok(tree.partial(&temporary)?.map_or(0, |bytes| bytes.len() as u64))
        })
    }

    async fn change_files(&self, spec: &FilesSpec, change: &FilesChange) -> FilesResult<()> {
        match change {
            FilesChange::MakeFolder(path) => self.files(spec, path, |tree| tree.make_folder(path)),
            FilesChange::Move(from, to) => self.files(spec, from, |tree| tree.rename(from, to)),
            FilesChange::SetMode(path, mode) => self.files(spec, path, |tree| tree.set_mode(path, *mode)),
            FilesChange::Remove(path) => self.files(spec, path, |tree| tree.remove(path)),
            FilesChange::Discard(path, upload) => {
                let temporary = temporary(path, upload)?;
                self.files(spec, path, |tree| match tree.remove(&temporary) {
                    Err(FilesError::NotFound) => Ok(()),
                    other => other,
                })
            }
        }
    }

    async fn close_files(&self, _server: &ServerKey) -> EngineResult<Outcome> {
        self.call(Call::Files, |_| Ok(Outcome::Gone))
    }
}
