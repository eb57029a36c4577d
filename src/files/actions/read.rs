//! Looking.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use serde_json::json;

use crate::drivers::engine::{
    EngineError, EngineStream, FileEntry, FilePart, FilesCount, FilesPage, OpenFile, Rank, VolumePath,
};
use crate::platform::error::Error;

use super::super::model::{Content, Item, Locks, Sieve, locked, name_of};
use super::Files;

/// So many entries of a volume are counted while somebody waits for its page.
const COUNT_OF_VOLUME: u64 = 20_000;
/// So many of a folder that is about to be deleted.
const COUNT_OF_FOLDER: u64 = 100_000;

impl Files {
    /// How much each volume holds, in their order.
    pub async fn usage(&self) -> Result<Vec<FilesCount>, Error> {
        self.keeper.check_open()?;
        let mut all = Vec::with_capacity(self.volumes.len());
        for volume in &self.volumes {
            let path = VolumePath::of_volume(&volume.name).map_err(Error::internal)?;
            let count = self
                .app
                .engine
                .count_files(&self.spec, &path, COUNT_OF_VOLUME)
                .await;
            all.push(self.told(count).await?);
        }
        Ok(all)
    }

    /// Part of a folder, and one more entry if there is more.
    pub async fn list(
        &self,
        folder: &VolumePath,
        after: Option<Rank>,
        limit: usize,
    ) -> Result<Vec<Item>, Error> {
        self.keeper.check_open()?;
        self.check_unlocked(folder)?;
        let page = FilesPage { after, limit };
        let entries = self.app.engine.list_files(&self.spec, folder, &page).await;
        let entries = self.told(entries).await?;
        let item = |entry: FileEntry| {
            let path = folder.join(&entry.name).map_err(Error::internal)?;
            Ok(self.item(path, entry))
        };
        entries.into_iter().map(item).collect()
    }

    /// One entry.
    pub async fn find(&self, path: &VolumePath) -> Result<Item, Error> {
        self.keeper.check_open()?;
        if self.locks.hide(path) {
            return Err(locked(&name_of(path)));
        }
        let entry = self.app.engine.find_file(&self.spec, path).await;
        let entry = self.told(entry).await?;
        Ok(self.item(path.clone(), entry))
    }

    /// One entry that people may read and change.
    pub async fn find_unlocked(&self, path: &VolumePath) -> Result<Item, Error> {
        self.check_unlocked(path)?;
        self.find(path).await
    }

    /// A file, opened.
    pub async fn open(&self, path: &VolumePath, part: FilePart) -> Result<OpenFile, Error> {
        self.keeper.check_open()?;
        self.check_unlocked(path)?;
        let file = self.app.engine.read_file(&self.spec, path, part).await;
        self.told(file).await
    }

    /// A file, and its first `limit` bytes, judged.
    pub async fn peek(&self, path: &VolumePath, limit: u64) -> Result<(Item, Content), Error> {
        let part = FilePart {
            offset: 0,
            length: Some(limit),
        };
        let file = self.open(path, part).await?;
        let start = all_of(file.content).await?;
        let content = Content::of(&start, file.entry.size);
        Ok((self.item(path.clone(), file.entry), content))
    }

    /// A file or folder as a tar, without what is locked in it. Written into the audit log.
    pub async fn archive(&self, path: &VolumePath) -> Result<EngineStream<Bytes>, Error> {
        self.keeper.check_open()?;
        self.check_unlocked(path)?;
        let tar = self.app.engine.archive_files(&self.spec, path).await;
        let tar = self.told(tar).await?;
        let tar = sifted(&self.locks, path, tar);
        self.note("file.archive", path, json!({})).await?;
        Ok(tar)
    }

    /// How much is below a folder.
    pub async fn count(&self, folder: &VolumePath) -> Result<FilesCount, Error> {
        self.keeper.check_open()?;
        self.check_unlocked(folder)?;
        let count = self.app.engine.count_files(&self.spec, folder, COUNT_OF_FOLDER);
        self.told(count.await).await
    }
}

/// The tar of a place without what is locked below it.
pub fn sifted(locks: &Locks, path: &VolumePath, mut tar: EngineStream<Bytes>) -> EngineStream<Bytes> {
    if locks.is_empty() {
        return tar;
    }
    let (locks, top) = (locks.clone(), path.parts().to_vec());
    // The first of a name's parts is the place itself.
    let is_kept = move |name: &[u8]| {
        let below = name.split(|byte| *byte == b'/').skip(1).map(<[u8]>::to_vec);
        let parts: Vec<_> = top.iter().cloned().chain(below).collect();
        !locks.hold_bytes(&parts.join(&b'/'))
    };
    async_stream::try_stream! {
        let mut sieve = Sieve::new(is_kept);
        while let Some(piece) = tar.next().await {
            let kept = sieve.push(&piece?).map_err(|error| EngineError::invalid(error.to_string()))?;
            if !kept.is_empty() {
                yield Bytes::from(kept);
            }
        }
    }
    .boxed()
}

/// A stream that is known to be short.
async fn all_of(mut content: EngineStream<Bytes>) -> Result<Bytes, Error> {
    let mut all = BytesMut::new();
    while let Some(piece) = content.next().await {
        all.extend_from_slice(&piece.map_err(|error| Error::Unavailable(error.into()))?);
    }
    Ok(all.freeze())
}
