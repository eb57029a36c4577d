//! The helper's container: found, made, ended.

use std::time::Duration;

use bollard::query_parameters::CreateContainerOptionsBuilder;
use futures_util::TryStreamExt as _;
use futures_util::future::try_join_all;

use super::super::super::{EngineError, EngineResult, FilesSpec, Outcome, ServerKey, spec::label};
use super::super::{connection::Connection, containers::is_current, error, raw};

/// How often to look again while one that ended is removed, or another panel makes or removes one, and after how long.
const ATTEMPTS: usize = 40;
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl Connection {
    /// The id of a server's helper, running.
    pub(super) async fn files_helper(&self, spec: &FilesSpec) -> EngineResult<String> {
        let hash = spec.hash();
        for _ in 0..ATTEMPTS {
            let helper = match self.find_helper(&spec.server).await? {
                Some(helper) if !is_current(&helper, &hash) && is_there(&helper) => {
                    self.remove_found(&helper).await?;
                    None
                }
                Some(helper) => Some(helper),
                None => self.make_helper(spec).await?,
            };
            if let Some(helper) = helper
                && self.is_up(spec, &helper).await?
            {
                return Ok(helper.id);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Err(EngineError::Failed {
            status: 409,
            message: format!("the files helper of {} does not come up", spec.server),
            source: None,
        })
    }

    /// Sees that one that was found runs; one that has ended is about to be removed.
    async fn is_up(&self, spec: &FilesSpec, helper: &raw::Container) -> EngineResult<bool> {
        match helper.state.status.as_str() {
            "running" => Ok(true),
            "created" => {
                self.check_mounted(spec, helper).await?;
                let patient = self.patient(Duration::ZERO);
                match patient.docker.start_container(&helper.id, None).await {
                    Ok(()) => Ok(true),
                    Err(failure) if matches!(error::status(&failure), Some(404 | 409)) => Ok(false),
                    Err(failure) => Err(patient.failure(failure)),
                }
            }
            _ => Ok(false),
        }
    }

    async fn check_volumes(&self, spec: &FilesSpec) -> EngineResult<()> {
        let volumes = spec.volumes.iter();
        try_join_all(volumes.map(|volume| self.check_volume(&volume.key, (&spec.server, &spec.tenant))))
            .await
            .map(drop)
    }

    /// Refuses to start one whose volume was removed just before it was made: the engine gave it another of that name, which would
    /// pass for the data. Both go. From when it was made nobody can remove what it has.
    async fn check_mounted(&self, spec: &FilesSpec, helper: &raw::Container) -> EngineResult<()> {
        let Err(error) = self.check_volumes(spec).await else {
            return Ok(());
        };
        self.remove_found(helper).await?;
        let mut missing = None;
        for volume in &spec.volumes {
            if self.remove_stray(&volume.key).await? {
                missing = Some(self.instance.name(volume.key.as_str()));
            }
        }
        Err(missing.map_or(error, |volume| EngineError::VolumeMissing { volume }))
    }

    /// The engine would make a missing volume by itself, and mount anybody's.
    async fn make_helper(&self, spec: &FilesSpec) -> EngineResult<Option<raw::Container>> {
        let body = spec.to_container(&self.owner()?);
        self.check_volumes(spec).await?;
        if !self.image_exists(&spec.image_tag()).await? {
            let build = self.build_image(spec.build_request()?).await?;
            build.try_for_each(|_| async { Ok(()) }).await?;
        }
        let options = CreateContainerOptionsBuilder::default()
            .name(&self.helper_name(&spec.server))
            .build();
        let patient = self.patient(Duration::ZERO);
        match patient.docker.create_container(Some(options), body).await {
            Ok(_) => self.find_helper(&spec.server).await,
            // Another panel was first, or the one before is being removed.
            Err(failure) if error::status(&failure) == Some(409) => Ok(None),
            Err(failure) => Err(patient.failure(failure)),
        }
    }

    fn helper_name(&self, server: &ServerKey) -> String {
        self.instance.name(&format!("files-{server}"))
    }

    async fn find_helper(&self, server: &ServerKey) -> EngineResult<Option<raw::Container>> {
        let name = self.helper_name(server);
        let Some(helper) = self.inspect(&name).await? else {
            return Ok(None);
        };
        let labels = &helper.config.labels;
        self.owner()?.demand(&name, labels)?;
        match labels.get(label::FILES) {
            Some(key) if key == server.as_str() => Ok(Some(helper)),
            _ => Err(EngineError::Foreign { name }),
        }
    }

    pub(in super::super) async fn close_files(&self, server: &ServerKey) -> EngineResult<Outcome> {
        match self.find_helper(server).await? {
            Some(helper) => self.remove_found(&helper).await,
            None => Ok(Outcome::Gone),
        }
    }
}

/// Whether it is not on its way out already.
fn is_there(helper: &raw::Container) -> bool {
    matches!(helper.state.status.as_str(), "running" | "created" | "paused")
}
