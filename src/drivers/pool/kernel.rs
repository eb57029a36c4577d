//! What the kernel tells about a mounted btrfs in /sys, without a program and without a privilege: quota groups, space,
//! errors of devices. A thousand groups are read in some 20 ms.
//!
//! Figures of groups are those of the last transaction: at most 30 s old, unless the file system is synced first.

use std::fs;
use std::path::{Path, PathBuf};

const SYSFS: &str = "/sys/fs/btrfs";
/// The bit that says that a group's limit on what it references holds.
const LIMIT_REFERENCED: u64 = 1;

/// A quota group: its level and number. Level 0 are subvolumes, 1 are volumes with all that is in them, 2 are tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Group {
    pub(super) level: u16,
    pub(super) number: u64,
}

impl Group {
    pub(super) const fn subvolume(number: u64) -> Self {
        Self { level: 0, number }
    }

    pub(super) const fn volume(number: u64) -> Self {
        Self { level: 1, number }
    }

    pub(super) const fn tenant(number: u64) -> Self {
        Self { level: 2, number }
    }

    /// As `btrfs` writes it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::split(text, '/')
    }

    fn split(text: &str, by: char) -> Option<Self> {
        let (level, number) = text.split_once(by)?;
        Some(Self {
            level: level.parse().ok()?,
            number: number.parse().ok()?,
        })
    }
}

impl std::fmt::Display for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.level, self.number)
    }
}

/// Whether quotas hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accounting {
    /// Somebody switched them off. Groups and limits are gone.
    Off,
    /// They hold, but the figures are being counted again, or should be.
    Stale,
    /// They hold.
    Good,
}

/// The space of a pool, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Space {
    /// What its devices have given to something.
    pub(super) allocated: u64,
    /// Metadata: what is used of what is given.
    pub(super) metadata: (u64, u64),
}

/// The folder of a mounted file system.
#[derive(Debug, Clone)]
pub(super) struct Kernel {
    folder: PathBuf,
}

impl Kernel {
    /// That of the file system on a device such as `loop0`.
    pub(super) fn of_device(device: &str) -> Option<Self> {
        let all = fs::read_dir(SYSFS).ok()?.flatten();
        let mut folders = all.map(|entry| entry.path());
        let folder = folders.find(|folder| folder.join("devices").join(device).exists())?;
        Some(Self { folder })
    }

    /// Whether it is mounted still.
    pub(super) fn is_there(&self) -> bool {
        self.folder.exists()
    }

    pub(super) fn accounting(&self) -> Accounting {
        let groups = self.folder.join("qgroups");
        match (
            number(&groups.join("enabled")),
            number(&groups.join("inconsistent")),
        ) {
            // Kernels before 6.1 have no such files, but a folder only while quotas are on.
            (None, _) if groups.exists() => Accounting::Good,
            (None | Some(0), _) => Accounting::Off,
            (_, Some(1)) => Accounting::Stale,
            _ => Accounting::Good,
        }
    }

    /// All groups.
    pub(super) fn groups(&self) -> Vec<Group> {
        let Ok(all) = fs::read_dir(self.folder.join("qgroups")) else {
            return Vec::new();
        };
        let names = all.flatten().map(|entry| entry.file_name());
        names
            .filter_map(|name| Group::split(name.to_str()?, '_'))
            .collect()
    }

    /// What a group holds, if there is such a group.
    pub(super) fn used(&self, group: Group) -> Option<u64> {
        number(&self.group(group).join("referenced"))
    }

    /// What a group holds that no other does.
    pub(super) fn alone(&self, group: Group) -> Option<u64> {
        number(&self.group(group).join("exclusive"))
    }

    /// A group's limit, if it has one.
    pub(super) fn limit(&self, group: Group) -> Option<u64> {
        let folder = self.group(group);
        let flags = number(&folder.join("limit_flags"))?;
        (flags & LIMIT_REFERENCED != 0).then(|| number(&folder.join("max_referenced")))?
    }

    pub(super) fn has(&self, group: Group) -> bool {
        self.group(group).exists()
    }

    fn group(&self, Group { level, number }: Group) -> PathBuf {
        self.folder.join(format!("qgroups/{level}_{number}"))
    }

    pub(super) fn space(&self) -> Space {
        let read = |name: &str| number(&self.folder.join("allocation").join(name)).unwrap_or(0);
        let kinds = ["data", "metadata", "system", "mixed"];
        Space {
            allocated: kinds.iter().map(|kind| read(&format!("{kind}/disk_total"))).sum(),
            metadata: (read("metadata/bytes_used"), read("metadata/total_bytes")),
        }
    }

    /// How often devices failed to read, write or keep what they were given.
    pub(super) fn device_errors(&self) -> u64 {
        let Ok(devices) = fs::read_dir(self.folder.join("devinfo")) else {
            return 0;
        };
        let files = devices.flatten().map(|entry| entry.path().join("error_stats"));
        let texts = files.filter_map(|file| fs::read_to_string(file).ok());
        texts.map(|text| counted(&text)).sum()
    }
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The sum of lines such as `write_errs 0`.
fn counted(text: &str) -> u64 {
    let figures = text.lines().filter_map(|line| line.rsplit(' ').next());
    figures.filter_map(|figure| figure.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_read_as_the_kernel_and_the_program_write_them() {
        assert_eq!(Group::split("1_42", '_'), Some(Group::volume(42)));
        assert_eq!(Group::parse("2/7"), Some(Group::tenant(7)));
        for text in ["drop_subtree_threshold", "enabled", "1", "/", "a/1", "1/b"] {
            assert_eq!(Group::parse(text), None, "{text}");
        }
        assert_eq!(Group::subvolume(256).to_string(), "0/256");
    }

    #[test]
    fn errors_of_devices_are_added_up() {
        assert_eq!(counted("write_errs 1\nread_errs 0\ncorruption_errs 41\n"), 42);
        assert_eq!(counted(""), 0);
    }
}
