//! Paths in volumes: any bytes that the kernel takes as names, and nothing that leads up or out.
//!
//! As text a path is `/volume/folder/name`, in which `%`, characters that can't be seen and bytes that are not UTF-8 are
//! written as `%` and two hexadecimal digits. So every name, in whatever script, has a text that can be shown, stored, sent
//! and typed, and most look like themselves.

use std::fmt;

/// The kernel's limit for one name, in bytes.
const MAX_NAME: usize = 255;
/// The kernel's limit for a path, in bytes, less its end.
const MAX_PATH: usize = 4095;

/// Why a text is no path, as whoever wrote it needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// No `/` at its beginning, or nothing after it.
    #[error("Begin with / and the volume's name, such as /data/notes.txt.")]
    NotAbsolute,
    /// A name is empty, `.` or `..`, or holds `/` or NUL.
    #[error("A name is needed: not empty, not . or .., and without /.")]
    BadName,
    /// A name or the whole is too long.
    #[error("Use at most 255 bytes for a name and 4095 for a path.")]
    TooLong,
    /// A `%` without two digits.
    #[error("Write a percent sign as %25.")]
    BadEscape,
}

/// A place in a volume.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VolumePath {
    volume: String,
    parts: Vec<Vec<u8>>,
}

impl VolumePath {
    /// The volume itself.
    pub fn of_volume(volume: &str) -> Result<Self, PathError> {
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if volume.is_empty() || !volume.bytes().all(allowed) || volume.starts_with(['-', '_']) {
            return Err(PathError::NotAbsolute);
        }
        Ok(Self {
            volume: volume.to_owned(),
            parts: Vec::new(),
        })
    }

    /// Reads the text form.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let rest = text.strip_prefix('/').ok_or(PathError::NotAbsolute)?;
        let (volume, inner) = rest.split_once('/').unwrap_or((rest, ""));
        let mut path = Self::of_volume(volume)?;
        let names = inner.trim_end_matches('/');
        if !names.is_empty() {
            for name in names.split('/') {
                path = path.join(&unescape(name)?)?;
            }
        }
        Ok(path)
    }

    /// The place of a name in this folder.
    pub fn join(&self, name: &[u8]) -> Result<Self, PathError> {
        if name.is_empty()
            || name == b"."
            || name == b".."
            || name.iter().any(|byte| matches!(byte, b'/' | 0))
        {
            return Err(PathError::BadName);
        }
        let mut parts = self.parts.clone();
        parts.push(name.to_vec());
        let length: usize = parts.iter().map(|part| part.len() + 1).sum();
        if name.len() > MAX_NAME || length > MAX_PATH {
            return Err(PathError::TooLong);
        }
        Ok(Self {
            volume: self.volume.clone(),
            parts,
        })
    }

    /// The place of a name in text form, as somebody typed it.
    pub fn join_text(&self, name: &str) -> Result<Self, PathError> {
        self.join(&unescape(name)?)
    }

    /// The volume's name.
    pub fn volume(&self) -> &str {
        &self.volume
    }

    /// The names below the volume.
    pub fn parts(&self) -> &[Vec<u8>] {
        &self.parts
    }

    /// The last name; none of the volume itself.
    pub fn name(&self) -> Option<&[u8]> {
        self.parts.last().map(Vec::as_slice)
    }

    /// The folder that it is in; none of the volume itself.
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.parts.split_last()?;
        Some(Self {
            volume: self.volume.clone(),
            parts: above.to_vec(),
        })
    }

    /// The volume and everything down to this place, itself the last.
    pub fn ancestry(&self) -> impl Iterator<Item = Self> {
        (0..=self.parts.len()).map(|depth| Self {
            volume: self.volume.clone(),
            parts: self.parts[..depth].to_vec(),
        })
    }

    /// Where a link at this place leads, if that can be said without leaving the volume: by names alone, as nothing is asked.
    pub fn follow(&self, target: &[u8]) -> Option<Self> {
        let mut at = self.parent()?;
        if target.starts_with(b"/") {
            return None;
        }
        for part in target.split(|byte| *byte == b'/') {
            at = match part {
                b"" | b"." => at,
                b".." => at.parent()?,
                name => at.join(name).ok()?,
            };
        }
        Some(at)
    }

    /// Whether `other` is this place or below it.
    pub fn holds(&self, other: &Self) -> bool {
        self.volume == other.volume && other.parts.starts_with(&self.parts)
    }

    /// The path below the volume with every byte that is not plain percent-encoded, for the helper.
    pub(super) fn wire(&self) -> String {
        let parts: Vec<String> = self.parts.iter().map(|part| encoded(part)).collect();
        parts.join("/")
    }
}

impl fmt::Display for VolumePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.volume)?;
        self.parts
            .iter()
            .try_for_each(|part| write!(f, "/{}", escape(part)))
    }
}

/// The text form of a name.
pub(super) fn escape(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '%' || is_hidden(c) {
                let mut buffer = [0; 4];
                push_bytes(&mut text, c.encode_utf8(&mut buffer).as_bytes());
            } else {
                text.push(c);
            }
        }
        push_bytes(&mut text, chunk.invalid());
    }
    text
}

/// Characters that can't be seen, or that let a name look like another: controls, and those that turn the direction round
/// or have no width.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

fn push_bytes(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.push('%');
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
}

fn digit(value: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(value & 15)])
}

/// Every byte that is not plain as `%` and digits.
pub(super) fn encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' => text.push(char::from(*byte)),
            other => push_bytes(&mut text, &[*other]),
        }
    }
    text
}

/// The bytes of a text form.
pub(super) fn unescape(text: &str) -> Result<Vec<u8>, PathError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let mut nibble = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
            let (high, low) = (nibble(), nibble());
            let value = high.zip(low).map(|(high, low)| high * 16 + low);
            value
                .and_then(|value| u8::try_from(value).ok())
                .ok_or(PathError::BadEscape)?
        } else {
            byte
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(text: &str) -> VolumePath {
        VolumePath::parse(text).unwrap()
    }

    #[test]
    fn nothing_leads_up_or_out() {
        for (text, error) in [
            ("", PathError::NotAbsolute),
            ("/", PathError::NotAbsolute),
            ("data/a", PathError::NotAbsolute),
            ("/../etc", PathError::NotAbsolute),
            ("/Data/a", PathError::NotAbsolute),
            ("//a", PathError::NotAbsolute),
            ("/data/../a", PathError::BadName),
            ("/data/a/..", PathError::BadName),
            ("/data/./a", PathError::BadName),
            ("/data//a", PathError::BadName),
            ("/data/%2E%2E/a", PathError::BadName),
            ("/data/a%2F..%2Fb", PathError::BadName),
            ("/data/a%00", PathError::BadName),
            ("/data/100%", PathError::BadEscape),
            ("/data/%+1", PathError::BadEscape),
            ("/data/%é", PathError::BadEscape),
        ] {
            assert_eq!(VolumePath::parse(text), Err(error), "{text}");
        }
        let long = "x".repeat(256);
        assert_eq!(
            VolumePath::parse(&format!("/data/{long}")),
            Err(PathError::TooLong)
        );
        let deep = "/x".repeat(2048);
        assert_eq!(
            VolumePath::parse(&format!("/data{deep}")),
            Err(PathError::TooLong)
        );
    }

    #[test]
    fn names_of_any_script_look_like_themselves() {
        for text in [
            "/data",
            "/data/Straße/東京 🗼.txt",
            "/data/x%E9",
            "/data/100%25/a%0Ab",
            "/data/%E2%80%AEevil",
        ] {
            assert_eq!(path(text).to_string(), text);
        }
        assert_eq!(path("/data/x%e9/").parts()[0], b"x\xE9");
    }

    #[test]
    fn links_are_followed_by_name_and_inside_only() {
        let link = path("/data/a/link");
        let to = |target: &str| link.follow(target.as_bytes()).map(|path| path.to_string());
        assert_eq!(to("b/./c").as_deref(), Some("/data/a/b/c"));
        assert_eq!(to("../b").as_deref(), Some("/data/b"));
        assert_eq!(to("..").as_deref(), Some("/data"));
        assert_eq!(to("../.."), None);
        assert_eq!(to("/etc/passwd"), None);
    }

    proptest! {
        #[test]
        fn every_name_survives_its_text(name in proptest::collection::vec(1u8..=255, 1..60)) {
            let root = VolumePath::of_volume("data").unwrap();
            if let Ok(path) = root.join(&name) {
                prop_assert_eq!(VolumePath::parse(&path.to_string()), Ok(path.clone()));
                prop_assert_eq!(unescape(&path.wire()), Ok(name));
                prop_assert!(!path.to_string().chars().any(is_hidden));
            }
        }

        #[test]
        fn no_text_is_a_path_with_a_way_up(text in "/[a-z]{1,3}(/[./%a-z0-9]{0,6}){0,4}") {
            if let Ok(path) = VolumePath::parse(&text) {
                prop_assert!(path.parts().iter().all(|part| !part.is_empty() && part != b"." && part != b".."));
            }
        }
    }
}
