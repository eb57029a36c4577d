//! The backup helper's container, in the engine's words: the volumes of one call, memory for its secrets, a network only if
//! the repository is behind one, and what keeping files' owners takes.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType, MountVolumeOptions,
};

use super::files::confined;
use super::{Owner, label};
use crate::drivers::engine::{HelperSpec, HelperVolume};

/// For restic's index and the packs that it makes, which are kept in memory too.
const MEMORY_BYTES: i64 = 1 << 30;
/// restic's threads, and ssh.
const PIDS: i64 = 256;

impl HelperSpec {
    /// The request that makes it. The engine removes it when it ends, which it does when its input does.
    pub fn to_container(&self, owner: &Owner) -> ContainerCreateBody {
        let mut labels: HashMap<_, _> = owner.labels().into();
        labels.insert(label::TASK.to_owned(), self.key.to_string());
        ContainerCreateBody {
            image: Some(self.image_tag()),
            user: Some("0:0".to_owned()),
            cmd: Some(self.argv.clone()),
            labels: Some(labels),
            attach_stdin: Some(true),
            open_stdin: Some(true),
            stdin_once: Some(true),
            host_config: Some(self.host_config(owner)),
            ..Default::default()
        }
    }

    fn host_config(&self, owner: &Owner) -> HostConfig {
        let mounts = self.volumes.iter().map(|volume| mount(volume, owner));
        let base = confined(mounts.collect());
        let capabilities = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID"];
        HostConfig {
            auto_remove: Some(true),
            cap_add: Some(capabilities.map(str::to_owned).into()),
            network_mode: if self.reaches_out {
                Some("bridge".to_owned())
            } else {
                base.network_mode
            },
            memory: Some(MEMORY_BYTES),
            memory_swap: Some(MEMORY_BYTES),
            pids_limit: Some(PIDS),
            tmpfs: Some(HashMap::from([
                (
                    "/run/berth".to_owned(),
                    "size=16m,mode=0700,nosuid,nodev,noexec".to_owned(),
                ),
                // Above the volumes, so that restic can say when this folder was changed.
                (
                    "/volumes".to_owned(),
                    "size=1m,mode=0700,nosuid,nodev,noexec".to_owned(),
                ),
                (
                    "/tmp".to_owned(),
                    "size=512m,mode=0700,nosuid,nodev,noexec".to_owned(),
                ),
            ])),
            // It says what it has to say to whoever asked.
            log_config: Some(HostConfigLogConfig {
                typ: Some("none".to_owned()),
                config: None,
            }),
            ..base
        }
    }
}

fn mount(volume: &HelperVolume, owner: &Owner) -> Mount {
    Mount {
        typ: Some(MountType::VOLUME),
        source: Some(owner.name(volume.key.as_str())),
        target: Some(volume.place.clone()),
        read_only: Some(volume.read_only),
        volume_options: Some(MountVolumeOptions {
            no_copy: Some(true),
            ..Default::default()
        }),
        ..Default::default()
    }
}
