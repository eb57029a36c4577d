//! How a pool is: its space, its volumes, and all that is wrong with it, each with what to do.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::kernel::{Accounting, Kernel};
use super::layout::{self, Kind, Layout};
use super::place::{self, Mounted};
use super::{PoolResult, show_size, soft};

/// Something that is wrong, or will be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A stable word for programs.
    pub code: String,
    /// Whether volumes suffer from it now.
    pub is_urgent: bool,
    /// What it is.
    pub says: String,
    /// What to do.
    pub fix: String,
}

/// How a pool is. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Where it is mounted.
    pub root: PathBuf,
    /// What it lies on.
    pub source: PathBuf,
    /// How it keeps limits; unknown if it is not there.
    pub quota: Option<Kind>,
    /// That in words.
    pub label: String,
    /// How large it is.
    pub total: u64,
    /// What volumes may still write.
    pub available: u64,
    /// How many volumes there are.
    pub volumes: u64,
    /// What the volumes may hold together.
    pub promised: u64,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl Status {
    fn problem(&mut self, code: &str, is_urgent: bool, says: impl Into<String>, fix: impl Into<String>) {
        self.problems.push(Problem {
            code: code.to_owned(),
            is_urgent,
            says: says.into(),
            fix: fix.into(),
        });
    }
}

/// Looks at a pool. Changes nothing, and needs no driver.
pub fn look_at(root: &Path, source: &Path) -> PoolResult<Status> {
    let layout = Layout::new(root);
    let marker = layout::marker(&layout.marker())?;
    let mut status = Status {
        root: root.to_owned(),
        source: source.to_owned(),
        quota: marker.map(|marker| marker.quota),
        label: String::new(),
        total: 0,
        available: 0,
        volumes: 0,
        promised: 0,
        problems: Vec::new(),
    };
    match status.quota {
        None => missing(&mut status),
        Some(Kind::Soft) => soft::LABEL.clone_into(&mut status.label),
        Some(Kind::Enforced) => {
            soft::ENFORCED.clone_into(&mut status.label);
            look_at_btrfs(&mut status);
        }
    }
    if status.quota.is_some() {
        count(&mut status, &layout)?;
        space(&mut status);
    }
    Ok(status)
}

fn missing(status: &mut Status) {
    "not there".clone_into(&mut status.label);
    if status.source.exists() {
        status.problem(
            "not_mounted",
            true,
            format!("no pool is mounted at {}", status.root.display()),
            format!(
                "start the volume driver, which mounts it from {}, or make a pool with `berth pool init`",
                status.source.display()
            ),
        );
    } else {
        status.problem(
            "source_missing",
            true,
            format!(
                "there is no pool at {}, and {} is missing",
                status.root.display(),
                status.source.display()
            ),
            "attach the disk or bring the file back; if there was no pool yet, make one with `berth pool init`",
        );
    }
}

fn look_at_btrfs(status: &mut Status) {
    let Some(mounted) = place::mounted_at(&status.root) else {
        return;
    };
    if mounted.read_only {
        status.problem(
            "read_only",
            true,
            "the pool went read-only: btrfs met damage, or its disk failed",
            "see `dmesg`; copy what is needed, stop the servers, unmount, run `btrfs check --readonly`, restore from a backup",
        );
    }
    if let Some(kernel) = Kernel::of_device(&mounted.device_name()) {
        look_at_kernel(status, &kernel);
    }
    look_at_source(status, &mounted);
}

fn look_at_kernel(status: &mut Status, kernel: &Kernel) {
    match kernel.accounting() {
        Accounting::Good => {}
        Accounting::Off => status.problem(
            "quota_off",
            true,
            "quotas of the pool are switched off: no limit holds",
            "start the volume driver, which switches them on and sets every limit again",
        ),
        Accounting::Stale => status.problem(
            "quota_counting",
            false,
            "what volumes hold is being counted again; until then limits are not exact",
            "wait; the volume driver sees to it",
        ),
    }
    let errors = kernel.device_errors();
    if errors > 0 {
        status.problem(
            "device_errors",
            true,
            format!("the pool's device failed {errors} times to read, write or keep data"),
            format!(
                "look at `btrfs device stats {root}`, run `btrfs scrub start {root}`, and replace the disk",
                root = status.root.display()
            ),
        );
    }
    let space = kernel.space();
    let total = size(&status.root).map_or(0, |(total, _)| total);
    let (used, given) = space.metadata;
    let is_all_given = total.saturating_sub(space.allocated) < total / 50;
    if is_all_given && given > 0 && used.saturating_mul(10) > given.saturating_mul(9) {
        status.problem(
            "metadata_full",
            true,
            "the pool has no room for more files, although data may be free",
            format!(
                "make it larger with `berth pool grow`, or run `btrfs balance start -dusage=50 {}`",
                status.root.display()
            ),
        );
    }
}

/// A file can be deleted under the pool, or lie on a disk that has no room for what it promises.
fn look_at_source(status: &mut Status, mounted: &Mounted) {
    let Some(file) = mounted.backing_file() else {
        return;
    };
    if file.ends_with(" (deleted)") || !Path::new(&file).exists() {
        status.problem(
            "source_deleted",
            true,
            format!(
                "the pool's file {} was deleted or moved: all is there until the pool is unmounted or the machine restarts",
                file.trim_end_matches(" (deleted)")
            ),
            format!(
                "move it back, or copy it at once: `cp --sparse=always {} NEW-FILE` while the servers are stopped",
                mounted.device.display()
            ),
        );
        return;
    }
    if let Some((unclaimed, free)) = place::claim(Path::new(&file))
        && free < unclaimed
    {
        status.problem(
            "host_short",
            free < unclaimed / 20,
            format!(
                "the pool may still take {} of the disk that it lies on, which has {} left",
                show_size(unclaimed),
                show_size(free)
            ),
            "free space on that disk, or move the pool to one of its own: a full disk below damages what the pool holds",
        );
    }
}

fn count(status: &mut Status, layout: &Layout) -> PoolResult<()> {
    for name in layout.volume_names()? {
        match layout.volume_record(&name) {
            Ok(Some(record)) => {
                status.volumes += 1;
                status.promised = status.promised.saturating_add(record.size);
            }
            Ok(None) => {}
            Err(error) => status.problem(
                "volume_unreadable",
                true,
                format!("what is noted of the volume {name} can't be read: {error}"),
                format!(
                    "its data are in {}; restore the note with `setfattr -n trusted.berth`, as docs/storage.md shows",
                    layout.data(&name).display()
                ),
            ),
        }
    }
    Ok(())
}

fn size(root: &Path) -> Option<(u64, u64)> {
    let space = rustix::fs::statvfs(root).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(space.f_frsize);
    Some((bytes(space.f_blocks), bytes(space.f_bavail)))
}

fn space(status: &mut Status) {
    let Some((total, available)) = size(&status.root) else {
        return;
    };
    (status.total, status.available) = (total, available);
    let fix = "make it larger with `berth pool grow`, or remove volumes or snapshots";
    let left = format!(
        "{} of {} are left in the pool",
        show_size(available),
        show_size(total)
    );
    if available < total / 100 {
        status.problem("full", true, format!("the pool is full: {left}"), fix);
    } else if available < total / 10 {
        status.problem("nearly_full", false, left, fix);
    }
}
