//! Files of a server's volumes, by a helper: a container with these volumes and nothing else, in which a command is run for
//! each call. What it is and why: [`super::super::VolumeFiles`].
//!
//! Nobody keeps count of helpers. One ends by itself when nobody uses it, and the engine removes it; a panel that dies
//! leaves nothing to clean up.

mod call;
mod helper;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt as _;

use super::super::files::{command, entries, places};
use super::super::{
    EngineResult, EngineStream, FileEntry, FilePart, FilesBody, FilesChange, FilesCount, FilesPage,
    FilesResult, FilesSpec, NewContent, OpenFile, Outcome, ServerKey, UploadKey, VolumeFiles, VolumePath,
    Written,
};
use super::DockerEngine;

/// An answer that is known to be bounded.
async fn all_of(bytes: EngineStream<Bytes>) -> EngineResult<BytesMut> {
    bytes
        .try_fold(BytesMut::new(), |mut all, piece| async move {
            all.extend_from_slice(&piece);
            Ok(all)
        })
        .await
}

#[async_trait]
impl VolumeFiles for DockerEngine {
    async fn list_files(
        &self,
        spec: &FilesSpec,
        folder: &VolumePath,
        page: &FilesPage,
    ) -> FilesResult<Vec<FileEntry>> {
        let [after, limit] = page.arguments();
        let argv = command("list", folder, &[&after, &limit]);
        let reply = self.connect().await?.files_call(spec, argv, None).await?;
        Ok(entries(&all_of(reply.bytes).await?)?)
    }

    async fn find_file(&self, spec: &FilesSpec, path: &VolumePath) -> FilesResult<FileEntry> {
        let argv = command("stat", path, &[]);
        let reply = self.connect().await?.files_call(spec, argv, None).await?;
        Ok(reply.answer.entry(0)?)
    }

    async fn read_file(&self, spec: &FilesSpec, path: &VolumePath, part: FilePart) -> FilesResult<OpenFile> {
        let length = part
            .length
            .map_or_else(|| "-".to_owned(), |length| length.to_string());
        let argv = command("read", path, &[&part.offset.to_string(), &length]);
        let reply = self.connect().await?.files_call(spec, argv, None).await?;
        Ok(OpenFile {
            entry: reply.answer.entry(0)?,
            content: reply.bytes,
        })
    }

    async fn archive_files(&self, spec: &FilesSpec, path: &VolumePath) -> FilesResult<EngineStream<Bytes>> {
        let argv = command("tar", path, &[]);
        Ok(self.connect().await?.files_call(spec, argv, None).await?.bytes)
    }

    async fn count_files(
        &self,
        spec: &FilesSpec,
        folder: &VolumePath,
        limit: u64,
    ) -> FilesResult<FilesCount> {
        let argv = command("count", folder, &[&limit.to_string()]);
        let answer = self.connect().await?.files_call(spec, argv, None).await?.answer;
        Ok(FilesCount {
            files: answer.number(0)?,
            folders: answer.number(1)?,
            bytes: answer.number(2)?,
            is_all: answer.word(3)? == "all",
        })
    }

    async fn places_below(
        &self,
        spec: &FilesSpec,
        folder: &VolumePath,
        limit: u64,
    ) -> FilesResult<Option<Vec<Vec<u8>>>> {
        let argv = command("places", folder, &[&limit.to_string()]);
        let reply = self.connect().await?.files_call(spec, argv, None).await?;
        Ok(places(&all_of(reply.bytes).await?)?)
    }

    async fn write_file(
        &self,
        spec: &FilesSpec,
        path: &VolumePath,
        new: &NewContent,
        content: FilesBody,
    ) -> FilesResult<Written> {
        let total = new
            .total
            .map_or_else(|| "-".to_owned(), |total| total.to_string());
        let more = [
            new.expected.argument(),
            new.upload.as_str(),
            &new.offset.to_string(),
            &total,
        ];
        let argv = command("write", path, &more);
        let reply = self
            .connect()
            .await?
            .files_call(spec, argv, Some(content))
            .await?;
        Ok(match reply.answer.word(0)? {
            "part" => Written::Part(reply.answer.number(1)?),
            _ => Written::Whole(reply.answer.entry(1)?),
        })
    }

    async fn upload_offset(
        &self,
        spec: &FilesSpec,
        path: &VolumePath,
        upload: &UploadKey,
    ) -> FilesResult<u64> {
        let argv = command("offset", path, &[upload.as_str()]);
        let reply = self.connect().await?.files_call(spec, argv, None).await?;
        Ok(reply.answer.number(0)?)
    }

    async fn change_files(&self, spec: &FilesSpec, change: &FilesChange) -> FilesResult<()> {
        self.connect()
            .await?
            .files_call(spec, change.command()?, None)
            .await
            .map(drop)
    }

    async fn close_files(&self, server: &ServerKey) -> EngineResult<Outcome> {
        self.connect().await?.close_files(server).await
    }
}
