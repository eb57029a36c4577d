//! The fake's copies of volumes: all at once, unless a test says that the disk is too small.

use super::super::{CopyEvent, CopyFailure, CopySpec, EngineError, EngineResult, ServerKey, VolumeKey};
use super::FakeEngine;
use super::state::State;

impl FakeEngine {
    /// How a server's next copy ends; well, if nothing was said.
    pub fn fail_copy(&self, server: &ServerKey, failure: Option<CopyFailure>) {
        self.change(|state| match failure {
            Some(failure) => drop(state.copies.insert(server.clone(), failure)),
            None => drop(state.copies.remove(server)),
        });
    }
}

impl State {
    fn check_server_volume(&self, volume: &VolumeKey, server: &ServerKey) -> EngineResult<()> {
        let name = self.own_name(volume.as_str())?;
        match self.volumes.get(volume) {
            Some(known) if known.server.as_ref() == Some(server) => Ok(()),
            Some(_) => Err(EngineError::Foreign { name }),
            None => Err(EngineError::VolumeMissing { volume: name }),
        }
    }

    pub(super) fn copy_volumes(&mut self, spec: &CopySpec) -> EngineResult<Vec<EngineResult<CopyEvent>>> {
        let mut total = 0;
        let mut copied = Vec::new();
        for volume in &spec.volumes {
            self.check_server_volume(&volume.to, &spec.server)?;
            match self.check_server_volume(&volume.from, &spec.source) {
                Ok(()) => {}
                Err(EngineError::VolumeMissing { .. }) => continue,
                Err(error) => return Err(error),
            }
            let tree = self.trees.get(&volume.from).cloned().unwrap_or_default();
            total += tree.bytes();
            copied.push((volume.to.clone(), tree));
        }
        let failure = self.copies.get(&spec.server).copied();
        if failure.is_none() {
            self.trees.extend(copied);
        }
        let whole = CopyEvent::Copied(if failure.is_none() { total } else { total / 2 });
        let ended = CopyEvent::Ended(failure.map_or(Ok(()), Err));
        Ok([CopyEvent::Total(total), whole, ended].map(Ok).into())
    }
}
