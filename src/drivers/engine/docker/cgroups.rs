//! What containers use, read from the kernel's own files (control groups, versions 1 and 2). One container costs some
//! microseconds of ours and none of the engine's, where a question to the engine costs it milliseconds.
//!
//! It works where the engine is on this host and the panel sees the host's `/sys/fs/cgroup` and processes. Either all of a
//! container's figures can be read, or none: no figure is made up.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::super::Stats;

/// The first bytes of a file hold what we want of it: `memory.stat`, the longest, has about two thousand.
const ENOUGH: usize = 8 * 1024;

/// The kernel's files.
#[derive(Debug, Clone)]
pub struct Cgroups {
    root: PathBuf,
    proc: PathBuf,
    is_unified: bool,
}

impl Cgroups {
    /// Those below the given folders, usually `/sys/fs/cgroup` and `/proc`.
    pub fn at(root: &Path, proc: &Path) -> Self {
        Self {
            // Only version 2 has it at its root.
            is_unified: root.join("cgroup.controllers").exists(),
            root: root.to_owned(),
            proc: proc.to_owned(),
        }
    }

    /// Where the container's group is below each controller, if its figures can be read.
    pub fn find(&self, container: &str) -> Option<String> {
        // As the engine's drivers `cgroupfs` and `systemd` name it.
        let names = [
            format!("docker/{container}"),
            format!("system.slice/docker-{container}.scope"),
        ];
        names.into_iter().find(|group| self.read(group).is_some())
    }

    /// What the group's processes use; nothing if it is gone.
    pub fn read(&self, group: &str) -> Option<Stats> {
        let mut buffer = [0; ENOUGH];
        let mut stats = if self.is_unified {
            self.unified(group, &mut buffer)?
        } else {
            self.divided(group, &mut buffer)?
        };
        let procs = self.file(if self.is_unified { "" } else { "pids" }, group, "cgroup.procs");
        (stats.rx_bytes, stats.tx_bytes) = self.network(read(&procs, &mut buffer)?)?;
        Some(stats)
    }

    /// What went through the network that the listed processes share, asked of the first that is still there: the first of
    /// all may be a health check that has just ended.
    fn network(&self, processes: &str) -> Option<(u64, u64)> {
        let mut buffer = [0; ENOUGH];
        // A process of another PID namespace is shown as 0, and its network cannot be found.
        let processes = processes.lines().filter_map(number).filter(|pid| *pid > 0);
        processes
            .map(|pid| self.proc.join(pid.to_string()).join("net/dev"))
            .find_map(|file| {
                read(&file, &mut buffer)
                    .filter(|text| !text.is_empty())
                    .map(interfaces)
            })
    }

    fn file(&self, controller: &str, group: &str, name: &str) -> PathBuf {
        let mut path = self.root.clone();
        path.extend(
            [controller, group, name]
                .into_iter()
                .filter(|part| !part.is_empty()),
        );
        path
    }

    fn unified(&self, group: &str, buffer: &mut [u8; ENOUGH]) -> Option<Stats> {
        let file = |name: &str| self.file("", group, name);
        let cpu_nanos = keyed(read(&file("cpu.stat"), buffer)?, "usage_usec")? * 1000;
        let memory = number(read(&file("memory.current"), buffer)?)?;
        let cache = keyed(read(&file("memory.stat"), buffer)?, "inactive_file").unwrap_or(0);
        // Without the controller in this group there is no such file, and nothing was counted.
        let disks = read(&file("io.stat"), buffer).unwrap_or_default();
        let (read_bytes, write_bytes) = (pairs(disks, "rbytes="), pairs(disks, "wbytes="));
        Some(Stats {
            cpu_nanos,
            memory_bytes: memory.saturating_sub(cache),
            // `max` is no number.
            memory_limit: number(read(&file("memory.max"), buffer)?).unwrap_or(u64::MAX),
            read_bytes,
            write_bytes,
            pids: number(read(&file("pids.current"), buffer)?)?,
            ..Stats::default()
        })
    }

    fn divided(&self, group: &str, buffer: &mut [u8; ENOUGH]) -> Option<Stats> {
        let memory = |name: &str| self.file("memory", group, name);
        let used = number(read(&memory("memory.usage_in_bytes"), buffer)?)?;
        let cache = keyed(read(&memory("memory.stat"), buffer)?, "total_inactive_file").unwrap_or(0);
        let disks = self.file("blkio", group, "blkio.throttle.io_service_bytes");
        let disks = read(&disks, buffer).unwrap_or_default();
        let (read_bytes, write_bytes) = (operations(disks, "Read"), operations(disks, "Write"));
        Some(Stats {
            cpu_nanos: number(read(&self.file("cpuacct", group, "cpuacct.usage"), buffer)?)?,
            memory_bytes: used.saturating_sub(cache),
            memory_limit: number(read(&memory("memory.limit_in_bytes"), buffer)?)?,
            read_bytes,
            write_bytes,
            pids: number(read(&self.file("pids", group, "pids.current"), buffer)?)?,
            ..Stats::default()
        })
    }
}

fn read<'a>(path: &Path, buffer: &'a mut [u8; ENOUGH]) -> Option<&'a str> {
    let length = File::open(path).ok()?.read(buffer).ok()?;
    let bytes = buffer.get(..length)?;
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) => std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok(),
    }
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// The value after a word at the beginning of a line.
fn keyed(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once(' ')?;
        (name == key).then(|| number(value))?
    })
}

/// The sum of `key=value` over all disks, as version 2 tells it: `8:0 rbytes=1 wbytes=2 …`.
fn pairs(text: &str, key: &str) -> u64 {
    let values = text
        .split_ascii_whitespace()
        .filter_map(|word| word.strip_prefix(key));
    values.filter_map(number).sum()
}

/// The sum of an operation over all disks, as version 1 tells it: `8:0 Read 1`.
fn operations(text: &str, name: &str) -> u64 {
    let of_disk = |line: &str| {
        let mut words = line.split_ascii_whitespace().skip(1);
        (words.next()? == name).then(|| words.next().and_then(number))?
    };
    text.lines().filter_map(of_disk).sum()
}

/// Bytes received and sent by all interfaces but the loopback.
fn interfaces(text: &str) -> (u64, u64) {
    let of_interface = |line: &str| {
        let (name, values) = line.split_once(':')?;
        let mut values = values.split_ascii_whitespace().map(number);
        let (received, sent) = (values.next()??, values.nth(7)??);
        (name.trim() != "lo").then_some((received, sent))
    };
    let all = text.lines().filter_map(of_interface);
    all.fold((0, 0), |(rx, tx), (received, sent)| (rx + received, tx + sent))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const DEVICES: &str = "Inter-|   Receive                                                |  Transmit\n \
        face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n    \
        lo:     900       9    0    0    0     0          0         0      900       9    0    0    0     0       0          0\n  \
        eth0:    1200      12    0    0    0     0          0         0      340       4    0    0    0     0       0          0\n";

    /// A folder of the test's own with these files.
    fn tree(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let root = std::env::temp_dir().join(format!("berth-{name}-{}", std::process::id()));
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn expected() -> Stats {
        Stats {
            at: None,
            cpu_nanos: 7_000,
            memory_bytes: 70,
            memory_limit: 1000,
            rx_bytes: 1200,
            tx_bytes: 340,
            read_bytes: 33,
            write_bytes: 44,
            pids: 5,
        }
    }

    #[test]
    fn version_1_is_read() {
        let root = tree(
            "cgroup-v1",
            &[
                ("cpuacct/docker/abc/cpuacct.usage", "7000\n"),
                ("memory/docker/abc/memory.usage_in_bytes", "100\n"),
                ("memory/docker/abc/memory.limit_in_bytes", "1000\n"),
                (
                    "memory/docker/abc/memory.stat",
                    "cache 50\ninactive_file 1\ntotal_inactive_file 30\n",
                ),
                (
                    "blkio/docker/abc/blkio.throttle.io_service_bytes",
                    "8:0 Read 3\n8:0 Write 4\n8:0 Total 7\n8:16 Read 30\n8:16 Write 40\nTotal 77\n",
                ),
                ("pids/docker/abc/pids.current", "5\n"),
                ("pids/docker/abc/cgroup.procs", "40\n41\n42\n"),
                ("proc/41/net/dev", DEVICES),
            ],
        );
        let groups = Cgroups::at(&root, &root.join("proc"));
        let group = groups.find("abc").unwrap();
        assert_eq!(groups.read(&group), Some(expected()));
        assert_eq!(groups.find("other"), None);
    }

    #[test]
    fn version_2_is_read() {
        let group = "system.slice/docker-abc.scope";
        let name = |file: &str| format!("{group}/{file}");
        let files = [
            ("cgroup.controllers".to_owned(), "cpu memory io pids\n"),
            (name("cpu.stat"), "usage_usec 7\nuser_usec 5\n"),
            (name("memory.current"), "100\n"),
            (name("memory.max"), "1000\n"),
            (name("memory.stat"), "anon 5\ninactive_file 30\n"),
            (
                name("io.stat"),
                "8:0 rbytes=3 wbytes=4 rios=1 wios=1 dbytes=0 dios=0\n8:16 rbytes=30 wbytes=40\n",
            ),
            (name("pids.current"), "5\n"),
            (name("cgroup.procs"), "41\n"),
            ("proc/41/net/dev".to_owned(), DEVICES),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (&**path, *text)).collect();
        let root = tree("cgroup-v2", &files);
        let groups = Cgroups::at(&root, &root.join("proc"));
        assert_eq!(groups.find("abc").as_deref(), Some(group));
        assert_eq!(groups.read(group), Some(expected()));
    }

    #[test]
    fn a_process_that_is_not_seen_makes_the_whole_unknown() {
        let root = tree(
            "cgroup-foreign",
            &[
                ("cgroup.controllers", "cpu\n"),
                ("docker/abc/cpu.stat", "usage_usec 7\n"),
                ("docker/abc/memory.current", "100\n"),
                ("docker/abc/memory.max", "max\n"),
                ("docker/abc/memory.stat", "inactive_file 30\n"),
                ("docker/abc/pids.current", "5\n"),
                ("docker/abc/cgroup.procs", "0\n"),
            ],
        );
        assert_eq!(Cgroups::at(&root, &root.join("proc")).find("abc"), None);
    }
}
