//! The tar that an archive is: files that Berth writes, and whole tars of volumes that are passed on under another name. The
//! format is GNU's, as the files helper writes it: any name, of any length.

use sha2::{Digest as _, Sha256};

use super::sums::Sums;

const BLOCK: usize = 512;
/// No name is longer; what says it is, is no tar of ours.
const MAX_LONG: u64 = 64 * 1024;
/// A header has room for so much of a name or a link's target.
const SHORT: usize = 100;

/// What comes is no tar that can be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a volume did not come in the format that was expected")]
pub struct Strange;

/// How much is in an archive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Regular files.
    pub files: u64,
    /// What is in them.
    pub bytes: u64,
}

/// A file as a tar has it: its header, what is in it, and what fills its last block.
pub fn entry(name: &str, content: &[u8], seconds: u64) -> Vec<u8> {
    let mut block = [0; BLOCK];
    field(&mut block[100..108], b"0000600\0");
    field(&mut block[108..116], b"0000000\0");
    field(&mut block[116..124], b"0000000\0");
    number(&mut block[124..136], content.len() as u64);
    number(&mut block[136..148], seconds);
    block[156] = b'0';
    field(&mut block[257..265], b"ustar  \0");
    let mut out = named(block, name.as_bytes(), None);
    out.extend_from_slice(content);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
    out
}

/// What a tar ends with.
pub fn end() -> Vec<u8> {
    vec![0; 2 * BLOCK]
}

fn field(place: &mut [u8], text: &[u8]) {
    place[..text.len()].copy_from_slice(text);
}

/// Octal digits, or a number whose first bit is set.
fn number(place: &mut [u8], value: u64) {
    if value < 1 << 33 {
        field(place, format!("{value:011o}\0").as_bytes());
    } else {
        place[0] = 0x80;
        place[4..12].copy_from_slice(&value.to_be_bytes());
    }
}

/// A header under this name, and with this target if it is a link, which may both need entries of their own before it.
fn named(mut block: [u8; BLOCK], name: &[u8], link: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for (kind, text) in [(b'L', Some(name)), (b'K', link)] {
        if let Some(text) = text.filter(|text| text.len() > SHORT) {
            let mut long = [0; BLOCK];
            field(&mut long, b"././@LongLink");
            for place in [100..108, 108..116, 116..124] {
                field(&mut long[place], b"0000000\0");
            }
            number(&mut long[124..136], text.len() as u64 + 1);
            number(&mut long[136..148], 0);
            long[156] = kind;
            field(&mut long[257..265], b"ustar  \0");
            out.extend_from_slice(&summed(long));
            out.extend_from_slice(text);
            out.push(0);
            out.resize(out.len().next_multiple_of(BLOCK), 0);
        }
    }
    block[..SHORT].fill(0);
    field(&mut block, &name[..name.len().min(SHORT)]);
    if let Some(link) = link {
        block[157..257].fill(0);
        field(&mut block[157..257], &link[..link.len().min(SHORT)]);
    }
    out.extend_from_slice(&summed(block));
    out
}

fn summed(mut block: [u8; BLOCK]) -> [u8; BLOCK] {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    field(&mut block[148..156], format!("{sum:06o}\0 ").as_bytes());
    block
}

/// What the next bytes are.
#[derive(Debug)]
enum Next {
    Header,
    /// A long name or target of so many bytes, and whether it is the name.
    Long(u64, bool),
    /// So much of a file, and what fills its last block.
    Body(u64, u64),
    End,
}

/// Passes a tar on: every entry below a folder of the archive, its content noted.
#[derive(Debug)]
pub struct Splice {
    below: Vec<u8>,
    next: Next,
    /// What is not a whole block yet.
    rest: Vec<u8>,
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
    /// The file that is under way.
    file: Option<(Vec<u8>, Sha256)>,
}

impl Splice {
    /// Puts entries below `folder`, which ends with a slash.
    pub fn new(folder: &str) -> Self {
        Self {
            below: folder.as_bytes().to_vec(),
            next: Next::Header,
            rest: Vec::new(),
            long_name: None,
            long_link: None,
            file: None,
        }
    }

    /// Takes from a piece; what of the archive that becomes. It takes all of it, unless between two entries it is time to put
    /// the checksums into the archive.
    pub fn push(&mut self, piece: &mut &[u8], noted: &mut Noted<'_>) -> Result<Vec<u8>, Strange> {
        let mut out = Vec::with_capacity(piece.len());
        while !(piece.is_empty() || noted.sums.is_full() && self.is_between()) {
            let wanted = match self.next {
                Next::End => {
                    *piece = &[];
                    break;
                }
                Next::Body(content, fill) => {
                    let taken = self.body((content, fill), piece, noted);
                    out.extend_from_slice(&piece[..taken]);
                    *piece = &piece[taken..];
                    continue;
                }
                Next::Long(length, _) => {
                    usize::try_from(length.next_multiple_of(BLOCK as u64)).map_err(|_| Strange)?
                }
                Next::Header => BLOCK,
            };
            let taken = piece.len().min(wanted - self.rest.len());
            self.rest.extend_from_slice(&piece[..taken]);
            *piece = &piece[taken..];
            if self.rest.len() == wanted {
                let whole = std::mem::take(&mut self.rest);
                self.whole(&whole, &mut out, noted)?;
            }
        }
        Ok(out)
    }

    /// Whether another entry may be put before what comes next.
    pub fn is_between(&self) -> bool {
        let has_long = self.long_name.is_some() || self.long_link.is_some();
        matches!(self.next, Next::Header) && self.rest.is_empty() && !has_long
    }

    /// Whether all of it has come.
    pub fn is_whole(&self) -> bool {
        matches!(self.next, Next::End)
    }

    /// Some of a file, or of what fills its last block. Says how much of the piece that was.
    fn body(&mut self, (content, fill): (u64, u64), piece: &[u8], noted: &mut Noted<'_>) -> usize {
        let left = if content > 0 { content } else { fill };
        let taken = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let (content, fill) = if content > 0 {
            if let Some((_, hash)) = &mut self.file {
                hash.update(&piece[..taken]);
            }
            noted.count.bytes += taken as u64;
            (content - taken as u64, fill)
        } else {
            (content, fill - taken as u64)
        };
        self.goes_on(content, fill, noted);
        taken
    }

    fn goes_on(&mut self, content: u64, fill: u64, noted: &mut Noted<'_>) {
        if content == 0
            && let Some((name, hash)) = self.file.take()
        {
            noted.sums.add(&name, &hash.finalize());
            noted.count.files += 1;
        }
        self.next = if content == 0 && fill == 0 {
            Next::Header
        } else {
            Next::Body(content, fill)
        };
    }

    /// A whole header, name or target.
    fn whole(&mut self, whole: &[u8], out: &mut Vec<u8>, noted: &mut Noted<'_>) -> Result<(), Strange> {
        if let Next::Long(length, is_name) = self.next {
            let length = usize::try_from(length).map_err(|_| Strange)?;
            let text = until_nul(&whole[..length]).to_vec();
            let place = if is_name {
                &mut self.long_name
            } else {
                &mut self.long_link
            };
            *place = Some(text);
            self.next = Next::Header;
            return Ok(());
        }
        let block: [u8; BLOCK] = whole.try_into().map_err(|_| Strange)?;
        if block.iter().all(|byte| *byte == 0) {
            self.next = Next::End;
            return Ok(());
        }
        let size = size(&block[124..136]).ok_or(Strange)?;
        let kind = block[156];
        if matches!(kind, b'L' | b'K') {
            if size == 0 || size > MAX_LONG {
                return Err(Strange);
            }
            self.next = Next::Long(size, kind == b'L');
            return Ok(());
        }
        let short = || until_nul(&block[..SHORT]).to_vec();
        let name = [self.below.clone(), self.long_name.take().unwrap_or_else(short)].concat();
        let link = self.long_link.take();
        out.extend_from_slice(&named(block, &name, link.as_deref()));
        let is_file = matches!(kind, b'0' | 0);
        self.file = is_file.then(|| (name, Sha256::new()));
        let padded = size.checked_next_multiple_of(BLOCK as u64).ok_or(Strange)?;
        self.goes_on(size, padded - size, noted);
        Ok(())
    }
}

/// Where what is passed on is noted.
#[derive(Debug)]
pub struct Noted<'a> {
    /// Its checksums.
    pub sums: &'a mut Sums,
    /// How much it is.
    pub count: &'a mut Count,
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| *byte == 0);
    &bytes[..end.unwrap_or(bytes.len())]
}

fn size(place: &[u8]) -> Option<u64> {
    if place[0] == 0x80 {
        return Some(u64::from_be_bytes(place[4..12].try_into().ok()?));
    }
    let text = std::str::from_utf8(until_nul(place)).ok()?.trim();
    u64::from_str_radix(text, 8).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use proptest::prelude::*;

    use super::*;

    fn inner(files: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o640);
            let path = String::from_utf8(name.clone()).unwrap();
            tar.append_data(&mut header, path, content.as_slice()).unwrap();
        }
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, "data/link", "x".repeat(150))
            .unwrap();
        tar.into_inner().unwrap()
    }

    fn spliced(tar: &[u8], step: usize) -> (Vec<u8>, Sums, Count) {
        let (mut sums, mut count) = (Sums::default(), Count::default());
        let mut splice = Splice::new("servers/web/volumes/");
        let mut out = Vec::new();
        for mut piece in tar.chunks(step) {
            let mut noted = Noted {
                sums: &mut sums,
                count: &mut count,
            };
            out.extend(splice.push(&mut piece, &mut noted).unwrap());
            assert!(piece.is_empty());
        }
        assert!(splice.is_whole());
        out.extend(end());
        (out, sums, count)
    }

    proptest! {
        #[test]
        fn every_entry_comes_out_below_the_folder(
            files in proptest::collection::vec((1_usize..200, proptest::collection::vec(any::<u8>(), 0..1500)), 0..6),
            step in 1_usize..2000,
        ) {
            let files: Vec<_> = files.into_iter().enumerate().map(|(at, (length, content))| {
                (format!("data/{at}{}", "n".repeat(length)).into_bytes(), content)
            }).collect();
            let (out, mut sums, count) = spliced(&inner(&files), step);
            let mut archive = tar::Archive::new(out.as_slice());
            let mut found = Vec::new();
            for one in archive.entries().unwrap() {
                let mut one = one.unwrap();
                let name = one.path_bytes().into_owned();
                if one.header().entry_type().is_symlink() {
                    prop_assert_eq!(one.link_name_bytes().unwrap().len(), 150);
                    prop_assert_eq!(name.as_slice(), b"servers/web/volumes/data/link");
                    continue;
                }
                let mut content = Vec::new();
                one.read_to_end(&mut content).unwrap();
                found.push((name, content));
            }
            let wanted: Vec<_> = files.iter().map(|(name, content)| {
                ([b"servers/web/volumes/", name.as_slice()].concat(), content.clone())
            }).collect();
            prop_assert_eq!(&found, &wanted);
            let lines = String::from_utf8(sums.take().1).unwrap();
            for (name, content) in &wanted {
                let name = String::from_utf8(name.clone()).unwrap();
                let line = format!("{}  {name}\n", crate::platform::hex::hex(&Sha256::digest(content)));
                prop_assert!(lines.contains(&line));
            }
            let bytes: usize = wanted.iter().map(|(_, content)| content.len()).sum();
            prop_assert_eq!(count, Count { files: wanted.len() as u64, bytes: bytes as u64 });
        }
    }

    #[test]
    fn what_was_cut_off_is_not_whole() {
        let tar = inner(&[(b"data/a".to_vec(), vec![1; 700])]);
        let (mut sums, mut count) = (Sums::default(), Count::default());
        let mut splice = Splice::new("x/");
        let mut noted = Noted {
            sums: &mut sums,
            count: &mut count,
        };
        splice.push(&mut &tar[..1100], &mut noted).unwrap();
        assert!(!splice.is_whole());
    }

    #[test]
    fn own_files_are_read_by_any_tar() {
        let name = format!("{}/server.json", "s".repeat(120));
        let mut out = entry(&name, b"{}", 1_700_000_000);
        out.extend(end());
        let mut archive = tar::Archive::new(out.as_slice());
        let mut first = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(first.path_bytes().as_ref(), name.as_bytes());
        assert_eq!(first.header().mode().unwrap(), 0o600);
        let mut content = String::new();
        first.read_to_string(&mut content).unwrap();
        assert_eq!(content, "{}");
    }
}
