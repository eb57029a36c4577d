//! New content for files: whole, or piece by piece.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::drivers::engine::{Expected, FileEntry, FilesChange, NewContent, UploadKey, VolumePath, Written};
use crate::platform::error::Error;

use super::super::model::Item;
use super::Files;
use super::transfer::Transfer;

const MIB: u64 = 1024 * 1024;

/// A piece of an upload.
#[derive(Debug, Clone)]
pub struct Piece {
    /// What whoever uploads calls it.
    pub upload: UploadKey,
    /// Where it begins.
    pub offset: u64,
    /// How long the whole is.
    pub length: u64,
}

/// What came of a piece.
#[derive(Debug, Clone)]
pub enum Saved {
    /// There is so much of it now.
    Part(u64),
    /// The file has its content.
    Whole(Item),
}

/// The version of a file as conditional requests name it.
pub fn version_of(entry: &FileEntry) -> String {
    format!("\"{}\"", entry.version)
}

impl Files {
    /// Gives a file its content in one go.
    pub async fn write(
        &self,
        path: &VolumePath,
        expected: Expected,
        content: Transfer,
    ) -> Result<Item, Error> {
        let new = NewContent {
            expected,
            upload: self.any_upload()?,
            offset: 0,
            total: None,
        };
        match self.send(path, &new, content).await? {
            Saved::Whole(item) => Ok(item),
            Saved::Part(_) => Err(Error::internal("a whole file became a part of one")),
        }
    }

    /// Adds a piece to an upload. With its last the file gets its content.
    pub async fn write_piece(
        &self,
        path: &VolumePath,
        expected: Expected,
        piece: &Piece,
        content: Transfer,
    ) -> Result<Saved, Error> {
        if piece.length > self.limit() {
            return Err(Error::TooLarge);
        }
        if piece.offset > piece.length {
            return Err(Error::invalid("offset", "It lies behind the end of the file."));
        }
        let new = NewContent {
            expected,
            upload: of_path(path, &piece.upload)?,
            offset: piece.offset,
            total: Some(piece.length),
        };
        self.send(path, &new, content).await
    }

    /// How much of an upload is there.
    pub async fn offset(&self, path: &VolumePath, upload: &UploadKey) -> Result<u64, Error> {
        self.keeper.check_open()?;
        self.check_unlocked(path)?;
        let upload = of_path(path, upload)?;
        let offset = self.app.engine.upload_offset(&self.spec, path, &upload).await;
        self.told(offset).await
    }

    /// Forgets an upload.
    pub async fn discard(&self, path: &VolumePath, upload: &UploadKey) -> Result<(), Error> {
        let upload = of_path(path, upload)?;
        self.change(FilesChange::Discard(path.clone(), upload)).await
    }

    async fn send(&self, path: &VolumePath, new: &NewContent, content: Transfer) -> Result<Saved, Error> {
        self.keeper.check_open()?;
        self.check_unlocked(path)?;
        let (content, too_long) = content.limited(self.limit());
        let written = self.app.engine.write_file(&self.spec, path, new, content).await;
        if too_long.is_so() {
            return Err(Error::TooLarge);
        }
        match self.told(written).await? {
            Written::Part(offset) => Ok(Saved::Part(offset)),
            Written::Whole(entry) => {
                self.note("file.write", path, json!({ "bytes": entry.size }))
                    .await?;
                Ok(Saved::Whole(self.item(path.clone(), entry)))
            }
        }
    }

    /// The largest file, in bytes.
    fn limit(&self) -> u64 {
        u64::from(self.app.config.max_upload_mib) * MIB
    }

    /// A name for content that comes in one go.
    fn any_upload(&self) -> Result<UploadKey, Error> {
        let id = self.app.ids.uuid(self.app.now());
        UploadKey::new(&id.simple().to_string()).ok_or_else(|| Error::internal("no name for an upload"))
    }
}

/// An upload's name in its folder, which tells two places apart that somebody gave one name.
fn of_path(path: &VolumePath, upload: &UploadKey) -> Result<UploadKey, Error> {
    let hash = Sha256::new()
        .chain_update(path.to_string())
        .chain_update([0])
        .chain_update(upload.as_str())
        .finalize();
    let mut half = [0; 16];
    half.copy_from_slice(&hash[..16]);
    let text = format!("{:032x}", u128::from_be_bytes(half));
    UploadKey::new(&text).ok_or_else(|| Error::internal("no name for an upload"))
}
