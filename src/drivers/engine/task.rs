//! Containers that do one thing for a server and end: a script that fills its volume, for example.

use bollard::models::{ContainerCreateBody, RestartPolicy, RestartPolicyNameEnum};
use bytes::Bytes;

use super::spec::label;
use super::{ContainerSpec, EngineResult, Owner};

/// A task, as it should be: the container's limits, network and volumes, and what it runs instead of the image's command.
#[derive(Debug, Clone)]
pub struct TaskSpec {
    /// The server that it is for, and all that a server's container has. Its command, ports and health check mean nothing.
    pub container: ContainerSpec,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// A tar that is unpacked at the root of its file system before it starts.
    pub files: Bytes,
}

/// What a task says. The stream's last item is `Ended` or an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskEvent {
    /// A line of its output.
    Line(String),
    /// It is over, and its container is gone.
    Ended {
        /// What it returned.
        exit_code: i64,
        /// Whether the kernel ended it for want of memory.
        oom_killed: bool,
    },
}

impl TaskSpec {
    /// The request that makes it. It is nobody's server: its labels say whose task it is, and it is never started again.
    pub(super) fn to_container(&self, owner: &Owner) -> EngineResult<ContainerCreateBody> {
        let mut spec = self.container.clone();
        spec.ports.clear();
        spec.aliases.clear();
        spec.hostname = None;
        spec.health = None;
        let mut body = spec.to_container(owner)?;
        if let Some(labels) = &mut body.labels {
            labels.remove(label::SERVER);
            labels.remove(label::SPEC);
            labels.insert(label::TASK.to_owned(), spec.server.to_string());
        }
        if let Some(host) = &mut body.host_config {
            host.restart_policy = Some(RestartPolicy {
                name: Some(RestartPolicyNameEnum::NO),
                maximum_retry_count: None,
            });
        }
        body.entrypoint = Some(self.argv.clone());
        body.cmd = Some(Vec::new());
        Ok(body)
    }
}
