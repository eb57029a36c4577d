//! The driver as the engine's plugin, by the real `docker volume` commands.
//!
//! One driver serves all tests (`scripts/pool.sh`): an engine never forgets one that it has spoken to, and waits for it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::pool::{MIB, call, run, until, words};
use crate::crash::docker::prepare;
use crate::engine_contract::docker_world::IMAGE;

/// The driver that the engine knows, and what a test made with it.
struct Driver {
    name: String,
    socket: PathBuf,
    pool: PathBuf,
    /// Begins the names of what it makes.
    prefix: String,
}

/// Starts the driver if it does not run, and tells where it is.
pub(crate) fn start() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/pool.sh");
    run(script.to_str().unwrap(), &["start", env!("CARGO_BIN_EXE_berth")])
}

impl Driver {
    async fn get(test: &str) -> Self {
        prepare().await;
        let told = start();
        let lines: Vec<&str> = told.lines().collect();
        let [name, socket, pool] = lines.as_slice() else {
            panic!("{told}");
        };
        Self {
            name: (*name).to_owned(),
            socket: socket.into(),
            pool: pool.into(),
            prefix: format!("it-{}-{test}", std::process::id()),
        }
    }

    fn volume(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }

    /// `docker volume create`, and the volume's name.
    fn create(&self, name: &str, options: &[&str]) -> (Output, String) {
        let name = self.volume(name);
        let mut arguments = vec!["volume", "create", "--driver", self.name.as_str()];
        arguments.extend(options.iter().flat_map(|option| ["--opt", option]));
        arguments.push(&name);
        (docker(&arguments), name)
    }

    fn good(&self, name: &str, options: &[&str]) -> String {
        let (made, name) = self.create(name, options);
        assert!(made.status.success(), "{}", words(&made));
        name
    }

    /// Runs a line in a container with the volume at /data.
    fn run(&self, volume: &str, line: &str) -> Output {
        let container = format!("{}-run", self.prefix);
        let mount = format!("{volume}:/data");
        docker(&[
            "run",
            "--rm",
            "--network",
            "none",
            "--name",
            &container,
            "--volume",
            &mount,
            IMAGE,
            "sh",
            "-c",
            line,
        ])
    }

    /// Starts a container that goes on by itself.
    fn start(&self, container: &str, volume: &str, line: &str) {
        let mount = format!("{volume}:/data");
        let asked = [
            "run",
            "--detach",
            "--network",
            "none",
            "--name",
            container,
            "--volume",
            &mount,
            IMAGE,
            "sh",
            "-c",
            line,
        ];
        run("docker", &asked);
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let filter = format!("name={}", self.prefix);
        for (list, remove) in [
            (&["ps", "--all", "--quiet"][..], &["rm", "--force"][..]),
            (&["volume", "ls", "--quiet"][..], &["volume", "rm"][..]),
        ] {
            let found = docker(&[list, &["--filter", &filter][..]].concat());
            for name in String::from_utf8_lossy(&found.stdout).lines() {
                docker(&[remove, &[name][..]].concat());
            }
        }
    }
}

fn docker(arguments: &[&str]) -> Output {
    Command::new("docker").args(arguments).output().unwrap()
}

#[tokio::test]
async fn the_engines_own_commands_work() {
    let driver = Driver::get("commands").await;
    let name = driver.good("data", &["size=64MiB", "tenant=acme"]);
    let inspected = run("docker", &["volume", "inspect", &name]);
    let inspected: Value = serde_json::from_str(&inspected).unwrap();
    let volume = &inspected[0];
    assert_eq!(volume["Driver"], driver.name.as_str());
    assert_eq!(volume["Status"]["size_bytes"], 64 * MIB);
    assert_eq!(volume["Status"]["tenant"], "acme");
    let place = volume["Mountpoint"].as_str().unwrap();
    assert!(Path::new(place).starts_with(&driver.pool), "{place}");
    let listed = run("docker", &["volume", "ls", "--format", "{{.Driver}} {{.Name}}"]);
    assert!(listed.contains(&format!("{} {name}", driver.name)), "{listed}");
    // Making it again is making it.
    driver.good("data", &["size=64MiB", "tenant=acme"]);
    run("docker", &["volume", "rm", &name]);
    let gone = docker(&["volume", "inspect", &name]);
    assert!(!gone.status.success());
    // Refusals reach the person in the driver's words.
    let (refused, _) = driver.create("none", &[]);
    assert!(words(&refused).contains("-o size=10GiB"), "{}", words(&refused));
    let (refused, _) = driver.create("odd", &["size=1GiB", "type=tmpfs"]);
    assert!(
        words(&refused).contains("no option “type”"),
        "{}",
        words(&refused)
    );
}

#[tokio::test]
async fn a_container_stops_at_the_quota_until_the_volume_is_resized() {
    let driver = Driver::get("quota").await;
    let name = driver.good("data", &["size=64MiB"]);
    let told = driver.run(
        &name,
        "dd if=/dev/zero of=/data/a bs=64k count=4096; stat -c %s /data/a",
    );
    let told = words(&told);
    assert!(told.contains("uota exceeded"), "{told}");
    let written: u64 = told
        .lines()
        .find_map(|line| line.trim().parse().ok())
        .unwrap_or_else(|| panic!("{told}"));
    super::pool::about(written, 64 * MIB);

    // While a container runs, and without touching it.
    let container = format!("{}-writer", driver.prefix);
    driver.start(&container, &name, "until dd if=/dev/zero of=/data/b bs=1M count=16 2>/dev/null && sync; do rm -f /data/b; usleep 50000; done; touch /data/done; sleep 600");
    let busy = docker(&["volume", "rm", &name]);
    assert!(words(&busy).contains("in use"), "{}", words(&busy));
    let asked = format!("{{\"Name\":\"{name}\",\"Size\":{}}}", 96 * MIB);
    let answer = call(&driver.socket, "/Berth.Resize", &asked).unwrap();
    assert_eq!(answer["Err"], "");
    let done = driver.pool.join("volumes").join(&name).join("data/done");
    until("the container could write", || done.exists());
}

#[tokio::test]
async fn data_are_there_for_the_next_container_and_what_an_image_has_there_comes_along() {
    let driver = Driver::get("data").await;
    let name = driver.good("data", &["size=64MiB"]);
    let wrote = driver.run(&name, "echo kept > /data/letter");
    assert!(wrote.status.success(), "{}", words(&wrote));
    let read = driver.run(&name, "cat /data/letter; df -k /data | tail -1");
    assert!(words(&read).contains("kept"), "{}", words(&read));
    // The device files that a container could make are no way out.
    let device = driver.run(&name, "mknod /data/d b 7 0 && head -c 1 /data/d");
    assert!(!device.status.success(), "{}", words(&device));
}

#[tokio::test]
async fn running_containers_do_not_notice_that_the_driver_dies_and_comes_back() {
    let driver = Driver::get("restart").await;
    let name = driver.good("data", &["size=64MiB"]);
    let container = format!("{}-writer", driver.prefix);
    let line = "i=0; while sleep 0.05; do i=$((i+1)); echo $i > /data/count; done";
    driver.start(&container, &name, line);
    let count = driver.pool.join("volumes").join(&name).join("data/count");
    let counted = || {
        let text = std::fs::read_to_string(&count).unwrap_or_default();
        text.trim().parse().unwrap_or(0_u64)
    };
    until("it counts", || counted() > 0);
    let started = || {
        run(
            "docker",
            &["inspect", "--format", "{{.State.StartedAt}}", &container],
        )
    };
    let before = started();

    let pid = driver.pool.with_file_name("driver.pid");
    let pid = std::fs::read_to_string(pid).unwrap();
    run("kill", &["-KILL", pid.trim()]);
    let at = counted();
    until("it counts without a driver", || counted() > at);
    start();
    let at = counted();
    until("it counts with a new driver", || counted() > at);
    assert_eq!(started(), before);
    let status = run(
        "docker",
        &["volume", "inspect", "--format", "{{.Status.size}}", &name],
    );
    assert_eq!(status.trim(), "64 MiB");
    driver.good("another", &["size=16MiB"]);
}
