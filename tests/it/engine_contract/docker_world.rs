//! A real Docker Engine as a world. Every world has an instance name of its own and removes all that carries it when
//! it goes, also when the test fails. Only the small base image stays: it is the same for every run.

use std::{
    collections::HashMap,
    fs::File,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use berth::drivers::engine::{
    ContainerSpec, Engine, EngineResult, GuardSpec, HealthCheck, HealthTest, HelperSpec, Installation,
    InstallationKey, InstanceKey, LogStream, Outcome, ServerKey, TenantKey, VolumeKey, VolumePath,
    docker::{DockerEngine, Endpoint},
    fake::Program,
};
use bollard::{
    Docker,
    exec::{StartExecOptions, StartExecResults},
    models::{ContainerCreateBody, ExecConfig, NetworkCreateRequest, VolumeCreateRequest},
    query_parameters::{
        CreateContainerOptionsBuilder, CreateImageOptionsBuilder, ListContainersOptionsBuilder,
        ListImagesOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
        RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder, RemoveVolumeOptionsBuilder,
    },
};
use futures_util::TryStreamExt;

use super::files::files_spec;
use super::world::World;
use crate::panel::LOOK_AGAIN;

/// Made from Debian's `busybox-static` when it is not there; there is no registry to fetch anything from.
pub(crate) const IMAGE: &str = "berth-test/busybox:1";
const SOCKET: &str = "/var/run/docker.sock";
/// How long what was under way when a panel died may go on.
const CLEAN_WITHIN: Duration = Duration::from_mins(1);
/// On what a test makes behind Berth's back.
pub(super) const RUN: &str = "berth-test.run";

/// The machine's engine, reached through a link of this world's own so that it can be cut.
pub(super) struct DockerWorld {
    pub(super) docker: Docker,
    pub(super) instance: InstanceKey,
    engine: Arc<DockerEngine>,
    link: PathBuf,
}

impl DockerWorld {
    pub(super) async fn new() -> Self {
        let docker = Docker::connect_with_unix(SOCKET, 120, bollard::API_DEFAULT_VERSION).unwrap();
        let docker = docker
            .negotiate_version()
            .await
            .expect("a Docker Engine at /var/run/docker.sock");
        make_image(&docker).await;
        make_guard_image(&docker).await;
        make_files_image(&docker).await;
        let instance = InstanceKey::new(unique()).unwrap();
        let link = std::env::temp_dir().join(format!("{instance}.sock"));
        std::os::unix::fs::symlink(SOCKET, &link).unwrap();
        let engine = Arc::new(DockerEngine::new(
            Endpoint::Unix(link.clone()),
            instance.clone(),
            installation(),
        ));
        Self {
            docker,
            instance,
            engine,
            link,
        }
    }

    /// The same engine, as a panel with the same instance but another database sees it.
    pub(super) fn other_installation(&self) -> DockerEngine {
        let key = InstallationKey::new("ins_other").unwrap();
        let socket = Endpoint::Unix(SOCKET.into());
        DockerEngine::new(socket, self.instance.clone(), Installation::known(key))
    }

    /// What a line for the shell says in any container.
    pub(super) async fn shell_in(&self, container: &str, line: &str) -> String {
        let config = ExecConfig {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(["sh", "-c", line].map(str::to_owned).into()),
            ..Default::default()
        };
        let exec = self.docker.create_exec(container, config).await.unwrap();
        let started = self
            .docker
            .start_exec(&exec.id, None::<StartExecOptions>)
            .await
            .unwrap();
        let StartExecResults::Attached { output, .. } = started else {
            panic!("a command that is listened to")
        };
        let pieces: Vec<String> = output
            .map_ok(|piece| piece.to_string())
            .try_collect()
            .await
            .unwrap();
        pieces.concat().trim().to_owned()
    }

    /// Runs a line for the shell as root beside a volume, which is at `/v`. Says what it printed.
    pub(super) fn in_volume(&self, volume: &VolumeKey, line: &str, capabilities: &[&str]) -> String {
        let mount = format!("{}:/v", self.instance.name(volume.as_str()));
        let capabilities = capabilities.iter().flat_map(|one| ["--cap-add", one]);
        let run = Command::new("docker")
            .args(["run", "--rm", "--network", "none", "--volume", &mount, "--label"])
            .arg(format!("{RUN}={}", self.instance))
            .args(capabilities)
            .args([IMAGE, "sh", "-c", line])
            .output()
            .unwrap();
        assert!(
            run.status.success(),
            "{line}: {}",
            String::from_utf8_lossy(&run.stderr)
        );
        String::from_utf8_lossy(&run.stdout).trim().to_owned()
    }

    /// Runs a container that is not Berth's, from any image and with any labels.
    pub(super) async fn run_foreign(&self, name: &str, image: &str, labels: &[(&str, &str)]) {
        let mine = [(RUN, self.instance.as_str())];
        let labels = labels
            .iter()
            .chain(&mine)
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            cmd: Some(["sleep", "1000"].map(str::to_owned).into()),
            labels: Some(labels.collect()),
            ..Default::default()
        };
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        self.docker.create_container(Some(options), body).await.unwrap();
        self.docker.start_container(name, None).await.unwrap();
    }
}

fn installation() -> Installation {
    Installation::known(installation_key())
}

/// The installation of every world; their instances differ.
pub(super) fn installation_key() -> InstallationKey {
    InstallationKey::new("ins_test").unwrap()
}

fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    format!(
        "test-{}-{}-{nanos:x}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

#[async_trait]
impl World for DockerWorld {
    fn engine(&self) -> Arc<dyn Engine> {
        self.engine.clone()
    }

    fn other_panel(&self) -> Arc<dyn Engine> {
        Arc::new(DockerEngine::new(
            Endpoint::Unix(SOCKET.into()),
            self.instance.clone(),
            installation(),
        ))
    }

    fn image(&self) -> String {
        IMAGE.to_owned()
    }

    fn instance(&self) -> String {
        self.instance.to_string()
    }

    fn program(&self, spec: &mut ContainerSpec, program: Program) {
        // The engine reads the two outputs independently: a moment keeps their order.
        let lines = program.output.iter().map(|(stream, text)| {
            let to = if *stream == LogStream::Stderr { ">&2" } else { "" };
            format!("printf '%s\\n' '{text}' {to}; usleep 50000; ")
        });
        let end = match program.exit_code {
            Some(code) => format!("exit {code}"),
            None if program.answers => "while read -r line; do echo \"got $line\"; done".to_owned(),
            None => "exec sleep 1000".to_owned(),
        };
        let script = lines.chain([end]).collect();
        spec.command = Some(vec!["sh".to_owned(), "-c".to_owned(), script]);
    }

    /// The check that the suite uses succeeds by itself.
    async fn heal(&self, _server: &ServerKey) {}

    async fn add_foreign(&self, name: &str) {
        let labels: HashMap<_, _> = [(RUN.to_owned(), self.instance.to_string())].into();
        let network = NetworkCreateRequest {
            name: name.to_owned(),
            labels: Some(labels.clone()),
            ..Default::default()
        };
        self.docker.create_network(network).await.unwrap();
        let volume = VolumeCreateRequest {
            name: Some(name.to_owned()),
            labels: Some(labels),
            ..Default::default()
        };
        self.docker.create_volume(volume).await.unwrap();
        self.run_foreign(name, IMAGE, &[]).await;
    }

    async fn foreign_is_untouched(&self, name: &str) -> bool {
        let container = self.docker.inspect_container(name, None).await.unwrap();
        let network = self.docker.inspect_network(name, None).await;
        let volume = self.docker.inspect_volume(name).await;
        let state = container.state.unwrap();
        state.running == Some(true) && container.restart_count == Some(0) && network.is_ok() && volume.is_ok()
    }

    async fn add_odd_file(&self, volume: &VolumeKey, path: &VolumePath, target: Option<&str>) {
        let name = String::from_utf8(path.parts().join(&b'/')).unwrap();
        let line = match target {
            Some(target) => format!("ln -s '{target}' '/v/{name}'"),
            None => format!("mkfifo '/v/{name}'"),
        };
        self.in_volume(volume, &line, &[]);
    }

    async fn go_away(&self) {
        std::fs::remove_file(&self.link).unwrap();
    }

    async fn come_back(&self) {
        std::os::unix::fs::symlink(SOCKET, &self.link).unwrap();
    }
}

impl Drop for DockerWorld {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.link));
        let (docker, instance) = (self.docker.clone(), self.instance.clone());
        // The test's runtime cannot be waited for from here.
        let cleaner = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            // Only the guard itself takes its rules away. One that is somebody else's is a test's own, and goes below.
            drop(runtime.block_on(remove_guard(&instance)));
            for label in [format!("berth.instance={instance}"), format!("{RUN}={instance}")] {
                runtime.block_on(clean(&docker, &label)).unwrap();
                runtime.block_on(clean_images(&docker, &label)).unwrap();
            }
        });
        let outcome = cleaner.join();
        assert!(
            outcome.is_ok() || std::thread::panicking(),
            "objects of {} are left behind",
            self.instance
        );
    }
}

/// Removes an instance's guard and its rules.
pub(crate) async fn remove_guard(instance: &InstanceKey) -> EngineResult<Outcome> {
    DockerEngine::new(
        Endpoint::Unix(SOCKET.into()),
        instance.clone(),
        Installation::default(),
    )
    .remove_guard()
    .await
}

/// Makes the guard's image once, under the tag that it has where the test's image is the base: that has no packages.
pub(crate) async fn make_guard_image(docker: &Docker) {
    let spec = GuardSpec {
        base_image: IMAGE.to_owned(),
        blocked: Vec::new(),
    };
    make_own_image(docker, "guard", &spec.image_tag()).await;
}

/// Makes the files helper's image once, under the tag that it has where the test's image is the base: that has no Perl.
pub(crate) async fn make_files_image(docker: &Docker) {
    make_own_image(docker, "files", &files_spec("none").image_tag()).await;
}

/// Makes the backup helper's image once, under the tag that it has where the test's image is the base.
pub(crate) async fn make_backup_image(docker: &Docker) {
    let spec = HelperSpec {
        key: ServerKey::new("any").unwrap(),
        tenant: TenantKey::new("any").unwrap(),
        base_image: IMAGE.to_owned(),
        argv: Vec::new(),
        files: Vec::new(),
        volumes: Vec::new(),
        reaches_out: false,
    };
    make_own_image(docker, "backup", &spec.image_tag()).await;
}

/// Makes the image of a machine that takes backups by SFTP.
pub(crate) async fn make_sshd_image(docker: &Docker) {
    make_own_image(docker, "../tests/backup", "berth-test/sshd:1").await;
}

/// Makes the image of a folder of `docker/` from Debian, unless it is there. Who comes meanwhile waits.
async fn make_own_image(docker: &Docker, folder: &str, tag: &str) {
    let lock = std::env::temp_dir().join(format!("berth-test-{}-image.lock", folder.replace('/', "-")));
    let lock = File::create(lock).unwrap();
    lock.lock().unwrap();
    if docker.inspect_image(tag).await.is_ok() {
        return;
    }
    let build = Command::new("docker")
        .args([
            "build",
            "--quiet",
            "--build-arg",
            "BASE=debian:bookworm-slim",
            "--tag",
            tag,
        ])
        .arg(format!("{}/docker/{folder}", env!("CARGO_MANIFEST_DIR")))
        .output()
        .unwrap();
    assert!(
        build.status.success(),
        "{}",
        String::from_utf8_lossy(&build.stderr)
    );
}

/// Removes containers, networks and volumes with a label, again and again until there are none: what the engine was asked for
/// before a panel died may still be on its way.
pub(crate) async fn clean(docker: &Docker, label: &str) -> Result<(), bollard::errors::Error> {
    let begun = Instant::now();
    loop {
        match clean_once(docker, label).await {
            Ok(0) => return Ok(()),
            Err(error) if begun.elapsed() > CLEAN_WITHIN => return Err(error),
            Ok(_) | Err(_) => tokio::time::sleep(LOOK_AGAIN).await,
        }
    }
}

/// Says how much there was.
async fn clean_once(docker: &Docker, label: &str) -> Result<usize, bollard::errors::Error> {
    let filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
    let containers = ListContainersOptionsBuilder::default()
        .all(true)
        .filters(&filters)
        .build();
    let mut count = 0;
    for container in docker.list_containers(Some(containers)).await? {
        let options = RemoveContainerOptionsBuilder::default()
            .force(true)
            .v(true)
            .build();
        docker
            .remove_container(&container.id.unwrap(), Some(options))
            .await?;
        count += 1;
    }
    let networks = ListNetworksOptionsBuilder::default().filters(&filters).build();
    for network in docker.list_networks(Some(networks)).await? {
        docker.remove_network(&network.id.unwrap()).await?;
        count += 1;
    }
    let volumes = ListVolumesOptionsBuilder::default().filters(&filters).build();
    let found = docker.list_volumes(Some(volumes)).await?;
    for volume in found.volumes.unwrap_or_default() {
        let options = RemoveVolumeOptionsBuilder::default().force(true).build();
        docker.remove_volume(&volume.name, Some(options)).await?;
        count += 1;
    }
    Ok(count)
}

async fn clean_images(docker: &Docker, label: &str) -> Result<(), bollard::errors::Error> {
    let filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
    let images = ListImagesOptionsBuilder::default().filters(&filters).build();
    for image in docker.list_images(Some(images)).await? {
        let options = RemoveImageOptionsBuilder::default().force(true).build();
        docker.remove_image(&image.id, Some(options), None).await?;
    }
    Ok(())
}

/// Makes the base image once, however many tests run at the same time.
pub(crate) async fn make_image(docker: &Docker) {
    let lock = File::create(std::env::temp_dir().join("berth-test-image.lock")).unwrap();
    lock.lock().unwrap();
    if docker.inspect_image(IMAGE).await.is_ok() {
        return;
    }
    let (repository, tag) = IMAGE.split_once(':').unwrap();
    let options = CreateImageOptionsBuilder::default()
        .from_src("-")
        .repo(repository)
        .tag(tag)
        .build();
    let tar = bollard::body_full(busybox_tar().into());
    docker
        .create_image(Some(options), Some(tar), None)
        .try_collect::<Vec<_>>()
        .await
        .unwrap();
}

fn busybox_tar() -> Vec<u8> {
    let busybox = Path::new("/bin/busybox");
    let applets = Command::new(busybox)
        .arg("--list")
        .output()
        .expect("Debian's busybox-static");
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_path_with_name(busybox, "bin/busybox").unwrap();
    for applet in String::from_utf8(applets.stdout)
        .unwrap()
        .lines()
        .filter(|applet| *applet != "busybox")
    {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, format!("bin/{applet}"), "busybox")
            .unwrap();
    }
    for (folder, mode) in [("tmp", 0o1777), ("etc", 0o755), ("srv", 0o755)] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_mode(mode);
        header.set_size(0);
        tar.append_data(&mut header, folder, std::io::empty()).unwrap();
    }
    tar.into_inner().unwrap()
}

/// A check that succeeds at once in the base image.
pub(super) fn quick_check() -> HealthCheck {
    let second = std::time::Duration::from_secs(1);
    HealthCheck {
        test: HealthTest::Exec(vec!["true".to_owned()]),
        interval: second,
        timeout: second * 5,
        retries: 1,
        start_period: std::time::Duration::ZERO,
    }
}
