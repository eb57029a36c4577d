//! The files helper's container, in the engine's words: one server's volumes, no network, and what keeping files' owners
//! takes. Whoever broke out of its program would find Debian's base system, read-only, and the volumes that they may
//! change anyway.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig, Mount, MountType,
    MountVolumeOptions, ResourcesUlimits,
};
use sha2::{Digest, Sha256};

use super::{Owner, hex, label};
use crate::drivers::engine::{FilesSpec, FilesVolume};

/// For programs that hold pieces of files, and for the pages of files that the kernel keeps for them.
const MEMORY_BYTES: i64 = 256 << 20;
/// A program for each thing that is being done, and the one that waits.
const PIDS: i64 = 64;
/// A quarter of what a container has that says nothing: it takes what is idle, and gives way to servers.
const CPU_SHARES: i64 = 256;
/// Descriptors: one for each level of a tree that is gone through.
const OPEN_FILES: i64 = 4096;
/// As for servers: before the engine and the panel.
const OOM_SCORE_ADJ: i64 = 500;

impl FilesSpec {
    /// The request that makes it. It ends by itself, and the engine removes it then.
    pub fn to_container(&self, owner: &Owner) -> ContainerCreateBody {
        let mut labels: HashMap<_, _> = owner.labels().into();
        labels.insert(label::FILES.to_owned(), self.server.to_string());
        labels.insert(label::TENANT.to_owned(), self.tenant.to_string());
        labels.insert(label::SPEC.to_owned(), self.hash());
        ContainerCreateBody {
            image: Some(self.image_tag()),
            user: Some("0:0".to_owned()),
            labels: Some(labels),
            host_config: Some(self.host_config(owner)),
            ..Default::default()
        }
    }

    fn host_config(&self, owner: &Owner) -> HostConfig {
        let mounts = self.volumes.iter().map(|volume| mount(volume, owner));
        HostConfig {
            auto_remove: Some(true),
            // It says what it has to say to whoever asked.
            log_config: Some(HostConfigLogConfig {
                typ: Some("none".to_owned()),
                config: None,
            }),
            ..confined(mounts.collect())
        }
    }

    /// Of all that makes one helper another.
    pub(in super::super) fn hash(&self) -> String {
        let volumes = self
            .volumes
            .iter()
            .map(|volume| format!("{}={}", volume.name, volume.key));
        let volumes: Vec<String> = volumes.collect();
        hex(&Sha256::digest(format!(
            "2\n{}\n{}",
            self.image_tag(),
            volumes.join("\n")
        )))
    }
}

/// A container with these mounts and what keeping files' owners takes, and nothing else.
pub(super) fn confined(mounts: Vec<Mount>) -> HostConfig {
    HostConfig {
        network_mode: Some("none".to_owned()),
        mounts: Some(mounts),
        cap_drop: Some(vec!["ALL".to_owned()]),
        cap_add: Some(["CHOWN", "DAC_OVERRIDE", "FOWNER"].map(str::to_owned).into()),
        security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
        privileged: Some(false),
        readonly_rootfs: Some(true),
        memory: Some(MEMORY_BYTES),
        memory_swap: Some(MEMORY_BYTES),
        cpu_shares: Some(CPU_SHARES),
        pids_limit: Some(PIDS),
        ulimits: Some(vec![ResourcesUlimits {
            name: Some("nofile".to_owned()),
            soft: Some(OPEN_FILES),
            hard: Some(OPEN_FILES),
        }]),
        oom_score_adj: Some(OOM_SCORE_ADJ),
        ipc_mode: Some("private".to_owned()),
        cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
        ..Default::default()
    }
}

fn mount(volume: &FilesVolume, owner: &Owner) -> Mount {
    Mount {
        typ: Some(MountType::VOLUME),
        source: Some(owner.name(volume.key.as_str())),
        target: Some(format!("/volumes/{}", volume.name)),
        read_only: Some(false),
        volume_options: Some(MountVolumeOptions {
            no_copy: Some(true),
            ..Default::default()
        }),
        ..Default::default()
    }
}
