//! The container that copies a server's volumes, in the engine's words: the two servers' volumes, the source's read-only, and
//! what keeping files' owners takes. No network, and nobody's server.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType, MountVolumeOptions,
};

use super::files::confined;
use super::{Owner, label};
use crate::drivers::engine::files::files_image;
use crate::drivers::engine::{CopySpec, VolumeKey};

/// What runs in it.
const PROGRAM: &str = include_str!("../../../../docker/files/copy.sh");

impl CopySpec {
    /// The request that makes it. It is never started again, and stays to be asked how it ended.
    pub fn to_container(&self, owner: &Owner) -> ContainerCreateBody {
        let mut labels: HashMap<_, _> = owner.labels().into();
        labels.insert(label::TASK.to_owned(), self.server.to_string());
        let mut command: Vec<String> = [
            "bash",
            "-c",
            PROGRAM,
            "copy",
            if self.is_live { "1" } else { "0" },
        ]
        .map(str::to_owned)
        .into();
        command.extend(self.volumes.iter().map(|volume| volume.name.clone()));
        ContainerCreateBody {
            image: Some(files_image(&self.base_image)),
            user: Some("0:0".to_owned()),
            entrypoint: Some(command),
            cmd: Some(Vec::new()),
            labels: Some(labels),
            host_config: Some(self.host_config(owner)),
            ..Default::default()
        }
    }

    fn host_config(&self, owner: &Owner) -> HostConfig {
        let mounts = self.volumes.iter().flat_map(|volume| {
            [
                mount(&volume.from, format!("/from/{}", volume.name), true, owner),
                mount(&volume.to, format!("/to/{}", volume.name), false, owner),
            ]
        });
        let capabilities = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID"];
        HostConfig {
            cap_add: Some(capabilities.map(str::to_owned).into()),
            // What it says is read while it says it.
            log_config: Some(HostConfigLogConfig {
                typ: Some("json-file".to_owned()),
                config: Some(HashMap::from([
                    ("max-size".to_owned(), "1m".to_owned()),
                    ("max-file".to_owned(), "2".to_owned()),
                ])),
            }),
            ..confined(mounts.collect())
        }
    }
}

fn mount(volume: &VolumeKey, place: String, read_only: bool, owner: &Owner) -> Mount {
    Mount {
        typ: Some(MountType::VOLUME),
        source: Some(owner.name(volume.as_str())),
        target: Some(place),
        read_only: Some(read_only),
        volume_options: Some(MountVolumeOptions {
            no_copy: Some(true),
            ..Default::default()
        }),
        ..Default::default()
    }
}
