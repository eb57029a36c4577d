//! Content on its way in: watched, counted and cut off where it must not go on, without ever being held as a whole.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};

use crate::drivers::engine::FilesBody;

use super::STALLED;

/// What a browser or program sends.
pub struct Transfer {
    body: FilesBody,
}

/// Whether a transfer was cut off because it was too long.
#[derive(Clone, Default)]
pub(in crate::files) struct TooLong(Arc<AtomicBool>);

impl TooLong {
    pub(in crate::files) fn is_so(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Transfer {
    /// Of a stream that ends with an error if it is cut off.
    pub fn new<E: std::error::Error + Send + Sync + 'static>(
        body: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    ) -> Self {
        Self {
            body: body.map(|piece| piece.map_err(io::Error::other)).boxed(),
        }
    }

    /// Of what is there already.
    pub fn of(content: impl Into<Bytes>) -> Self {
        let content: Bytes = content.into();
        Self {
            body: futures_util::stream::iter([Ok(content)]).boxed(),
        }
    }

    /// The content, which ends with an error after `limit` bytes or when nothing has come for a while.
    pub(in crate::files) fn limited(self, limit: u64) -> (FilesBody, TooLong) {
        let (mut body, too_long) = (self.body, TooLong::default());
        let (mut left, told) = (limit, too_long.clone());
        let content = async_stream::try_stream! {
            loop {
                let piece = tokio::time::timeout(STALLED, body.next()).await;
                let piece = match piece.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))? {
                    Some(piece) => piece?,
                    None => break,
                };
                left = left.checked_sub(piece.len() as u64).ok_or_else(|| {
                    told.0.store(true, Ordering::Relaxed);
                    io::Error::from(io::ErrorKind::FileTooLarge)
                })?;
                yield piece;
            }
        };
        (content.boxed(), too_long)
    }
}
