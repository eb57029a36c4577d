//! Calls of the backup helper. What holds: [`super::super::HelperSpec`].

use std::time::Duration;

use bollard::container::{AttachContainerResults, LogOutput};
use bollard::query_parameters::{AttachContainerOptionsBuilder, CreateContainerOptionsBuilder};
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::io::AsyncWriteExt as _;

use super::super::helper::Complaints;
use super::super::spec::label;
use super::super::{
    EngineError, EngineResult, EngineStream, HelperEvent, HelperSpec, HelperVolume, ServerKey, TenantKey,
};
use super::connection::Connection;

impl Connection {
    pub(super) async fn run_helper(&self, spec: &HelperSpec) -> EngineResult<EngineStream<HelperEvent>> {
        self.end_task(&spec.key).await?;
        for volume in &spec.volumes {
            self.check_helper_volume(volume, &spec.tenant).await?;
        }
        if !self.image_exists(&spec.image_tag()).await? {
            let build = self.build_image(spec.build_request()?).await?;
            build.try_for_each(|_| async { Ok(()) }).await?;
        }
        let name = self.task_name(&spec.key);
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let patient = self.patient(Duration::ZERO);
        let body = spec.to_container(&self.owner()?);
        let made = patient.docker.create_container(Some(options), body).await;
        let id = made.map_err(|failure| patient.failure(failure))?.id;
        match patient.begin_helper(&id, spec.input()).await {
            Ok(attached) => Ok(self.clone().follow_helper(attached)),
            Err(error) => {
                // One that never ran is not removed by itself.
                self.end_task(&spec.key).await?;
                Err(error)
            }
        }
    }

    /// Listens, starts it and tells it what it needs.
    async fn begin_helper(&self, id: &str, input: Vec<u8>) -> EngineResult<AttachContainerResults> {
        let options = AttachContainerOptionsBuilder::default()
            .stdin(true)
            .stdout(true)
            .stderr(true)
            .stream(true)
            .build();
        let attached = self.docker.attach_container(id, Some(options)).await;
        let mut attached = attached.map_err(|failure| self.failure(failure))?;
        let started = self.docker.start_container(id, None).await;
        started.map_err(|failure| self.failure(failure))?;
        let told = async {
            attached.input.write_all(&input).await?;
            attached.input.flush().await
        };
        told.await
            .map_err(|failure: std::io::Error| EngineError::Unavailable(failure.into()))?;
        Ok(attached)
    }

    /// The engine would make a missing volume by itself, and mount anybody's.
    async fn check_helper_volume(&self, volume: &HelperVolume, tenant: &TenantKey) -> EngineResult<()> {
        let name = self.instance.name(volume.key.as_str());
        let Some(found) = self.find_volume(&volume.key).await? else {
            return Err(EngineError::VolumeMissing { volume: name });
        };
        let has = |label: &str, value: Option<&str>| found.labels.get(label).map(String::as_str) == value;
        let server = volume.server.as_ref().map(ServerKey::as_str);
        // A server may have come from another tenant, whose name its volumes bear for good; it is the same server.
        let is_theirs = server.is_some() || has(label::TENANT, Some(tenant.as_str()));
        if is_theirs && has(label::SERVER, server) {
            Ok(())
        } else {
            Err(EngineError::Foreign { name })
        }
    }

    fn follow_helper(self, attached: AttachContainerResults) -> EngineStream<HelperEvent> {
        async_stream::try_stream! {
            // Closing the input ends the call.
            let AttachContainerResults { mut output, input: _open } = attached;
            let mut complaints = Complaints::default();
            while let Some(piece) = output.next().await {
                match piece.map_err(|failure| self.failure(failure))? {
                    LogOutput::StdErr { message } => complaints.add(&message),
                    other => yield HelperEvent::Out(other.into_bytes()),
                }
            }
            yield HelperEvent::Ended(complaints.end());
        }
        .boxed()
    }
}
