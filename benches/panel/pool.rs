//! Volumes of the pool, against the same `btrfs` commands by hand and a call of the driver that does nothing; and writing in a
//! volume against a btrfs that knows no quotas.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::create::median;
use crate::table::Row;

const ROUNDS: usize = 51;
const VOLUMES: usize = 1000;
const WRITES: usize = 9;
const WRITTEN: usize = 256 << 20;
const READY: Duration = Duration::from_secs(30);

/// A pool with its driver, and a btrfs of the same size without quotas.
struct Bench {
    folder: PathBuf,
    driver: Child,
}

pub(crate) async fn measure() -> Vec<Row> {
    // All of it waits for programs and disks.
    tokio::task::spawn_blocking(measured).await.unwrap()
}

fn measured() -> Vec<Row> {
    let bench = Bench::new();
    let mut rows = vec![bench.creation(), bench.resizing(), bench.writing()];
    for number in 0..VOLUMES {
        bench.create(&format!("many-{number}"), "16MiB");
    }
    let usage = (0..ROUNDS).map(|_| timed(|| drop(bench.call("/Berth.Usage", &json!({ "Fresh": false })))));
    rows.push(Row::figure(
        &format!("usage of {VOLUMES} volumes in one call"),
        median(usage.collect()),
        "ms",
        100.0,
    ));
    rows
}

impl Bench {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("berth-bench-pool-{}", std::process::id()));
        fs::create_dir_all(folder.join("plain")).unwrap();
        run("truncate", &["--size", "8G", text(&folder.join("plain.img"))]);
        run("mkfs.btrfs", &["--quiet", text(&folder.join("plain.img"))]);
        run(
            "mount",
            &[
                "-o",
                "loop,noatime,nodev",
                text(&folder.join("plain.img")),
                text(&folder.join("plain")),
            ],
        );
        let berth = env!("CARGO_BIN_EXE_berth");
        let (pool, socket) = (folder.join("pool"), folder.join("s"));
        run(berth, &["pool", "init", "--size", "8GiB", "--pool", text(&pool)]);
        let driver = Command::new(berth)
            .args([
                "volume-driver",
                "--log",
                "error",
                "--pool",
                text(&pool),
                "--socket",
                text(&socket),
            ])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        while UnixStream::connect(&socket).is_err() {
            assert!(start.elapsed() < READY, "the driver does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { folder, driver }
    }

    fn root(&self) -> PathBuf {
        self.folder.join("pool")
    }

    fn call(&self, path: &str, body: &Value) -> Value {
        let body = body.to_string();
        let mut stream = UnixStream::connect(self.folder.join("s")).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: berth\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let answer: Value = serde_json::from_str(body).unwrap();
        assert!(
            path == "/Plugin.Activate" || answer["Err"] == "",
            "{path}: {answer}"
        );
        answer
    }

    fn create(&self, name: &str, size: &str) {
        let options = json!({ "size": size, "tenant": "bench" });
        self.call("/VolumeDriver.Create", &json!({ "Name": name, "Opts": options }));
    }

    /// What a call costs that does nothing.
    fn nothing(&self) {
        self.call("/Plugin.Activate", &json!({}));
    }

    fn btrfs(&self, words: &[&str]) {
        let root = self.root();
        run("btrfs", &[words, &[text(&root)]].concat());
    }

    /// The commands that make a volume with its limit, within its tenant.
    fn create_by_hand(&self, group: &str) {
        self.btrfs(&["qgroup", "create", group]);
        self.btrfs(&["qgroup", "assign", "--no-rescan", group, "2/900000"]);
        self.btrfs(&["qgroup", "limit", "1G", group]);
        let place = self.root().join("by-hand").join(group.replace('/', "-"));
        run("btrfs", &["subvolume", "create", "-i", group, text(&place)]);
    }

    fn creation(&self) -> Row {
        self.btrfs(&["qgroup", "create", "2/900000"]);
        fs::create_dir(self.root().join("by-hand")).unwrap();
        self.create("warm-up", "1GiB");
        let (mut ours, mut floor) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            ours.push(timed(|| self.create(&format!("one-{round}"), "1GiB")));
            floor.push(timed(|| {
                self.create_by_hand(&format!("1/{}", 900_000 + round));
                self.nothing();
            }));
        }
        Row::at_most(
            "create a volume, against btrfs by hand",
            (median(ours), median(floor)),
            "ms",
            1.25,
        )
    }

    fn resizing(&self) -> Row {
        let (mut ours, mut floor) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let asked = json!({ "Name": format!("one-{round}"), "Size": 2_u64 << 30 });
            ours.push(timed(|| drop(self.call("/Berth.Resize", &asked))));
            floor.push(timed(|| {
                self.btrfs(&["qgroup", "limit", "2G", &format!("1/{}", 900_000 + round)]);
                self.nothing();
            }));
        }
        Row::at_most(
            "make a volume larger, against btrfs by hand",
            (median(ours), median(floor)),
            "ms",
            1.25,
        )
    }

    fn writing(&self) -> Row {
        let (mut ours, mut floor) = (Vec::new(), Vec::new());
        let volume = self.root().join("volumes/one-0/data/file");
        let plain = self.folder.join("plain/file");
        // The first of each finds an empty disk below.
        write(&volume);
        write(&plain);
        for _ in 0..WRITES {
            ours.push(rate(timed(|| write(&volume))));
            floor.push(rate(timed(|| write(&plain))));
        }
        Row::at_least(
            "write 256 MiB in a volume, against btrfs without quotas",
            (median(ours), median(floor)),
            "MiB/s",
            0.95,
        )
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        for place in ["pool", "plain"] {
            let done = Command::new("umount").arg(self.folder.join(place)).status();
            if !done.is_ok_and(|status| status.success()) {
                return;
            }
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Writes a file anew, down to the disk.
fn write(path: &Path) {
    let mut file = File::create(path).unwrap();
    let block = vec![0x5a_u8; 1 << 20];
    for _ in 0..WRITTEN / block.len() {
        file.write_all(&block).unwrap();
    }
    file.sync_all().unwrap();
}

fn rate(milliseconds: f64) -> f64 {
    256.0 * 1000.0 / milliseconds
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn timed(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1000.0
}
