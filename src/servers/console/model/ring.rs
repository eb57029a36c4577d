//! What a terminal showed last, so that whoever comes later, or comes back, sees it again.

use std::collections::VecDeque;

use bytes::Bytes;

/// The newest output, of a bounded size.
#[derive(Debug)]
pub(in super::super) struct Ring {
    limit: usize,
    bytes: VecDeque<u8>,
    /// Whether something was forgotten, so that the beginning may be the middle of something.
    cut: bool,
}

impl Ring {
    /// An empty one that keeps `limit` bytes.
    pub(in super::super) fn new(limit: usize) -> Self {
        Self {
            limit,
            bytes: VecDeque::new(),
            cut: false,
        }
    }

    /// Remembers `piece` and forgets the oldest.
    pub(in super::super) fn add(&mut self, piece: &[u8]) {
        let kept = &piece[piece.len().saturating_sub(self.limit)..];
        let over = (self.bytes.len() + kept.len()).saturating_sub(self.limit);
        self.cut |= over > 0 || kept.len() < piece.len();
        self.bytes.drain(..over);
        self.bytes.extend(kept);
    }

    /// All that is remembered. What begins in the middle begins after the first line's end, so that no half character or
    /// half sequence of control characters confuses a screen.
    pub(in super::super) fn snapshot(&self) -> Bytes {
        let (front, back) = self.bytes.as_slices();
        let all = [front, back].concat();
        let start = match all.iter().position(|byte| *byte == b'\n') {
            Some(end) if self.cut => end + 1,
            _ => 0,
        };
        Bytes::from(all).slice(start..)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_newest_is_kept_from_a_lines_beginning_on() {
        let mut ring = Ring::new(10);
        ring.add(b"one\ntwo\n");
        assert_eq!(&ring.snapshot()[..], b"one\ntwo\n");
        ring.add(b"three\n");
        assert_eq!(&ring.snapshot()[..], b"three\n");
        ring.add(b"0123456789abcdef");
        assert_eq!(&ring.snapshot()[..], b"6789abcdef");
    }

    proptest! {
        #[test]
        fn it_never_grows_and_ends_with_the_newest(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20)) {
            let (mut ring, mut all) = (Ring::new(32), Vec::new());
            for piece in &pieces {
                ring.add(piece);
                all.extend_from_slice(piece);
            }
            let snapshot = ring.snapshot();
            prop_assert!(ring.bytes.len() <= 32);
            prop_assert!(all.ends_with(&snapshot));
            prop_assert!(all.len() > 32 || snapshot.len() == all.len());
        }
    }
}
