//! One file of a stopped server's folder, read and written through the engine.
//!
//! What must hold: no link is followed. The folder is the customer's, and a link in it could lead the engine, which writes
//! as root, to another place of the container. While no process of the server runs, nobody can put one there in between.

use std::io::Read as _;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;

use crate::drivers::engine::{Engine, EngineError, ServerKey};
use crate::eggs::{HOME, MAX_FILE};

/// Enough of an archive to see its first entry, with long names.
const HEAD: usize = 16 * 1024;
/// The server's user and group.
const OWNER: u64 = 1000;
const FILE_MODE: u32 = 0o644;
const FOLDER_MODE: u32 = 0o755;

/// Why a file is left as it is.
#[derive(Debug, thiserror::Error)]
pub(super) enum Left {
    /// For this reason, told to people.
    #[error("{0}")]
    Unfit(&'static str),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// A file as it is.
#[derive(Debug)]
pub(super) struct Present {
    /// Its text; empty if there is none yet.
    pub(super) text: String,
    mode: u32,
    /// Folders on its way that are not there yet.
    missing: Vec<String>,
}

/// What the first entry of an archive is.
enum Entry {
    Missing,
    Folder,
    Other,
}

/// Reads a file; `path` is relative and has neither `.` nor `..`.
pub(super) async fn read(engine: &dyn Engine, server: &ServerKey, path: &str) -> Result<Present, Left> {
    let mut missing = Vec::new();
    for (at, _) in path.match_indices('/') {
        let folder = &path[..at];
        match look(engine, server, folder).await? {
            Entry::Folder => {}
            Entry::Missing => missing.push(folder.to_owned()),
            Entry::Other => return Err(Left::Unfit("something on its way is no folder")),
        }
    }
    let absent = Present {
        text: String::new(),
        mode: FILE_MODE,
        missing,
    };
    if !absent.missing.is_empty() {
        return Ok(absent);
    }
    let mut archive = match engine.archive_get(server, &format!("{HOME}/{path}")).await {
        Err(EngineError::NotFound(_)) => return Ok(absent),
        other => other?,
    };
    let mut bytes = BytesMut::new();
    while let Some(piece) = archive.next().await {
        bytes.extend_from_slice(&piece?);
        if bytes.len() > MAX_FILE + HEAD {
            return Err(Left::Unfit("it is too large, or no file"));
        }
    }
    let (text, mode) = unpack(&bytes)?;
    Ok(Present { text, mode, ..absent })
}

/// What is at a path, without reading all of it.
async fn look(engine: &dyn Engine, server: &ServerKey, path: &str) -> Result<Entry, Left> {
    let mut archive = match engine.archive_get(server, &format!("{HOME}/{path}")).await {
        Err(EngineError::NotFound(_)) => return Ok(Entry::Missing),
        other => other?,
    };
    let mut bytes = BytesMut::new();
    while bytes.len() < HEAD
        && let Some(piece) = archive.next().await
    {
        bytes.extend_from_slice(&piece?);
    }
    let mut tar = tar::Archive::new(&bytes[..]);
    let first = tar.entries().ok().and_then(|mut entries| entries.next()?.ok());
    Ok(
        match first.map(|entry| {
            (
                entry.header().entry_type(),
                entry.path().is_ok_and(|inner| inner.components().count() > 1),
            )
        }) {
            // An engine may leave out the folder itself and begin with what is in it.
            Some((kind, is_below)) if kind.is_dir() || is_below => Entry::Folder,
            _ => Entry::Other,
        },
    )
}

fn unpack(bytes: &[u8]) -> Result<(String, u32), Left> {
    let unreadable = |_| Left::Unfit("it can't be read");
    let mut tar = tar::Archive::new(bytes);
    let mut entries = tar.entries().map_err(unreadable)?;
    let mut entry = entries
        .next()
        .ok_or(Left::Unfit("it can't be read"))?
        .map_err(unreadable)?;
    if !entry.header().entry_type().is_file() {
        return Err(Left::Unfit("it is a link or a folder, and no file"));
    }
    let mode = entry.header().mode().unwrap_or(FILE_MODE) & 0o777;
    let mut text = String::new();
    let read = entry.read_to_string(&mut text);
    read.map_err(|_| Left::Unfit("it is not text"))?;
    Ok((text, mode))
}

/// Writes a file that was read before, with the folders that were missing, as the server's own.
pub(super) async fn write(
    engine: &dyn Engine,
    server: &ServerKey,
    path: &str,
    before: &Present,
    text: &str,
) -> Result<(), Left> {
    let packed = pack(path, before, text).map_err(|_| Left::Unfit("it can't be written"))?;
    Ok(engine.archive_put(server, HOME, packed).await?)
}

fn pack(path: &str, before: &Present, text: &str) -> std::io::Result<Bytes> {
    let mut tar = tar::Builder::new(Vec::new());
    for folder in &before.missing {
        let mut header = header(FOLDER_MODE, 0);
        header.set_entry_type(tar::EntryType::Directory);
        tar.append_data(&mut header, folder, std::io::empty())?;
    }
    tar.append_data(&mut header(before.mode, text.len()), path, text.as_bytes())?;
    tar.into_inner().map(Bytes::from)
}

fn header(mode: u32, size: usize) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_mode(mode);
    header.set_size(size as u64);
    header.set_uid(OWNER);
    header.set_gid(OWNER);
    header
}
