//! Changing quota groups and subvolumes with the program `btrfs`. All of it may be repeated.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::kernel::Group;
use super::program::{run, unless_already};
use super::{PoolError, PoolResult};

/// The program with which a mounted pool is changed.
#[derive(Debug, Clone)]
pub(super) struct Btrfs {
    root: PathBuf,
}

impl Btrfs {
    pub(super) fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// `btrfs qgroup WORDS… ROOT`
    fn qgroup(&self, words: &[&str]) -> PoolResult<String> {
        let words = ["qgroup"].iter().chain(words).map(OsStr::new);
        run("btrfs", words.chain([self.root.as_os_str()]))
    }

    pub(super) fn create_group(&self, group: Group) -> PoolResult<()> {
        unless_already(self.qgroup(&["create", &group.to_string()]), "File exists")
    }

    /// Puts a group into one of the next level. What it holds counts there at once, or after the next count.
    pub(super) fn assign(&self, member: Group, into: Group) -> PoolResult<()> {
        let words = ["assign", "--no-rescan", &member.to_string(), &into.to_string()];
        unless_already(self.qgroup(&words), "File exists")
    }

    /// Takes a group out of one of the next level. Where it counted, it counts no more.
    pub(super) fn unassign(&self, member: Group, from: Group) -> PoolResult<()> {
        let words = ["remove", "--no-rescan", &member.to_string(), &from.to_string()];
        unless_already(self.qgroup(&words), "No such file")
    }

    /// Takes a group out of one, and away.
    pub(super) fn retire(&self, member: Group, from: Group) -> PoolResult<()> {
        self.unassign(member, from)?;
        self.destroy_group(member)
    }

    pub(super) fn destroy_group(&self, group: Group) -> PoolResult<()> {
        unless_already(self.qgroup(&["destroy", &group.to_string()]), "No such file")
    }

    /// Sets what a group may hold, or lifts its limit.
    pub(super) fn limit(&self, group: Group, bytes: Option<u64>) -> PoolResult<()> {
        let bytes = bytes.map_or_else(|| "none".to_owned(), |bytes| bytes.to_string());
        self.qgroup(&["limit", &bytes, &group.to_string()]).map(drop)
    }

    /// What each group is a member of. `None` for those that can't be told: a customer's subvolume whose name has a line
    /// break can make this list say more than is true, but only by naming something twice.
    pub(super) fn memberships(&self) -> PoolResult<HashMap<Group, Option<Vec<Group>>>> {
        Ok(memberships(&self.qgroup(&["show", "--raw", "-p"])?))
    }

    /// Makes a subvolume that counts for a group from its first byte.
    pub(super) fn create_subvolume(&self, path: &Path, group: Group) -> PoolResult<()> {
        let group = group.to_string();
        let words = ["subvolume", "create", "-i", &group].map(OsStr::new);
        run("btrfs", words.into_iter().chain([path.as_os_str()])).map(drop)
    }

    /// Makes a read-only snapshot that counts for a group.
    pub(super) fn snapshot(&self, of: &Path, at: &Path, group: Group) -> PoolResult<()> {
        let group = group.to_string();
        let words = ["subvolume", "snapshot", "-r", "-i", &group].map(OsStr::new);
        run("btrfs", words.into_iter().chain([of.as_os_str(), at.as_os_str()])).map(drop)
    }

    /// Makes a snapshot that can be written to, and counts for a group.
    pub(super) fn revive(&self, of: &Path, at: &Path, group: Group) -> PoolResult<()> {
        let group = group.to_string();
        let words = ["subvolume", "snapshot", "-i", &group].map(OsStr::new);
        run("btrfs", words.into_iter().chain([of.as_os_str(), at.as_os_str()])).map(drop)
    }

    /// Deletes a subvolume, which has to have none within it. The kernel frees it afterwards.
    pub(super) fn delete_subvolume(&self, id: u64) -> PoolResult<()> {
        let id = id.to_string();
        let words = ["subvolume", "delete", "--subvolid", &id].map(OsStr::new);
        run("btrfs", words.into_iter().chain([self.root.as_os_str()])).map(drop)
    }

    /// Deletes a subvolume by its place, and has the kernel begin to free it.
    pub(super) fn delete_at(&self, path: &Path) -> PoolResult<()> {
        let words = ["subvolume", "delete", "--commit-after"].map(OsStr::new);
        run("btrfs", words.into_iter().chain([path.as_os_str()])).map(drop)
    }

    /// Waits until deleted subvolumes are freed.
    pub(super) fn wait_until_freed(&self) -> PoolResult<()> {
        // It wakes the kernel's cleaner, which otherwise looks every 30 s.
        let words = ["filesystem", "sync"].map(OsStr::new);
        run("btrfs", words.into_iter().chain([self.root.as_os_str()]))?;
        let words = ["subvolume", "sync", "-s", "1"].map(OsStr::new);
        run("btrfs", words.into_iter().chain([self.root.as_os_str()])).map(drop)
    }

    /// The numbers of all subvolumes, and perhaps of some that there are not: customers choose the names in this list.
    pub(super) fn subvolumes(&self) -> PoolResult<HashSet<u64>> {
        let words = ["subvolume", "list"].map(OsStr::new);
        let list = run("btrfs", words.into_iter().chain([self.root.as_os_str()]))?;
        Ok(subvolumes(&list))
    }

    /// The number of the subvolume at a place.
    pub(super) fn number_of(&self, at: &Path) -> PoolResult<u64> {
        let words = ["inspect-internal", "rootid"].map(OsStr::new);
        let said = run("btrfs", words.into_iter().chain([at.as_os_str()]))?;
        said.trim().parse().map_err(|_| PoolError::Program {
            program: "btrfs",
            says: "it told no number of a subvolume".to_owned(),
        })
    }

    /// Where a subvolume is, as a path below the root. `None` if there is none of this number.
    pub(super) fn place(&self, id: u64) -> PoolResult<Option<PathBuf>> {
        let id = id.to_string();
        let words = ["inspect-internal", "subvolid-resolve", &id].map(OsStr::new);
        match run("btrfs", words.into_iter().chain([self.root.as_os_str()])) {
            Ok(path) => Ok(Some(PathBuf::from(path.strip_suffix('\n').unwrap_or(&path)))),
            Err(PoolError::Program { .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Switches accounting on. Groups of subvolumes are made anew, and the kernel begins to count.
    pub(super) fn enable(&self) -> PoolResult<()> {
        self.quota("enable", "File exists")
    }

    /// Begins to count anew, unless that is under way.
    pub(super) fn count(&self) -> PoolResult<()> {
        self.quota("rescan", "in progress")
    }

    fn quota(&self, word: &str, already: &str) -> PoolResult<()> {
        let words = ["quota", word].map(OsStr::new);
        unless_already(
            run("btrfs", words.into_iter().chain([self.root.as_os_str()])),
            already,
        )
    }

    /// Uses all of the device.
    pub(super) fn fill_device(&self) -> PoolResult<()> {
        let words = ["filesystem", "resize", "max"].map(OsStr::new);
        run("btrfs", words.into_iter().chain([self.root.as_os_str()])).map(drop)
    }
}

/// Reads `0/256  16384  16384  1/1  some/path`.
fn memberships(text: &str) -> HashMap<Group, Option<Vec<Group>>> {
    let mut found = HashMap::new();
    let mut twice = HashSet::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().take(4).collect();
        let Some(group) = words.first().and_then(|word| Group::parse(word)) else {
            continue;
        };
        let of = words.get(3).unwrap_or(&"-");
        let of = of.split(',').filter_map(Group::parse).collect();
        if found.insert(group, Some(of)).is_some() {
            twice.insert(group);
        }
    }
    found.extend(twice.into_iter().map(|group| (group, None)));
    found
}

/// Reads `ID 256 gen 29 top level 5 path volumes/a/data`.
fn subvolumes(text: &str) -> HashSet<u64> {
    let words = text
        .lines()
        .filter_map(|line| line.strip_prefix("ID ")?.split(' ').next());
    words.filter_map(|word| word.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: &str = "\
Qgroupid    Referenced    Exclusive Parent   Path
--------    ----------    --------- ------   ----
0/5              16384        16384 -        <toplevel>
0/256         20987904        16384 1/1      volumes/a/data
0/258         20987904        16384 1/1,1/2  volumes/a
0/258         1 1 -
b/data
1/1           21004288     21004288 2/1      2/1<1 member qgroup >
";

    #[test]
    fn memberships_are_read_and_lies_are_noticed() {
        let found = memberships(SHOWN);
        assert_eq!(found[&Group::subvolume(5)], Some(vec![]));
        assert_eq!(found[&Group::subvolume(256)], Some(vec![Group::volume(1)]));
        assert_eq!(found[&Group::volume(1)], Some(vec![Group::tenant(1)]));
        assert_eq!(found[&Group::subvolume(258)], None, "named twice");
        assert_eq!(found.len(), 4);
    }
    #[test]
    fn subvolumes_are_listed_by_number() {
        let list = "ID 256 gen 29 top level 5 path volumes/a/data\nID 300 gen 1 top level 256 path volumes/a/data/x\ny\n";
        assert_eq!(subvolumes(list), HashSet::from([256, 300]));
    }
}
