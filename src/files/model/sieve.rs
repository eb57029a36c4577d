//! Leaves entries out of a tar while it is sent. It reads the format of GNU, which the files helper writes: a block of 512
//! bytes a header, a name that is too long for it in an entry of its own before, the content in whole blocks after.

/// A block of a tar.
const BLOCK: usize = 512;
/// No name is longer; what says it is, is no tar of ours.
const MAX_LONG: u64 = 64 * 1024;

/// What comes is no tar that can be understood, so that nothing of it may be passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the archive is not in the format that was expected")]
pub struct Strange;

/// What the next bytes are.
#[derive(Debug, Clone, Copy)]
enum Next {
    Header,
    /// So much of a long name or target, padding included; whether it is the name, and how long that is.
    Long(u64, bool, u64),
    /// So much content, padding included, and whether it is kept.
    Body(u64, bool),
}

/// Takes a tar in pieces and gives back what may be seen of it.
#[derive(Debug)]
pub struct Sieve<F> {
    is_kept: F,
    next: Next,
    /// What is not a whole block yet.
    rest: Vec<u8>,
    /// Headers that belong to the entry that is about to come.
    held: Vec<u8>,
    long_name: Option<Vec<u8>>,
}

impl<F: Fn(&[u8]) -> bool> Sieve<F> {
    /// `is_kept` is asked with each entry's name as the tar has it, without a slash at its end.
    pub fn new(is_kept: F) -> Self {
        Self {
            is_kept,
            next: Next::Header,
            rest: Vec::new(),
            held: Vec::new(),
            long_name: None,
        }
    }

    /// Takes a piece; what of it is kept.
    pub fn push(&mut self, mut piece: &[u8]) -> Result<Vec<u8>, Strange> {
        let mut kept = Vec::with_capacity(piece.len());
        while !piece.is_empty() {
            if let Next::Body(left, is_kept) = self.next {
                let taken = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                if is_kept {
                    kept.extend_from_slice(&piece[..taken]);
                }
                piece = &piece[taken..];
                let left = left - taken as u64;
                self.next = if left == 0 {
                    Next::Header
                } else {
                    Next::Body(left, is_kept)
                };
                continue;
            }
            let wanted = match self.next {
                Next::Long(length, ..) => usize::try_from(length).map_err(|_| Strange)?,
                Next::Header | Next::Body(..) => BLOCK,
            };
            let taken = piece.len().min(wanted - self.rest.len());
            self.rest.extend_from_slice(&piece[..taken]);
            piece = &piece[taken..];
            if self.rest.len() == wanted {
                let block = std::mem::take(&mut self.rest);
                self.whole(&block, &mut kept)?;
            }
        }
        Ok(kept)
    }

    fn whole(&mut self, block: &[u8], kept: &mut Vec<u8>) -> Result<(), Strange> {
        if let Next::Long(_, is_name, length) = self.next {
            if is_name {
                let length = usize::try_from(length).map_err(|_| Strange)?;
                self.long_name = Some(until_nul(&block[..length]).to_vec());
            }
            self.held.extend_from_slice(block);
            self.next = Next::Header;
            return Ok(());
        }
        if block.iter().all(|byte| *byte == 0) {
            kept.extend_from_slice(block);
            return Ok(());
        }
        let size = size(&block[124..136]).ok_or(Strange)?;
        let padded = size.checked_next_multiple_of(BLOCK as u64).ok_or(Strange)?;
        let kind = block[156];
        if matches!(kind, b'L' | b'K') {
            if size == 0 || size > MAX_LONG {
                return Err(Strange);
            }
            self.held.extend_from_slice(block);
            self.next = Next::Long(padded, kind == b'L', size);
            return Ok(());
        }
        let short = || until_nul(&block[..100]).to_vec();
        let name = self.long_name.take().unwrap_or_else(short);
        let is_kept = (self.is_kept)(name.strip_suffix(b"/").unwrap_or(&name));
        let held = std::mem::take(&mut self.held);
        if is_kept {
            kept.extend_from_slice(&held);
            kept.extend_from_slice(block);
        }
        self.next = match padded {
            0 => Next::Header,
            padded => Next::Body(padded, is_kept),
        };
        Ok(())
    }
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| *byte == 0);
    &bytes[..end.unwrap_or(bytes.len())]
}

/// Octal digits, or a number whose first bit is set.
fn size(field: &[u8]) -> Option<u64> {
    if field[0] == 0x80 {
        return Some(u64::from_be_bytes(field[4..12].try_into().ok()?));
    }
    let text = std::str::from_utf8(until_nul(field)).ok()?.trim();
    u64::from_str_radix(text, 8).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use proptest::prelude::*;

    use super::*;

    fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o644);
            header.set_size(content.len() as u64);
            tar.append_data(&mut header, name, *content).unwrap();
        }
        tar.into_inner().unwrap()
    }

    fn read(tar: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut archive = tar::Archive::new(tar);
        let entries = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let name = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (name, content)
        });
        entries.collect()
    }

    fn sift(tar: &[u8], piece: usize, is_kept: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let mut sieve = Sieve::new(is_kept);
        let pieces = tar.chunks(piece).map(|piece| sieve.push(piece).unwrap());
        pieces.collect::<Vec<_>>().concat()
    }

    #[test]
    fn entries_are_left_out_with_their_content_and_long_names() {
        let long = format!("top/{}/secret", "x".repeat(150));
        let also = format!("top/{}/fine", "x".repeat(150));
        let whole = tar(&[
            ("top/a", b"first"),
            ("top/secret", &[7; 1500]),
            (&long, b"hidden"),
            (&also, b"seen"),
            ("top/z", b""),
        ]);
        for piece in [1, 7, 512, 700, 100_000] {
            let left = sift(&whole, piece, |name| !name.ends_with(b"secret"));
            let names: Vec<_> = read(&left).into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, ["top/a", &also, "top/z"], "in pieces of {piece}");
            assert!(!left.windows(6).any(|six| six == b"hidden" || six == b"secret"));
        }
    }

    #[test]
    fn what_is_no_tar_is_not_passed_on() {
        let mut odd = vec![b'x'; 512];
        assert_eq!(Sieve::new(|_: &[u8]| true).push(&odd), Err(Strange));
        odd[124..136].copy_from_slice(b"77777777777\0");
        odd[156] = b'L';
        assert_eq!(Sieve::new(|_: &[u8]| true).push(&odd), Err(Strange));
    }

    proptest! {
        #[test]
        fn what_keeps_all_changes_nothing(sizes in proptest::collection::vec(0usize..1200, 0..6), piece in 1usize..900) {
            let names: Vec<_> = (0..sizes.len()).map(|at| format!("top/{at}")).collect();
            let contents: Vec<_> = sizes.iter().map(|size| vec![b'c'; *size]).collect();
            let entries: Vec<_> = names.iter().map(String::as_str).zip(contents.iter().map(Vec::as_slice)).collect();
            let whole = tar(&entries);
            prop_assert_eq!(sift(&whole, piece, |_| true), whole);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
            let _ = Sieve::new(|_: &[u8]| true).push(&bytes);
        }
    }
}
