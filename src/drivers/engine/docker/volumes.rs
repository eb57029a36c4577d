//! Volumes. Removing one removes data, so every look goes by the labels.

use bollard::query_parameters::{ListVolumesOptionsBuilder, RemoveVolumeOptions};

use crate::platform::fault;

use super::super::{
    EngineError, EngineResult, Outcome, Owner, ServerKey, TenantKey, Volume, VolumeKey, VolumeSpec,
    spec::label,
};
use super::{connection::Connection, error, raw};

impl Connection {
    pub(super) async fn ensure_volume(&self, spec: &VolumeSpec) -> EngineResult<Volume> {
        let owner = self.owner()?;
        if let Some(volume) = self.find_volume(&spec.key).await? {
            return known(&volume, &owner).ok_or(EngineError::Foreign { name: volume.name });
        }
        let patient = self.patient(std::time::Duration::ZERO);
        let answer = patient.docker.create_volume(spec.to_volume(&owner)).await;
        // Another maker may have been first; the engine then answers with the volume that there is.
        let volume: raw::Volume = raw::read(answer).map_err(|failure| patient.failure(failure))?;
        fault::point("engine.volume_made");
        owner.demand(&volume.name, &volume.labels)?;
        known(&volume, &owner).ok_or(EngineError::Foreign { name: volume.name })
    }

    pub(super) async fn remove_volume(&self, key: &VolumeKey) -> EngineResult<Outcome> {
        let Some(volume) = self.find_volume(key).await? else {
            return Ok(Outcome::Gone);
        };
        // A helper that somebody browses with must not keep a server from being deleted. That of a volume of no server goes by
        // the volume's own key.
        let reader = volume
            .labels
            .get(label::SERVER)
            .map_or(key.as_str(), String::as_str);
        self.close_files(&ServerKey::new(reader)?).await?;
        let patient = self.patient(std::time::Duration::ZERO);
        match patient
            .docker
            .remove_volume(&volume.name, None::<RemoveVolumeOptions>)
            .await
        {
            Ok(()) => Ok(Outcome::Done),
            Err(failure) => match error::status(&failure) {
                Some(404) => Ok(Outcome::Gone),
                Some(409) => Err(EngineError::InUse { name: volume.name }),
                _ => Err(patient.failure(failure)),
            },
        }
    }

    /// Removes the volume with the key's name if it has no label at all, as what the engine makes for a mount of what is not there.
    /// Says whether there was such a one.
    pub(super) async fn remove_stray(&self, key: &VolumeKey) -> EngineResult<bool> {
        let name = self.instance.name(key.as_str());
        match raw::read::<_, raw::Volume>(self.docker.inspect_volume(&name).await) {
            Ok(volume) if volume.labels.is_empty() => {}
            Ok(_) => return Ok(false),
            Err(failure) if error::status(&failure) == Some(404) => return Ok(false),
            Err(failure) => return Err(self.failure(failure)),
        }
        let patient = self.patient(std::time::Duration::ZERO);
        let removed = patient
            .docker
            .remove_volume(&name, None::<RemoveVolumeOptions>)
            .await;
        match removed {
            Err(failure) if error::status(&failure) != Some(404) => Err(patient.failure(failure)),
            _ => Ok(true),
        }
    }

    pub(super) async fn list_volumes(&self) -> EngineResult<Vec<Volume>> {
        let placed = self.placed_volumes().await?;
        Ok(placed.into_iter().map(|(volume, _)| volume).collect())
    }

    /// Our volumes, and where the engine's host has them.
    pub(super) async fn placed_volumes(&self) -> EngineResult<Vec<(Volume, String)>> {
        let options = ListVolumesOptionsBuilder::default().filters(&self.mine()).build();
        let answer = self.docker.list_volumes(Some(options)).await;
        let list: raw::Volumes = raw::read(answer).map_err(|failure| self.failure(failure))?;
        let owner = self.owner()?;
        let ours = list
            .volumes
            .iter()
            .filter_map(|volume| Some((known(volume, &owner)?, volume.place.clone())));
        Ok(ours.collect())
    }

    /// The volume with the key's name, or an error if that is somebody else's.
    pub(super) async fn find_volume(&self, key: &VolumeKey) -> EngineResult<Option<raw::Volume>> {
        let name = self.instance.name(key.as_str());
        match raw::read::<_, raw::Volume>(self.docker.inspect_volume(&name).await) {
            Ok(volume) => {
                self.owner()?.demand(&name, &volume.labels)?;
                Ok(Some(volume))
            }
            Err(failure) if error::status(&failure) == Some(404) => Ok(None),
            Err(failure) => Err(self.failure(failure)),
        }
    }
}

/// A volume of this owner's.
fn known(volume: &raw::Volume, owner: &Owner) -> Option<Volume> {
    let labels = &volume.labels;
    Some(Volume {
        is_marked: owner.demand(&volume.name, labels).ok()?,
        key: VolumeKey::new(labels.get(label::VOLUME)?.as_str()).ok()?,
        tenant: TenantKey::new(labels.get(label::TENANT)?.as_str()).ok()?,
        server: labels
            .get(label::SERVER)
            .and_then(|server| ServerKey::new(server.as_str()).ok()),
        name: volume.name.clone(),
        driver: volume.driver.clone(),
    })
}
