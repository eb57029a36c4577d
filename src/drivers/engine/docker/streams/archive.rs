//! Files of a container as tars.

use bollard::{
    body_full,
    query_parameters::{DownloadFromContainerOptionsBuilder, UploadToContainerOptionsBuilder},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};

use super::super::super::{EngineError, EngineResult, EngineStream, ServerKey};
use super::super::{connection::Connection, error, raw};

impl Connection {
    pub(in super::super) async fn archive_get(
        &self,
        server: &ServerKey,
        path: &str,
    ) -> EngineResult<EngineStream<Bytes>> {
        let container = self.find_for_files(server, path).await?;
        let options = DownloadFromContainerOptionsBuilder::default().path(path).build();
        let mut pieces = self
            .docker
            .download_from_container(&container.id, Some(options))
            .boxed();
        // The request goes out with the first read: read once, so that a path that is not there fails this call.
        let first = match pieces.next().await {
            Some(Err(failure)) => return Err(self.file_failure(failure, path)),
            first => first,
        };
        let connection = self.clone();
        let all = stream::iter(first).chain(pieces);
        Ok(all
            .map(move |piece| piece.map_err(|failure| connection.failure(failure)))
            .boxed())
    }

    pub(in super::super) async fn archive_put(
        &self,
        server: &ServerKey,
        path: &str,
        tar: Bytes,
    ) -> EngineResult<()> {
        let container = self.find_for_files(server, path).await?;
        let options = UploadToContainerOptionsBuilder::default()
            .path(path)
            .no_overwrite_dir_non_dir("true")
            .build();
        let patient = self.patient(std::time::Duration::ZERO);
        let answer = patient
            .docker
            .upload_to_container(&container.id, Some(options), body_full(tar))
            .await;
        answer.map_err(|failure| patient.file_failure(failure, path))
    }

    async fn find_for_files(&self, server: &ServerKey, path: &str) -> EngineResult<raw::Container> {
        if !path.starts_with('/') || path.contains('\0') {
            return Err(EngineError::invalid(format!("{path:?} is not an absolute path")));
        }
        self.find(server)
            .await?
            .ok_or_else(|| EngineError::NotFound(format!("the container of {server}")))
    }

    fn file_failure(&self, failure: bollard::errors::Error, path: &str) -> EngineError {
        match (error::status(&failure), error::message(&failure)) {
            (Some(404), _) => EngineError::NotFound(path.to_owned()),
            (Some(_), message) if message.contains("read-only") => {
                EngineError::Invalid(format!("{path} cannot be written to"))
            }
            _ => self.failure(failure),
        }
    }
}
