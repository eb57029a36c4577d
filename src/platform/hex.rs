//! Bytes as people compare them: two digits each.

use std::fmt::Write as _;

/// A checksum in lower-case hexadecimal digits, as `sha256sum` prints it.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
