//! Copying volumes, by a container that does only that. What it does and why: [`super::super::CopySpec`].

use std::time::Duration;

use bollard::query_parameters::CreateContainerOptionsBuilder;
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::super::copy::CopyReader;
use super::super::files::{files_build_request, files_image};
use super::super::{
    CopiedVolume, CopyEvent, CopySpec, EngineError, EngineResult, EngineStream, LogQuery, ServerKey,
    TaskEvent, VolumeKey, spec::label,
};
use super::connection::Connection;

impl Connection {
    pub(super) async fn copy_volumes(&self, spec: &CopySpec) -> EngineResult<EngineStream<CopyEvent>> {
        let mut spec = spec.clone();
        self.end_task(&spec.server).await?;
        spec.volumes = self.present(&spec).await?;
        if !self.image_exists(&files_image(&spec.base_image)).await? {
            let build = self.build_image(files_build_request(&spec.base_image)?).await?;
            build.try_for_each(|_| async { Ok(()) }).await?;
        }
        let body = spec.to_container(&self.owner()?);
        let name = self.task_name(&spec.server);
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let patient = self.patient(Duration::ZERO);
        let made = patient.docker.create_container(Some(options), body).await;
        let id = made.map_err(|failure| patient.failure(failure))?.id;
        let started = patient.docker.start_container(&id, None).await;
        started.map_err(|failure| patient.failure(failure))?;
        Ok(self.clone().follow_copy(id, spec.server))
    }

    /// The volumes that the source has. What was never started has none, and what is somebody else's is refused.
    async fn present(&self, spec: &CopySpec) -> EngineResult<Vec<CopiedVolume>> {
        let mut present = Vec::new();
        for volume in &spec.volumes {
            self.check_server_volume(&volume.to, &spec.server).await?;
            match self.check_server_volume(&volume.from, &spec.source).await {
                Ok(()) => present.push(volume.clone()),
                Err(EngineError::VolumeMissing { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(present)
    }

    async fn check_server_volume(&self, volume: &VolumeKey, server: &ServerKey) -> EngineResult<()> {
        let name = self.instance.name(volume.as_str());
        match self.find_volume(volume).await? {
            Some(volume) if volume.labels.get(label::SERVER).map(String::as_str) == Some(server.as_str()) => {
                Ok(())
            }
            Some(_) => Err(EngineError::Foreign { name }),
            None => Err(EngineError::VolumeMissing { volume: name }),
        }
    }

    fn follow_copy(self, id: String, server: ServerKey) -> EngineStream<CopyEvent> {
        let query = LogQuery {
            follow: true,
            ..LogQuery::default()
        };
        let mut lines = self.logs_of(&id, query);
        async_stream::try_stream! {
            let mut reader = CopyReader::default();
            while let Some(line) = lines.next().await {
                if let Some(event) = reader.line(&line?.text) {
                    yield event;
                }
            }
            let ended = self.end_of(&id).await?;
            self.end_task(&server).await?;
            let exit_code = match ended {
                TaskEvent::Ended { exit_code, .. } => exit_code,
                TaskEvent::Line(_) => 1,
            };
            if exit_code != 0 {
                tracing::warn!(%server, exit_code, said = ?reader.said, "volumes were not copied");
            }
            yield reader.end(exit_code);
        }
        .boxed()
    }
}
