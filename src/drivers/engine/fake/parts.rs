//! The fake's networks, volumes and images.

use std::collections::BTreeMap;

use super::super::{
    BuildEvent, BuildRequest, ContainerSpec, EngineError, EngineResult, EventKind, GuardSpec, GuardState,
    Image, Network, NetworkKey, NetworkSpec, Outcome, ServerKey, Subject, TenantKey, Volume, VolumeDriver,
    VolumeKey, VolumeMount, VolumeSpec, spec,
};
use super::FakeEngine;
use super::state::State;

/// The guard's key, as on the real engine.
const GUARD: &str = "guard";

impl FakeEngine {
    /// What a server's container has mounted: which volume, where, and whether it may only read.
    pub fn mounts(&self, server: &ServerKey) -> Vec<VolumeMount> {
        let state = self.lock();
        let container = state.containers.get(server);
        container.map(|one| one.spec.volumes.clone()).unwrap_or_default()
    }

    /// Takes a volume away with its data, as a broken disk does.
    pub fn lose_volume(&self, key: &VolumeKey) {
        let mut state = self.lock();
        if let Some(volume) = state.volumes.remove(key) {
            state.pool.forget(&volume.name);
        }
    }

    /// Makes an image with this tag exist, not labelled as ours.
    pub fn add_image(&self, tag: &str) {
        self.change(|state| state.add_foreign_image(tag));
    }

    /// Gives a name on the engine to somebody else: a container, network or volume.
    pub fn add_foreign(&self, name: &str) {
        self.change(|state| state.foreign.insert(name.to_owned()));
    }

    /// Takes the installation's id from everything that there is, as on what was made before there were such ids.
    pub fn unmark(&self) {
        self.change(State::unmark);
    }
}

impl State {
    /// What a container needs, and whether it may have it.
    pub(super) fn check_parts(&self, spec: &ContainerSpec) -> EngineResult<()> {
        let name = self.own_name(spec.network.as_str())?;
        match self.networks.get(&spec.network) {
            Some(network) => check_owner(name, &network.tenant, &spec.tenant)?,
            None => return Err(EngineError::NetworkMissing { network: name }),
        }
        for mount in &spec.volumes {
            let name = self.own_name(mount.volume.as_str())?;
            match self.volumes.get(&mount.volume) {
                Some(volume) => check_volume_owner(name, volume, (&spec.server, &spec.tenant))?,
                None => return Err(EngineError::VolumeMissing { volume: name }),
            }
        }
        if self.images.contains_key(&spec.image) {
            Ok(())
        } else {
            Err(EngineError::ImageMissing {
                image: spec.image.clone(),
            })
        }
    }

    pub(super) fn ensure_network(&mut self, spec: &NetworkSpec) -> EngineResult<Network> {
        spec.validate()?;
        let name = self.own_name(spec.key.as_str())?;
        let made = self.networks.entry(spec.key.clone()).or_insert_with(|| Network {
            key: spec.key.clone(),
            tenant: spec.tenant.clone(),
            is_marked: true,
            name,
            subnets: vec![spec.subnet.clone().unwrap_or_else(|| "10.210.0.0/16".to_owned())],
            internal: spec.internal,
        });
        Ok(made.clone())
    }

    pub(super) fn remove_network(&mut self, key: &NetworkKey) -> EngineResult<Outcome> {
        let name = self.own_name(key.as_str())?;
        let mut running = self
            .containers
            .values()
            .filter(|container| !container.seen.ip_addresses.is_empty());
        if running.any(|container| container.seen.networks.contains(key)) {
            return Err(EngineError::InUse { name });
        }
        Ok(outcome(self.networks.remove(key).is_some()))
    }

    pub(super) fn ensure_volume(&mut self, spec: &VolumeSpec) -> EngineResult<Volume> {
        let name = self.own_name(spec.key.as_str())?;
        let driver = match &spec.driver {
            VolumeDriver::Local => "local",
            VolumeDriver::Berth { driver } | VolumeDriver::View { driver, .. } => driver,
        };
        if let (VolumeDriver::Berth { .. }, false) = (&spec.driver, self.volumes.contains_key(&spec.key)) {
            let size = spec.size_bytes.unwrap_or_default();
            let made = self.pool.make(&name, spec.tenant.as_str(), size);
            made.map_err(|error| EngineError::NoVolumeDriver(error.to_string()))?;
        }
        let made = self.volumes.entry(spec.key.clone()).or_insert_with(|| Volume {
            key: spec.key.clone(),
            tenant: spec.tenant.clone(),
            server: spec.server.clone(),
            is_marked: true,
            name,
            driver: driver.to_owned(),
        });
        Ok(made.clone())
    }

    pub(super) fn remove_volume(&mut self, key: &VolumeKey) -> EngineResult<Outcome> {
        let name = self.own_name(key.as_str())?;
        let mut mounts = self
            .containers
            .values()
            .flat_map(|container| &container.spec.volumes);
        if mounts.any(|mount| mount.volume == *key) {
            return Err(EngineError::InUse { name });
        }
        self.files.retain(|(place, _), _| *place != name);
        self.trees.remove(key);
        self.pool.forget(&name);
        Ok(outcome(self.volumes.remove(key).is_some()))
    }

    pub(super) fn unmark(&mut self) {
        self.containers
            .values_mut()
            .for_each(|container| container.seen.is_marked = false);
        self.networks
            .values_mut()
            .for_each(|network| network.is_marked = false);
        self.volumes
            .values_mut()
            .for_each(|volume| volume.is_marked = false);
    }

    pub(super) fn ensure_guard(&mut self, spec: &GuardSpec) -> EngineResult<()> {
        spec.validate()?;
        self.own_name(GUARD)?;
        if self.guard.as_ref() == Some(spec) {
            return Ok(());
        }
        if !self.images.contains_key(&spec.base_image) {
            return Err(EngineError::BuildFailed(format!(
                "there is no image {}",
                spec.base_image
            )));
        }
        self.guard = Some(spec.clone());
        self.tell_about(Subject::Guard, EventKind::Created);
        self.tell_about(Subject::Guard, EventKind::Started);
        Ok(())
    }

    pub(super) fn observe_guard(&self) -> EngineResult<GuardState> {
        self.own_name(GUARD)?;
        Ok(self
            .guard
            .as_ref()
            .map_or(GuardState::Absent, |_| GuardState::Holds))
    }

    pub(super) fn remove_guard(&mut self) -> EngineResult<Outcome> {
        self.own_name(GUARD)?;
        let was_there = self.guard.take().is_some();
        if was_there {
            self.tell_about(Subject::Guard, EventKind::Died { exit_code: 0 });
            self.tell_about(Subject::Guard, EventKind::Destroyed);
        }
        Ok(outcome(was_there))
    }

    pub(super) fn image_exists(&self, tag: &str) -> EngineResult<bool> {
        spec::image_tag(tag)?;
        Ok(self.images.contains_key(tag))
    }

    pub(super) fn add_foreign_image(&mut self, tag: &str) {
        let image = self.image(tag, BTreeMap::new());
        self.images.insert(tag.to_owned(), (image, false));
    }

    pub(super) fn our_images(&self) -> Vec<Image> {
        self.images
            .values()
            .filter(|(_, ours)| *ours)
            .map(|(image, _)| image.clone())
            .collect()
    }

    /// Every build succeeds whose Dockerfile begins with an image that is there.
    pub(super) fn build_image(
        &mut self,
        request: &BuildRequest,
    ) -> EngineResult<Vec<EngineResult<BuildEvent>>> {
        request.validate()?;
        self.check_image_owner(&request.tag)?;
        let base = match super::files::dockerfile(&request.context_tar) {
            Ok(text) => text
                .lines()
                .find_map(|line| line.strip_prefix("FROM "))
                .map(str::to_owned),
            Err(error) => return Ok(vec![Err(error)]),
        };
        let base = request
            .build_args
            .iter()
            .fold(base.unwrap_or_default(), |base, (name, value)| {
                base.replace(&format!("${{{name}}}"), value)
            });
        if !self.images.contains_key(&base) && base != "scratch" {
            return Ok(vec![Err(EngineError::BuildFailed(format!(
                "there is no image {base}"
            )))]);
        }
        let mut labels = request.labels.clone();
        labels.extend(spec::ours(&self.instance));
        let image = self.image(&request.tag, labels);
        let done = BuildEvent::Done {
            image_id: image.id.clone(),
        };
        self.images.insert(request.tag.clone(), (image, true));
        Ok(vec![
            Ok(BuildEvent::Line(format!("Step 1/1 : FROM {base}"))),
            Ok(done),
        ])
    }

    pub(super) fn remove_image(&mut self, tag: &str) -> EngineResult<Outcome> {
        spec::image_tag(tag)?;
        self.check_image_owner(tag)?;
        if self
            .containers
            .values()
            .any(|container| container.spec.image == tag)
        {
            return Err(EngineError::InUse { name: tag.to_owned() });
        }
        Ok(outcome(self.images.remove(tag).is_some()))
    }

    fn check_image_owner(&self, tag: &str) -> EngineResult<()> {
        match self.images.get(tag) {
            Some((_, false)) => Err(EngineError::Foreign { name: tag.to_owned() }),
            _ => Ok(()),
        }
    }

    fn image(&mut self, tag: &str, labels: BTreeMap<String, String>) -> Image {
        let created_at = self.now();
        Image {
            id: format!("sha256:{tag}"),
            tags: vec![tag.to_owned()],
            size_bytes: 1 << 20,
            created_at,
            labels,
        }
    }
}

/// Whether a server may have a volume: it was made for just this server, or for its tenant.
pub(super) fn check_volume_owner(
    name: String,
    volume: &Volume,
    (server, tenant): (&ServerKey, &TenantKey),
) -> EngineResult<()> {
    match &volume.server {
        Some(known) if known == server => Ok(()),
        _ => check_owner(name, &volume.tenant, tenant),
    }
}

pub(super) fn check_owner(name: String, tenant: &TenantKey, wanted: &TenantKey) -> EngineResult<()> {
    if tenant == wanted {
        Ok(())
    } else {
        Err(EngineError::Foreign { name })
    }
}

fn outcome(removed: bool) -> Outcome {
    if removed { Outcome::Done } else { Outcome::Gone }
}
