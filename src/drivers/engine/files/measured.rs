//! Calls about files, counted like all others. A stream's time is that until it begins.

use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;

use crate::platform::metrics;

use super::super::{EngineError, EngineResult, EngineStream, Measured, Outcome, ServerKey};
use super::{
    FileEntry, FilePart, FilesBody, FilesChange, FilesCount, FilesError, FilesPage, FilesResult, FilesSpec,
    NewContent, OpenFile, UploadKey, VolumeFiles, VolumePath, Written,
};

/// A file that is not there is an answer like any other; only what the engine fails at counts as failed.
async fn measured<T>(
    call: &'static str,
    answer: impl Future<Output = FilesResult<T>> + Send,
) -> FilesResult<T> {
    let begun = Instant::now();
    let outcome = answer.await;
    let is_ok = !matches!(outcome, Err(FilesError::Engine(_)));
    metrics::engine(call, is_ok, begun.elapsed());
    let is_away = matches!(outcome, Err(FilesError::Engine(EngineError::Unavailable(_))));
    metrics::dependency("engine", !is_away);
    outcome
}

macro_rules! calls {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl VolumeFiles for Measured {
            $(async fn $name(&self, spec: &FilesSpec, $($argument: $type),*) -> FilesResult<$answer> {
                measured(stringify!($name), self.inner().$name(spec, $($argument),*)).await
            })*

            async fn close_files(&self, server: &ServerKey) -> EngineResult<Outcome> {
                self.inner().close_files(server).await
            }
        }
    };
}

calls! {
    list_files(folder: &VolumePath, page: &FilesPage) -> Vec<FileEntry>;
    find_file(path: &VolumePath) -> FileEntry;
    read_file(path: &VolumePath, part: FilePart) -> OpenFile;
    archive_files(path: &VolumePath) -> EngineStream<Bytes>;
    count_files(folder: &VolumePath, limit: u64) -> FilesCount;
    places_below(folder: &VolumePath, limit: u64) -> Option<Vec<Vec<u8>>>;
    write_file(path: &VolumePath, new: &NewContent, content: FilesBody) -> Written;
    upload_offset(path: &VolumePath, upload: &UploadKey) -> u64;
    change_files(change: &FilesChange) -> ();
}
