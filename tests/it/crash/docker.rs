//! What one panel has on the engine, seen past Berth.

use std::collections::HashMap;
use std::path::Path;

use berth::drivers::engine::InstanceKey;
use bollard::Docker;
use bollard::models::{ContainerInspectResponse, ContainerStateStatusEnum};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
    TagImageOptionsBuilder,
};

use crate::engine_contract::docker_world::{clean, make_guard_image, make_image, remove_guard};

/// All that carries a panel's label. It goes when the test ends, also when it fails; but for the image, which is the
/// same for every test, whoever built it.
pub(crate) struct Remains {
    docker: Docker,
    /// Whose guard goes too.
    instance: Option<InstanceKey>,
    label: String,
}

/// How many there are of each.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) containers: usize,
    pub(crate) networks: usize,
    pub(crate) volumes: usize,
}

impl Count {
    /// Nothing at all.
    pub(crate) const NOTHING: Self = Self::of(0);
    /// One server of one tenant.
    pub(crate) const ONE: Self = Self::of(1);

    /// A deleted server's data.
    pub(crate) const KEPT: Self = Self {
        containers: 0,
        networks: 0,
        volumes: 1,
    };

    const fn of(number: usize) -> Self {
        Self {
            containers: number,
            networks: number,
            volumes: number,
        }
    }
}

/// What a container does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) is_running: bool,
    /// A time that says which start of it this is.
    pub(crate) started_at: String,
    pub(crate) env: Vec<String>,
    /// The image's tag.
    pub(crate) image: String,
}

fn connect() -> Docker {
    Docker::connect_with_unix("/var/run/docker.sock", 120, bollard::API_DEFAULT_VERSION).unwrap()
}

async fn negotiated() -> Docker {
    let docker = connect().negotiate_version().await;
    docker.expect("a Docker Engine at /var/run/docker.sock")
}

/// Sees that the images are there that the test's template and the network guard are built from.
pub(crate) async fn prepare() {
    let docker = negotiated().await;
    make_image(&docker).await;
    make_guard_image(&docker).await;
}

/// The folder with the test's template.
pub(crate) fn catalogue() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/catalogue"))
}

impl Remains {
    pub(crate) async fn of(instance: &str) -> Self {
        let key = InstanceKey::new(instance).unwrap();
        Self::with(format!("berth.instance={instance}"), Some(key)).await
    }

    /// Of one of those that may share an instance's name.
    pub(crate) async fn of_installation(id: &str) -> Self {
        Self::with(format!("berth.installation={id}"), None).await
    }

    async fn with(label: String, instance: Option<InstanceKey>) -> Self {
        Self {
            docker: negotiated().await,
            instance,
            label,
        }
    }

    fn filters(&self) -> HashMap<String, Vec<String>> {
        HashMap::from([("label".to_owned(), vec![self.label.clone()])])
    }

    async fn containers(&self) -> Vec<String> {
        let options = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&self.filters());
        let found = self.docker.list_containers(Some(options.build())).await.unwrap();
        found.into_iter().filter_map(|container| container.id).collect()
    }

    /// How much there is.
    pub(crate) async fn count(&self) -> Count {
        let networks = ListNetworksOptionsBuilder::default()
            .filters(&self.filters())
            .build();
        let volumes = ListVolumesOptionsBuilder::default()
            .filters(&self.filters())
            .build();
        let found = self.docker.list_volumes(Some(volumes)).await.unwrap();
        Count {
            containers: self.containers().await.len(),
            networks: self.docker.list_networks(Some(networks)).await.unwrap().len(),
            volumes: found.volumes.unwrap_or_default().len(),
        }
    }

    /// What the only container does.
    pub(crate) async fn look(&self) -> Look {
        let all = self.containers().await;
        let [id] = all.as_slice() else {
            panic!("one container, not {all:?}")
        };
        let found: ContainerInspectResponse = self.docker.inspect_container(id, None).await.unwrap();
        let (state, config) = (found.state.unwrap(), found.config.unwrap());
        Look {
            is_running: state.status == Some(ContainerStateStatusEnum::RUNNING),
            started_at: state.started_at.unwrap_or_default(),
            image: config.image.unwrap_or_default(),
            env: config.env.unwrap_or_default(),
        }
    }

    /// Gives an image another name.
    pub(crate) async fn tag(&self, image: &str, name: &str) {
        let (repo, tag) = name.split_once(':').unwrap();
        let options = TagImageOptionsBuilder::default().repo(repo).tag(tag).build();
        self.docker.tag_image(image, Some(options)).await.unwrap();
    }
}

impl Drop for Remains {
    fn drop(&mut self) {
        let (docker, instance, label) = (self.docker.clone(), self.instance.clone(), self.label.clone());
        // The test's runtime cannot be waited for from here.
        let cleaner = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.unwrap();
            if let Some(instance) = instance {
                runtime.block_on(remove_guard(&instance)).unwrap();
            }
            runtime.block_on(clean(&docker, &label)).unwrap();
        });
        let outcome = cleaner.join();
        assert!(
            outcome.is_ok() || std::thread::panicking(),
            "objects with {} are left behind",
            self.label
        );
    }
}
