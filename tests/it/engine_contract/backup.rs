//! Backups against what they are for: a real engine, a real sshd and a server that speaks S3.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use berth::drivers::backup::{
    Address, BackupError, BackupEvent, InBackup, Place, Restic, S3, Saved, SavedVolume, Sftp, Summary,
};
use berth::drivers::engine::{Engine, EngineError, ServerKey, VolumeDriver, VolumeKey, VolumeSpec};
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::docker_world::{DockerWorld, IMAGE, RUN, make_backup_image, make_sshd_image};
use super::networks::first_address;
use super::world::{World as _, server, tenant, volume};
use crate::panel::LOOK_AGAIN;

/// Long enough for a machine that does other things too.
const PATIENCE: Duration = Duration::from_mins(2);
const ABOUT: &[u8] = br#"{"name":"shop"}"#;

struct Scene {
    world: DockerWorld,
    restic: Restic,
    volume: SavedVolume,
}

impl Scene {
    async fn new() -> Self {
        let world = DockerWorld::new().await;
        make_backup_image(&world.docker).await;
        let engine = world.engine();
        let spec = volume("a");
        engine.ensure_volume(&spec).await.unwrap();
        let restic = Restic::new(engine, IMAGE.to_owned());
        let volume = SavedVolume {
            name: "data".to_owned(),
            key: spec.key,
        };
        Self {
            world,
            restic,
            volume,
        }
    }

    fn engine(&self) -> Arc<dyn Engine> {
        self.world.engine()
    }

    fn shell(&self, line: &str) -> String {
        let capabilities = ["CHOWN", "FOWNER", "DAC_OVERRIDE"];
        self.world.in_volume(&self.volume.key, line, &capabilities)
    }

    /// A repository in a volume of the tenant's.
    async fn local(&self) -> Place {
        let key = VolumeKey::new("ten_a-backups").unwrap();
        let spec = VolumeSpec {
            key: key.clone(),
            tenant: tenant("a"),
            server: None,
            driver: VolumeDriver::Local,
            size_bytes: None,
        };
        self.engine().ensure_volume(&spec).await.unwrap();
        place(Address::Volume(key))
    }

    async fn back_up(&self, place: &Place, tag: &str) -> Summary {
        let events = self.restic.backup(place, self.saved(tag)).await.unwrap();
        let events: Vec<_> = events.try_collect().await.unwrap();
        let Some(BackupEvent::Done(summary)) = events.last() else {
            panic!("no end: {events:?}")
        };
        summary.clone()
    }

    fn saved(&self, tag: &str) -> Saved {
        Saved {
            server: Some(server("a")),
            volumes: vec![self.volume.clone()],
            about: ABOUT.to_vec(),
            tag: tag.to_owned(),
        }
    }

    /// Whatever helped goes by itself.
    async fn is_left_alone(&self) {
        let name = format!("{}-srv_call-task", self.world.instance);
        until(|| !is_container(&name)).await;
    }
}

fn place(address: Address) -> Place {
    address.check().unwrap();
    Place {
        call: ServerKey::new("srv_call").unwrap(),
        tenant: tenant("a"),
        address,
        password: "a key of its own".to_owned(),
    }
}

fn at(path: &str) -> InBackup {
    InBackup::new("data", path).unwrap()
}

/// What every target has to do: a file that was deleted comes back byte for byte, with its owner and mode.
async fn a_deleted_file_comes_back(scene: &Scene, place: &Place) {
    let restic = &scene.restic;
    assert_eq!(restic.open(place, "bak_1").await.unwrap(), [""; 0]);
    assert_eq!(restic.open(place, "bak_1").await.unwrap(), [""; 0]);
    let odd = "a [b]* c.bin";
    scene.shell(&format!(
        "mkdir -p /v/deep && head -c 3000000 /dev/urandom > '/v/deep/{odd}' && chown 33:44 '/v/deep/{odd}' \
         && chmod 640 '/v/deep/{odd}' && ln -s /etc/passwd /v/deep/link && echo more > /v/other"
    ));
    let sum = |path: &str| {
        scene.shell(&format!(
            "sha256sum '{path}' | cut -d' ' -f1; stat -c '%u %g %a' '{path}'"
        ))
    };
    let before = sum(&format!("/v/deep/{odd}"));
    let saved = scene.back_up(place, "bak_1").await;
    assert!(saved.bytes >= 3_000_000 && saved.added > 2_900_000, "{saved:?}");
    assert_eq!(
        restic.open(place, "bak_1").await.unwrap(),
        std::slice::from_ref(&saved.snapshot)
    );
    scene.shell("rm -r /v/deep");
    // By itself, as a stream.
    let named = at(&format!("/deep/{odd}"));
    let stream = restic.dump(place, &saved.snapshot, &named).await.unwrap();
    let bytes: Vec<_> = stream.try_collect().await.unwrap();
    assert_eq!(bytes.concat().len(), 3_000_000);
    // Beside.
    let (owner, absent, all) = (server("a"), at("/none"), at("/"));
    let beside = (Some(&owner), &scene.volume);
    let restore = restic.restore_beside(place, &saved.snapshot, beside, (&named, "again.bin"));
    restore.await.unwrap();
    assert_eq!(sum("/v/again.bin"), before);
    let taken = restic.restore_beside(place, &saved.snapshot, beside, (&named, "again.bin"));
    assert!(matches!(taken.await, Err(BackupError::Exists)));
    let missing = restic.restore_beside(place, &saved.snapshot, beside, (&absent, "none"));
    assert!(matches!(missing.await, Err(BackupError::NotInBackup)));
    let whole = restic.restore_beside(place, &saved.snapshot, beside, (&all, "all"));
    whole.await.unwrap();
    assert_eq!(sum(&format!("/v/all/deep/{odd}")), before);
    // In place: what came since goes.
    let volumes = [scene.volume.clone()];
    let over = restic.restore_over(place, &saved.snapshot, (Some(&owner), &volumes[..]));
    over.await.unwrap();
    assert_eq!(sum(&format!("/v/deep/{odd}")), before);
    assert_eq!(
        scene.shell("cd /v && find . | sort | tr '\\n' ' '"),
        format!(". ./deep ./deep/{odd} ./deep/link ./other")
    );
    // Of what is not there, nothing is made, and nothing goes for it.
    let absent = restic.restore_over(place, "0123456789abcdef", (Some(&owner), &volumes[..]));
    absent.await.unwrap_err();
    assert_eq!(sum(&format!("/v/deep/{odd}")), before);
    restic.check(place).await.unwrap();
    restic.check_data(place, 5).await.unwrap();
    scene.is_left_alone().await;
}

#[tokio::test]
async fn a_deleted_file_comes_back_from_a_volume() {
    let scene = Scene::new().await;
    let place = scene.local().await;
    a_deleted_file_comes_back(&scene, &place).await;
    // Only what changed is added, and what is forgotten is gone.
    let first = scene.restic.open(&place, "bak_1").await.unwrap();
    let again = scene.back_up(&place, "bak_2").await;
    assert!(again.added < 100_000, "{again:?}");
    let listed = scene
        .restic
        .list(&place, &again.snapshot, &at("/deep"))
        .await
        .unwrap();
    let names: Vec<_> = listed.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["a [b]* c.bin", "link"]);
    scene.restic.forget(&place, &first).await.unwrap();
    assert_eq!(scene.restic.open(&place, "bak_1").await.unwrap(), [""; 0]);
    scene.restic.check(&place).await.unwrap();
    let mut stranger = place.clone();
    stranger.password = "another".to_owned();
    let refused = scene.restic.list(&stranger, &again.snapshot, &at("/")).await;
    assert!(matches!(refused, Err(BackupError::WrongKey)), "{refused:?}");
}

#[tokio::test]
async fn a_deleted_file_comes_back_by_sftp_and_only_from_the_host_that_was_noted() {
    let scene = Scene::new().await;
    make_sshd_image(&scene.world.docker).await;
    let folder = std::env::temp_dir().join(scene.world.instance.as_str());
    std::fs::create_dir_all(&folder).unwrap();
    let key = folder.join("key");
    run(Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&key));
    let public = std::fs::read_to_string(folder.join("key.pub")).unwrap();
    let name = format!("{}-sshd", scene.world.instance);
    let label = format!("{RUN}={}", scene.world.instance);
    let authorized = format!("AUTHORIZED={}", public.trim());
    run(Command::new("docker").args([
        "run",
        "--detach",
        "--name",
        &name,
        "--label",
        &label,
        "--env",
        &authorized,
        "berth-test/sshd:1",
    ]));
    let host =
        run(Command::new("docker").args(["inspect", "--format", "{{.NetworkSettings.IPAddress}}", &name]));
    until(|| std::net::TcpStream::connect((host.as_str(), 22)).is_ok()).await;
    let host_key =
        run(Command::new("docker").args(["exec", &name, "cat", "/etc/ssh/ssh_host_ed25519_key.pub"]));
    let words: Vec<_> = host_key.split(' ').take(2).collect();
    let sftp = Sftp {
        host,
        port: 22,
        user: "berth".to_owned(),
        path: "repositories/ten_a".to_owned(),
        host_key: words.join(" "),
        private_key: std::fs::read_to_string(&key).unwrap(),
    };
    run(Command::new("docker").args([
        "exec",
        "--user",
        "berth",
        &name,
        "mkdir",
        "/home/berth/repositories",
    ]));
    a_deleted_file_comes_back(&scene, &place(Address::Sftp(sftp.clone()))).await;
    let mut impostor = sftp.clone();
    // The test's own key is somebody's, but not that host's.
    impostor.host_key = public.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let impostor = place(Address::Sftp(impostor));
    // ssh's own words say so, whichever call it is and however soon restic is gone.
    for _ in 0..4 {
        let refused = scene.restic.open(&impostor, "none").await;
        assert!(matches!(refused, Err(BackupError::HostKey)), "{refused:?}");
        let refused = scene.restic.list(&impostor, "0123456789abcdef", &at("/")).await;
        assert!(matches!(refused, Err(BackupError::HostKey)), "{refused:?}");
    }
    let mut away = sftp;
    away.port = 2;
    let refused = scene.restic.open(&place(Address::Sftp(away)), "none").await;
    assert!(matches!(refused, Err(BackupError::Unreachable(_))), "{refused:?}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// The host's address on the engine's own bridge. Until the engine is started a second time its description has no gateway, which
/// is the first address then.
pub(crate) fn bridge_address() -> String {
    let wanted = "{{with index .IPAM.Config 0}}{{or .Gateway .Subnet}}{{end}}";
    let said = run(Command::new("docker").args(["network", "inspect", "bridge", "--format", wanted]));
    if said.contains('/') {
        first_address(&said)
    } else {
        said
    }
}

#[tokio::test]
async fn a_deleted_file_comes_back_by_s3() {
    let scene = Scene::new().await;
    let host = bridge_address();
    let server = S3Server::start(&host);
    until(|| std::net::TcpStream::connect((host.as_str(), server.port)).is_ok()).await;
    let s3 = S3 {
        endpoint: format!("http://{host}:{}", server.port),
        bucket: "backups".to_owned(),
        path: "ten_a".to_owned(),
        region: Some("us-east-1".to_owned()),
        access_key: "berth".to_owned(),
        secret_key: "not-a-secret".to_owned(),
    };
    a_deleted_file_comes_back(&scene, &place(Address::S3(s3))).await;
}

/// The panel dies: whatever was under way ends with it, and the repository can go on.
#[tokio::test]
async fn a_call_ends_with_whoever_made_it_and_leaves_a_sound_repository() {
    let scene = Scene::new().await;
    let place = scene.local().await;
    scene.restic.open(&place, "none").await.unwrap();
    scene.shell("head -c 200000000 /dev/urandom > /v/large");
    let mut events = scene.restic.backup(&place, scene.saved("bak_cut")).await.unwrap();
    let first = events.next().await.unwrap().unwrap();
    assert!(matches!(first, BackupEvent::At(_)), "{first:?}");
    drop(events);
    let name = format!("{}-srv_call-task", scene.world.instance);
    until(|| !is_container(&name)).await;
    assert_eq!(scene.restic.open(&place, "bak_cut").await.unwrap(), [""; 0]);
    scene.shell("rm /v/large");
    scene.back_up(&place, "bak_next").await;
    scene.restic.check(&place).await.unwrap();
}

#[tokio::test]
async fn a_repository_that_is_not_what_it_was_is_told_as_damaged() {
    let scene = Scene::new().await;
    let place = scene.local().await;
    scene.restic.open(&place, "none").await.unwrap();
    // Also one with nothing in it can be checked.
    scene.restic.check_data(&place, 5).await.unwrap();
    scene.shell("head -c 3000000 /dev/urandom > /v/large");
    scene.back_up(&place, "bak_1").await;
    scene.restic.check_data(&place, 5).await.unwrap();
    let Address::Volume(key) = &place.address else {
        panic!("it is elsewhere")
    };
    let spoil =
        "find /v/data -type f | while read -r file; do chmod u+w \"$file\" && printf x >> \"$file\"; done";
    scene.world.in_volume(key, spoil, &["DAC_OVERRIDE", "FOWNER"]);
    let told = scene.restic.check_data(&place, 5).await;
    assert!(matches!(told, Err(BackupError::Damaged)), "{told:?}");
}

/// restic is killed: an error and no snapshot; the lock that it leaves is in nobody's way.
#[tokio::test]
async fn a_killed_restic_is_told_as_cut_off_and_its_lock_is_in_nobodys_way() {
    let scene = Scene::new().await;
    let place = scene.local().await;
    scene.restic.open(&place, "none").await.unwrap();
    scene.shell("head -c 200000000 /dev/urandom > /v/large");
    let mut events = scene.restic.backup(&place, scene.saved("bak_cut")).await.unwrap();
    events.next().await.unwrap().unwrap();
    let name = format!("{}-srv_call-task", scene.world.instance);
    run(Command::new("docker").args(["kill", "--signal", "KILL", &name]));
    let rest: Vec<_> = events.collect().await;
    assert!(matches!(rest.last(), Some(Err(BackupError::CutOff))), "{rest:?}");
    scene.shell("rm /v/large");
    scene.back_up(&place, "bak_next").await;
    scene.restic.check(&place).await.unwrap();
}

/// Plain volumes bear the name of the tenant that had their server when they were made.
#[tokio::test]
async fn a_server_that_moved_is_backed_up_for_whose_it_is_now() {
    let scene = Scene::new().await;
    let key = VolumeKey::new("ten_b-backups").unwrap();
    let spec = VolumeSpec {
        key: key.clone(),
        tenant: tenant("b"),
        server: None,
        driver: VolumeDriver::Local,
        size_bytes: None,
    };
    scene.engine().ensure_volume(&spec).await.unwrap();
    let mut place = place(Address::Volume(key));
    place.tenant = tenant("b");
    scene.restic.open(&place, "none").await.unwrap();
    scene.shell("echo moved > /v/file");
    scene.back_up(&place, "bak_1").await;
}

#[tokio::test]
async fn secrets_are_not_where_the_engine_shows_them_and_other_peoples_volumes_are_refused() {
    let scene = Scene::new().await;
    let place = scene.local().await;
    scene.restic.open(&place, "none").await.unwrap();
    scene.shell("head -c 100000000 /dev/urandom > /v/large");
    let mut events = scene.restic.backup(&place, scene.saved("bak_1")).await.unwrap();
    events.next().await.unwrap().unwrap();
    let name = format!("{}-srv_call-task", scene.world.instance);
    let shown = run(Command::new("docker").args(["inspect", &name]));
    let processes = run(Command::new("docker").args(["top", &name, "-eo", "pid,args"]));
    drop(events);
    assert!(
        shown.contains("bak_1") && processes.contains("restic"),
        "{processes}"
    );
    assert!(!shown.contains(&place.password) && !processes.contains(&place.password));
    let mut theft = scene.saved("bak_2");
    theft.server = Some(server("b"));
    let refused = scene.restic.backup(&place, theft).await.err();
    assert!(
        matches!(refused, Some(BackupError::Engine(EngineError::Foreign { .. }))),
        "{refused:?}"
    );
    let mut other = place.clone();
    other.tenant = tenant("b");
    let refused = scene.restic.open(&other, "none").await;
    assert!(
        matches!(refused, Err(BackupError::Engine(EngineError::Foreign { .. }))),
        "{refused:?}"
    );
}

/// A server that speaks S3, from the Python registry (`scripts/python-tools.txt`). It keeps all in memory.
struct S3Server {
    child: Child,
    port: u16,
}

impl S3Server {
    fn start(host: &str) -> Self {
        // Whoever else takes the port in between makes the test fail loudly: it has the bucket that is made here.
        let port = TcpListener::bind((host, 0)).unwrap().local_addr().unwrap().port();
        let mut child = Command::new("moto_server")
            .args(["--host", host, "--port", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("moto_server, which make setup installs");
        let said = child.stderr.take().unwrap();
        // A pipe that nobody reads would stop it.
        std::thread::spawn(move || BufReader::new(said).lines().map_while(Result::ok).for_each(drop));
        Self { child, port }
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn is_container(name: &str) -> bool {
    let found = Command::new("docker").args(["inspect", name]).output().unwrap();
    found.status.success()
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn until(is_so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "it did not become so");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
