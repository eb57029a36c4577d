//! The guard's container, in the engine's words: the only one in the host's network, with the one capability that setting
//! its rules takes and nothing else.

use std::{collections::HashMap, time::Duration};

use bollard::models::{ContainerCreateBody, HostConfig, RestartPolicy, RestartPolicyNameEnum};
use sha2::{Digest, Sha256};

use super::{
    InstanceKey, hex, label,
    limits::{HealthCheck, HealthTest},
    render::{health, logs, ours},
};
use crate::drivers::engine::{GUARD_VERSION, GuardSpec};

/// Far more than a shell and the program that sets rules need.
const MEMORY_BYTES: i64 = 64 << 20;
const PIDS: i64 = 64;
/// How often the engine asks it, which is how soon a panel hears that its rules don't hold. It looks itself more often.
const ASKED: Duration = Duration::from_secs(10);

impl GuardSpec {
    /// The request that makes it. Besides the bridges whose names tell that they are ours it watches `others`.
    pub fn to_container(&self, instance: &InstanceKey, others: &[String]) -> ContainerCreateBody {
        let env = self.environment(instance, others);
        let mut labels: HashMap<_, _> = ours(instance).into();
        labels.insert(label::GUARD.to_owned(), GUARD_VERSION.to_string());
        labels.insert(label::SPEC.to_owned(), self.hash(&env));
        ContainerCreateBody {
            image: Some(self.image_tag()),
            env: Some(env.into()),
            labels: Some(labels),
            healthcheck: Some(health(&HealthCheck {
                test: HealthTest::Exec(["guard", "check"].map(str::to_owned).into()),
                interval: ASKED,
                timeout: ASKED,
                retries: 1,
                start_period: Duration::ZERO,
            })),
            host_config: Some(host_config()),
            ..Default::default()
        }
    }

    fn environment(&self, instance: &InstanceKey, others: &[String]) -> [String; 3] {
        let ours = format!("{}*", instance.bridges());
        let bridges: Vec<&str> = std::iter::once(ours.as_str())
            .chain(others.iter().map(String::as_str))
            .collect();
        [
            format!("GUARD_TABLE={}", instance.table()),
            format!("GUARD_BRIDGES={}", bridges.join(" ")),
            format!("GUARD_BLOCKED={}", self.blocked.join(" ")),
        ]
    }

    /// Of all that makes one guard another.
    fn hash(&self, env: &[String]) -> String {
        hex(&Sha256::digest(format!(
            "{GUARD_VERSION}\n{}\n{}",
            self.image_tag(),
            env.join("\n")
        )))
    }
}

/// It is restarted always: a stop by hand holds until the engine's next start, and no longer.
fn host_config() -> HostConfig {
    HostConfig {
        network_mode: Some("host".to_owned()),
        // Where the engine maps users, only the host's may set rules in the host's network.
        userns_mode: Some("host".to_owned()),
        cap_drop: Some(vec!["ALL".to_owned()]),
        cap_add: Some(vec!["NET_ADMIN".to_owned()]),
        security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
        privileged: Some(false),
        readonly_rootfs: Some(true),
        tmpfs: Some(
            [(
                "/run".to_owned(),
                "rw,nosuid,nodev,noexec,size=1m,mode=700".to_owned(),
            )]
            .into(),
        ),
        memory: Some(MEMORY_BYTES),
        memory_swap: Some(MEMORY_BYTES),
        pids_limit: Some(PIDS),
        log_config: Some(logs()),
        restart_policy: Some(RestartPolicy {
            name: Some(RestartPolicyNameEnum::ALWAYS),
            maximum_retry_count: None,
        }),
        ..Default::default()
    }
}
