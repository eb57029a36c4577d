//! The nine permission bits: who may read, write and run a file.

use std::fmt;

/// Read, write and execute for the owner, the group and everybody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode(u32);

/// A text is no mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Use three digits from 0 to 7, such as 644.")]
pub struct ModeError;

impl Mode {
    /// The bits that a file has, without the special ones.
    pub fn of(bits: u32) -> Self {
        Self(bits & 0o777)
    }

    /// Reads three octal digits.
    pub fn parse(text: &str) -> Result<Self, ModeError> {
        let text = text.trim();
        let is_octal = text.len() == 3 && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
        let bits = u32::from_str_radix(text, 8).ok().filter(|_| is_octal);
        bits.map(Self).ok_or(ModeError)
    }

    /// The bits.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// `rw-r--r--`.
    pub fn letters(self) -> String {
        let letter = |at: u32| {
            if self.0 & (1 << at) == 0 {
                '-'
            } else {
                ['x', 'w', 'r'][at as usize % 3]
            }
        };
        (0..9).rev().map(letter).collect()
    }

    /// Whether a bit is set: 8 is the owner's read, 0 everybody else's execute.
    pub fn has(self, bit: u32) -> bool {
        self.0 & (1 << bit) != 0
    }

    /// The mode with exactly these bits.
    pub fn from_bits(bits: impl IntoIterator<Item = u32>) -> Self {
        Self(
            bits.into_iter()
                .filter(|bit| *bit < 9)
                .fold(0, |mode, bit| mode | 1 << bit),
        )
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03o}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_and_written() {
        for (text, letters) in [("644", "rw-r--r--"), ("755", "rwxr-xr-x"), ("000", "---------")] {
            let mode = Mode::parse(text).unwrap();
            assert_eq!(
                (mode.to_string(), mode.letters()),
                (text.to_owned(), letters.to_owned())
            );
            assert_eq!(Mode::from_bits((0..9).filter(|bit| mode.has(*bit))), mode);
        }
        for bad in ["", "64", "0644", "648", "4755", "+44", "rwx"] {
            assert_eq!(Mode::parse(bad), Err(ModeError), "{bad}");
        }
        assert_eq!(Mode::of(0o4755).to_string(), "755");
    }
}
