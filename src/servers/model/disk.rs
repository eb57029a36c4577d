//! A server's disk: the volumes that it is shared out to, what keeps them from growing, and whether a limit fits. Pure.

use crate::drivers::pool::show_size;

use super::Server;

const MIB: u64 = 1 << 20;
/// Smaller volumes leave no room for the file system's own.
const SMALLEST: u64 = 16 * MIB;

/// One of a server's volumes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Its name on the engine, which is its name in the pool.
    pub name: String,
    /// It is in the node's pool.
    pub is_pooled: bool,
    /// The kernel refuses what is over its limit.
    pub is_enforced: bool,
    /// Its limit, as the pool was told last.
    pub size: u64,
    /// What it held when it was measured last, snapshots included.
    pub used: Option<u64>,
}

/// Whether a server's disk limit holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DiskQuota)]
pub enum Quota {
    /// The kernel refuses what is over it.
    Enforced,
    /// Use is measured, and nothing is refused.
    Soft,
}

impl Quota {
    /// The words for it, behind the amount.
    pub fn label(self) -> &'static str {
        match self {
            Self::Enforced => "enforced",
            Self::Soft => "soft quota: measured, not enforced",
        }
    }
}

/// What a disk's volumes have to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskChange {
    /// Larger, which helps whatever comes next.
    Grow,
    /// Smaller, which may be refused and must keep nobody from anything.
    Shrink,
}

/// What each of `count` volumes may hold of a disk: they share it evenly.
pub fn share(disk_mib: i64, count: usize) -> u64 {
    let count = u64::try_from(count).unwrap_or(u64::MAX).max(1);
    let disk = u64::try_from(disk_mib).unwrap_or_default().saturating_mul(MIB);
    (disk / count).max(SMALLEST)
}

/// An amount of the database's.
pub fn bytes_of(amount: i64) -> u64 {
    u64::try_from(amount).unwrap_or_default()
}

/// What has to change so that each of a server's volumes has its share.
pub fn disk_change(disk_mib: i64, volumes: &[Volume]) -> Option<DiskChange> {
    let wanted = share(disk_mib, volumes.len());
    let mut others = volumes
        .iter()
        .filter(|volume| volume.is_pooled && volume.size != wanted)
        .peekable();
    others.peek()?;
    Some(if others.any(|volume| volume.size > wanted) {
        DiskChange::Shrink
    } else {
        DiskChange::Grow
    })
}

/// Refuses a disk that is smaller than what the volumes were seen to hold.
pub fn check_shrink(disk_mib: i64, volumes: &[Volume]) -> Result<(), String> {
    let wanted = share(disk_mib, volumes.len());
    let fullest = volumes
        .iter()
        .filter(|volume| volume.is_enforced && volume.size > wanted)
        .filter_map(|volume| volume.used)
        .max()
        .filter(|used| *used > wanted);
    match fullest {
        None => Ok(()),
        Some(used) if volumes.len() > 1 => Err(format!(
            "One of its {} volumes holds {}, and would get {} of this size. Delete files or snapshots first, or choose a \
             larger size.",
            volumes.len(),
            show_size(used),
            show_size(wanted)
        )),
        Some(used) => Err(format!(
            "Its disk holds {}, more than the {} of this size. Delete files or snapshots first, or choose a larger size.",
            show_size(used),
            show_size(wanted)
        )),
    }
}

impl Server {
    /// Whether its disk limit holds; nothing before it has volumes.
    pub fn quota(&self) -> Option<Quota> {
        match self.is_disk_enforced {
            Some(true) => Some(Quota::Enforced),
            Some(false) => Some(Quota::Soft),
            // Servers from before volumes were noted have the engine's own.
            None if self.observed_generation > 0 => Some(Quota::Soft),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(size: u64, used: Option<u64>) -> Volume {
        Volume {
            name: "v".to_owned(),
            is_pooled: true,
            is_enforced: true,
            size: size * MIB,
            used: used.map(|used| used * MIB),
        }
    }

    #[test]
    fn a_disk_is_shared_out_evenly_and_never_too_thin() {
        assert_eq!(share(1024, 1), 1024 * MIB);
        assert_eq!(share(1024, 2), 512 * MIB);
        assert_eq!(share(1024, 0), 1024 * MIB);
        assert_eq!(share(10, 4), SMALLEST);
    }

    #[test]
    fn only_what_differs_in_the_pool_is_changed() {
        assert_eq!(disk_change(1024, &[volume(1024, None)]), None);
        assert_eq!(disk_change(2048, &[volume(1024, None)]), Some(DiskChange::Grow));
        assert_eq!(disk_change(512, &[volume(1024, None)]), Some(DiskChange::Shrink));
        let both = [volume(512, None), volume(2048, None)];
        assert_eq!(disk_change(2048, &both), Some(DiskChange::Shrink));
        let soft = Volume {
            is_pooled: false,
            ..volume(1, None)
        };
        assert_eq!(disk_change(2048, &[soft]), None);
        assert_eq!(disk_change(2048, &[]), None);
    }

    #[test]
    fn a_disk_does_not_shrink_below_what_it_holds() {
        assert_eq!(check_shrink(512, &[volume(1024, None)]), Ok(()));
        assert_eq!(check_shrink(512, &[volume(1024, Some(512))]), Ok(()));
        let refused = check_shrink(512, &[volume(1024, Some(513))]).unwrap_err();
        assert!(
            refused.contains("holds 513 MiB") && refused.contains("512 MiB"),
            "{refused}"
        );
        let two = [volume(1024, Some(1)), volume(1024, Some(300))];
        assert!(
            check_shrink(512, &two)
                .unwrap_err()
                .contains("One of its 2 volumes holds 300 MiB")
        );
        // One that grows is never refused, however full it is.
        assert_eq!(check_shrink(2048, &[volume(1024, Some(1024))]), Ok(()));
    }
}
