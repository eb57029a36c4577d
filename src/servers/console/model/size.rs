//! How large a terminal is that several people look at.

use crate::drivers::engine::TerminalSize;

/// What terminals have been since they were glass.
pub(in super::super) const DEFAULT: TerminalSize = TerminalSize {
    columns: 80,
    rows: 24,
};
/// Nothing is readable below, nothing has such screens above.
const COLUMNS: (u16, u16) = (20, 500);
const ROWS: (u16, u16) = (5, 200);

/// A size that programs can work with.
pub(in super::super) fn clamped(columns: u16, rows: u16) -> TerminalSize {
    TerminalSize {
        columns: columns.clamp(COLUMNS.0, COLUMNS.1),
        rows: rows.clamp(ROWS.0, ROWS.1),
    }
}

/// What all who type can see whole; nothing if nobody types.
pub(in super::super) fn shared(sizes: impl Iterator<Item = TerminalSize>) -> Option<TerminalSize> {
    sizes.reduce(|one, other| TerminalSize {
        columns: one.columns.min(other.columns),
        rows: one.rows.min(other.rows),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_screen_decides_each_way() {
        let sizes = [clamped(100, 20), clamped(60, 50)];
        assert_eq!(shared(sizes.into_iter()), Some(clamped(60, 20)));
        assert_eq!(shared(std::iter::empty()), None);
    }

    #[test]
    fn absurd_sizes_become_usable() {
        assert_eq!(clamped(0, 0), clamped(20, 5));
        assert_eq!(clamped(u16::MAX, u16::MAX), clamped(500, 200));
    }
}
