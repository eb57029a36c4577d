//! The archive on its way out: what is put into it is sent at once, and whoever puts it waits for whoever reads it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc::Sender;

use crate::drivers::engine::EngineStream;
use crate::platform::error::Error;

use super::model::{Count, Noted, Splice, Sums, end, entry};

/// Who takes nothing for so long is gone.
const STALLED: Duration = Duration::from_mins(5);

/// A piece of the archive on its way.
pub enum Piece {
    /// Some of it.
    Bytes(Bytes),
    /// All of it was sent.
    End,
}

/// Why an archive is not whole.
#[derive(Debug)]
pub enum Stop {
    /// Whoever asked for it has hung up, or takes nothing any more.
    Left,
    /// Its row is not ours any more.
    Lost,
    /// Whoever takes it may not any more.
    Closed,
    /// The panel stops.
    Stopping,
    /// Something could not be read.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Stop {
    /// For people.
    pub fn reason(&self) -> String {
        match self {
            Self::Left => "The download was broken off. Start it again.".to_owned(),
            Self::Lost => "It was not heard of for too long. Start it again.".to_owned(),
            Self::Closed => "The access of staff by which it was taken is over.".to_owned(),
            Self::Stopping => "The panel was restarted. Start it again.".to_owned(),
            Self::Failed(Error::Unavailable(_)) => {
                "The container engine did not answer. Start it again when it does.".to_owned()
            }
            Self::Failed(error) => format!("Something could not be read: {error}"),
        }
    }
}

/// How far it is, for whoever watches.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<(AtomicU64, AtomicU64)>);

impl Progress {
    fn set(&self, count: Count) {
        self.0.0.store(count.files, Ordering::Relaxed);
        self.0.1.store(count.bytes, Ordering::Relaxed);
    }

    /// Files and bytes so far.
    pub fn get(&self) -> Count {
        Count {
            files: self.0.0.load(Ordering::Relaxed),
            bytes: self.0.1.load(Ordering::Relaxed),
        }
    }
}

/// An archive that is being made.
pub struct Outer {
    to: Sender<Piece>,
    sums: Sums,
    count: Count,
    progress: Progress,
    seconds: u64,
}

impl Outer {
    /// Sends to `to`; what it makes is from `seconds` after 1970.
    pub fn new(to: Sender<Piece>, progress: Progress, seconds: u64) -> Self {
        Self {
            to,
            sums: Sums::default(),
            count: Count::default(),
            progress,
            seconds,
        }
    }

    /// Puts a file in.
    pub async fn file(&mut self, name: &str, content: &[u8]) -> Result<(), Stop> {
        self.sums.add(name.as_bytes(), &Sha256::digest(content));
        self.plain(name, content).await?;
        self.flush(false).await
    }

    /// Puts in what JSON can say.
    pub async fn json(&mut self, name: &str, content: &impl Serialize) -> Result<(), Stop> {
        let mut text = serde_json::to_vec_pretty(content).map_err(Error::internal)?;
        text.push(b'\n');
        self.file(name, &text).await
    }

    /// Puts a whole tar in, below a folder.
    pub async fn splice(&mut self, folder: &str, mut tar: EngineStream<Bytes>) -> Result<(), Stop> {
        let mut splice = Splice::new(folder);
        while let Some(piece) = tar.next().await {
            let piece = piece.map_err(|error| Error::Unavailable(error.into()))?;
            let mut left = &piece[..];
            while !left.is_empty() {
                let mut noted = Noted {
                    sums: &mut self.sums,
                    count: &mut self.count,
                };
                let out = splice.push(&mut left, &mut noted).map_err(Error::internal)?;
                self.send(out.into()).await?;
                if splice.is_between() {
                    self.flush(false).await?;
                }
            }
        }
        if !splice.is_whole() {
            let cut = io::Error::from(io::ErrorKind::UnexpectedEof);
            return Err(Error::Unavailable(cut.into()).into());
        }
        self.flush(false).await
    }

    /// Puts in the rest of the checksums and the end.
    pub async fn end(mut self, mark: impl FnOnce(Count) -> serde_json::Value) -> Result<(), Stop> {
        self.flush(true).await?;
        let mark = serde_json::to_vec_pretty(&mark(self.count)).map_err(Error::internal)?;
        self.plain("END.json", &mark).await?;
        self.send(end().into()).await?;
        self.to.send(Piece::End).await.map_err(|_| Stop::Left)
    }

    async fn flush(&mut self, is_last: bool) -> Result<(), Stop> {
        if self.sums.is_full() || is_last {
            let (name, lines) = self.sums.take();
            self.plain(&name, &lines).await?;
        }
        Ok(())
    }

    async fn plain(&mut self, name: &str, content: &[u8]) -> Result<(), Stop> {
        self.count.files += 1;
        self.count.bytes += content.len() as u64;
        self.send(entry(name, content, self.seconds).into()).await
    }

    async fn send(&mut self, bytes: Bytes) -> Result<(), Stop> {
        self.progress.set(self.count);
        if bytes.is_empty() {
            return Ok(());
        }
        let sent = tokio::time::timeout(STALLED, self.to.send(Piece::Bytes(bytes))).await;
        sent.map_err(|_| Stop::Left)?.map_err(|_| Stop::Left)
    }
}
