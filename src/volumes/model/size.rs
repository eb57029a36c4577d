//! How large a volume may be, and whether it may become smaller. Pure.

use crate::drivers::pool::show_size;

const MIB: i64 = 1 << 20;
/// Smaller ones leave no room for the file system's own.
const SMALLEST_MIB: i64 = 16;
/// 64 TiB: no pool is larger, and sums of sizes stay far from what a number holds.
const LARGEST_MIB: i64 = 64 << 20;

/// A size in MiB, or why it can't be one.
pub fn check(mib: i64) -> Result<i64, String> {
    if (SMALLEST_MIB..=LARGEST_MIB).contains(&mib) {
        Ok(mib)
    } else {
        Err(format!(
            "Use {SMALLEST_MIB} to {LARGEST_MIB} MiB; 1024 MiB are 1 GiB."
        ))
    }
}

/// Refuses a size below what an enforced volume was seen to hold.
pub fn check_shrink(mib: i64, used: Option<i64>, is_enforced: bool) -> Result<(), String> {
    match used.filter(|_| is_enforced) {
        Some(used) if used > mib.saturating_mul(MIB) => {
            let shown = |bytes: i64| show_size(u64::try_from(bytes).unwrap_or_default());
            Err(format!(
                "It holds {}, more than {}. Delete files in it first, or choose a larger size.",
                shown(used),
                shown(mib.saturating_mul(MIB))
            ))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_within_bounds() {
        for good in [16, 1024, LARGEST_MIB] {
            assert_eq!(check(good), Ok(good));
        }
        for wrong in [i64::MIN, -1, 0, 15, LARGEST_MIB + 1, i64::MAX] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_volume_does_not_shrink_below_what_it_holds() {
        assert_eq!(check_shrink(32, None, true), Ok(()));
        assert_eq!(check_shrink(32, Some(32 * MIB), true), Ok(()));
        let refused = check_shrink(32, Some(40 * MIB), true).unwrap_err();
        assert!(
            refused.contains("holds 40 MiB") && refused.contains("32 MiB"),
            "{refused}"
        );
        // Where nothing is refused, a limit is only a number.
        assert_eq!(check_shrink(32, Some(40 * MIB), false), Ok(()));
    }
}
