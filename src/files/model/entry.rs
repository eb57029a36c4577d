//! Places and what is there.

use crate::drivers::engine::{FileEntry, FileKind, PathError, VolumePath};

/// Where somebody looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// All volumes that there are.
    Top,
    /// In one of them.
    In(VolumePath),
}

impl Place {
    /// Reads the text form of a path; nothing, or `/`, is the top.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        match text {
            "" | "/" => Ok(Self::Top),
            path => VolumePath::parse(path).map(Self::In),
        }
    }

    /// The path, of what is in a volume.
    pub fn path(self) -> Option<VolumePath> {
        match self {
            Self::Top => None,
            Self::In(path) => Some(path),
        }
    }
}

/// A volume, as paths name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// The first part of its files' paths.
    pub name: String,
    /// Where the server has it; nothing of one that belongs to no server.
    pub mounted_at: Option<String>,
    /// What it is for.
    pub purpose: String,
}

/// An entry and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Where it is.
    pub path: VolumePath,
    /// What it is.
    pub entry: FileEntry,
    /// Whether people may neither read nor change it.
    pub is_locked: bool,
}

impl Item {
    /// The name as people see it: as it is, if that can be seen.
    pub fn name(&self) -> String {
        name_of(&self.path)
    }

    /// Where a link leads, as it says itself.
    pub fn target(&self) -> Option<String> {
        self.entry
            .target
            .as_ref()
            .map(|target| String::from_utf8_lossy(target).into_owned())
    }

    /// Where a link leads, if that is in the volume.
    pub fn leads_to(&self) -> Option<VolumePath> {
        self.path.follow(self.entry.target.as_ref()?)
    }

    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.entry.kind == FileKind::Folder
    }

    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.entry.kind == FileKind::File
    }
}

/// What a place is called: as it is, if that can be seen.
pub fn name_of(path: &VolumePath) -> String {
    let Some(name) = path.name() else {
        return path.volume().to_owned();
    };
    let text = path.to_string();
    match std::str::from_utf8(name) {
        // Of what can be seen only a percent sign is written otherwise in a path.
        Ok(plain) if text.ends_with(&format!("/{}", plain.replace('%', "%25"))) => plain.to_owned(),
        _ => text.rsplit('/').next().unwrap_or_default().to_owned(),
    }
}

/// An amount of bytes for people: `0 bytes`, `1.4 KiB`, `12 MiB`.
pub fn amount(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes == 1 {
        return "1 byte".to_owned();
    }
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    let (mut whole, mut tenths, mut unit) = (bytes / 1024, bytes % 1024 * 10 / 1024, 0);
    while whole >= 1024 && unit + 1 < UNITS.len() {
        (tenths, whole) = (whole % 1024 * 10 / 1024, whole / 1024);
        unit += 1;
    }
    if whole < 10 && tenths > 0 {
        format!("{whole}.{tenths} {}", UNITS[unit])
    } else {
        format!("{whole} {}", UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(path: &str, target: Option<&str>) -> Item {
        let path = VolumePath::parse(path).unwrap();
        let kind = target.map_or(FileKind::File, |_| FileKind::Link);
        let entry = FileEntry {
            name: path.name().unwrap_or_default().to_vec(),
            kind,
            mode: 0o644,
            size: 0,
            modified: chrono::DateTime::default(),
            version: String::new(),
            target: target.map(|target| target.as_bytes().to_vec()),
        };
        Item {
            path,
            entry,
            is_locked: false,
        }
    }

    #[test]
    fn names_are_shown_as_they_are_if_they_can_be_seen() {
        for (path, name) in [
            ("/data", "data"),
            ("/data/a b", "a b"),
            ("/data/100%25", "100%"),
            ("/data/x%E9", "x%E9"),
            ("/data/a%0Ab", "a%0Ab"),
            ("/data/東京", "東京"),
        ] {
            assert_eq!(item(path, None).name(), name);
        }
    }

    #[test]
    fn links_say_where_they_lead() {
        assert_eq!(
            item("/data/a/l", Some("../b")).leads_to().unwrap().to_string(),
            "/data/b"
        );
        assert_eq!(item("/data/l", Some("/etc/passwd")).leads_to(), None);
        assert_eq!(
            item("/data/l", Some("/etc/passwd")).target().as_deref(),
            Some("/etc/passwd")
        );
    }

    #[test]
    fn amounts_are_short() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1023, "1023 bytes"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (10 << 20, "10 MiB"),
            (u64::MAX, "16383 PiB"),
        ] {
            assert_eq!(amount(bytes), text);
        }
    }

    #[test]
    fn the_top_has_two_names() {
        assert_eq!(Place::parse(""), Ok(Place::Top));
        assert_eq!(Place::parse("/"), Ok(Place::Top));
        assert!(Place::parse("/data/..").is_err());
    }
}
