//! The list of what is in an archive, as `sha256sum` writes and checks it. It is put into the archive in parts while that is
//! made, so that no number of files needs more memory than a part.

use crate::platform::hex::hex;

/// A part that has so much is put into the archive.
const FULL: usize = 1 << 20;

/// Lines that are not in the archive yet.
#[derive(Debug, Default)]
pub struct Sums {
    lines: Vec<u8>,
    parts: u32,
}

impl Sums {
    /// Notes a file. What would break a line is written as `sha256sum` does.
    pub fn add(&mut self, name: &[u8], hash: &[u8]) {
        if name.iter().any(|byte| matches!(byte, b'\\' | b'\n' | b'\r')) {
            self.lines.push(b'\\');
        }
        self.lines.extend_from_slice(hex(hash).as_bytes());
        self.lines.extend_from_slice(b"  ");
        for byte in name {
            match byte {
                b'\\' => self.lines.extend_from_slice(b"\\\\"),
                b'\n' => self.lines.extend_from_slice(b"\\n"),
                b'\r' => self.lines.extend_from_slice(b"\\r"),
                byte => self.lines.push(*byte),
            }
        }
        self.lines.push(b'\n');
    }

    /// Whether it is time to put a part into the archive.
    pub fn is_full(&self) -> bool {
        self.lines.len() >= FULL
    }

    /// The next part: its name and its lines.
    pub fn take(&mut self) -> (String, Vec<u8>) {
        self.parts += 1;
        let name = format!("checksums/{:05}.sha256", self.parts);
        (name, std::mem::take(&mut self.lines))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_sha256sum() {
        let mut sums = Sums::default();
        sums.add(b"a b", &[0xab; 2]);
        sums.add(b"odd\nname\\", &[1]);
        let (name, lines) = sums.take();
        assert_eq!(name, "checksums/00001.sha256");
        assert_eq!(lines, b"abab  a b\n\\01  odd\\nname\\\\\n");
        assert_eq!(sums.take().0, "checksums/00002.sha256");
    }
}
