//! What people and the engine may call things in a pool, and how sizes are written.
//!
//! Names become folders, so nothing that is not in this alphabet gets past `parse`: no slash, no leading dot, no space.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{PoolError, PoolResult};

/// Longer names would not fit beside what the file system adds to them.
const MAX_NAME: usize = 200;

/// Whether the text can be a folder's name without doing harm.
fn check(kind: &str, text: &str) -> PoolResult<()> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    if first && text.len() <= MAX_NAME && text.chars().all(good) {
        return Ok(());
    }
    let shown: String = text.chars().take(40).flat_map(char::escape_default).collect();
    Err(PoolError::Invalid(format!(
        "“{shown}” can't be the name of a {kind}: use 1 to {MAX_NAME} letters, digits, dots, dashes and underscores, beginning with a letter or a digit"
    )))
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes a name that is fit to be a folder's.
            pub fn parse(text: &str) -> PoolResult<Self> {
                check($kind, text)?;
                Ok(Self(text.to_owned()))
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = PoolError;

            fn try_from(text: String) -> PoolResult<Self> {
                Self::parse(&text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// A volume's name, as the engine gives it.
    VolumeName = "volume";
    /// Whose volumes share a quota.
    TenantName = "tenant";
    /// A snapshot's name. Only its volume has to tell it from others.
    SnapshotName = "snapshot";
}

/// Binary multiples and decimal ones, as they are written.
const UNITS: [(&str, u64); 13] = [
    ("", 1),
    ("K", 1 << 10),
    ("M", 1 << 20),
    ("G", 1 << 30),
    ("T", 1 << 40),
    ("KIB", 1 << 10),
    ("MIB", 1 << 20),
    ("GIB", 1 << 30),
    ("TIB", 1 << 40),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
];

/// Reads a number of bytes such as `10GiB`, `10G` (the same), `10GB` or `10737418240`.
pub fn parse_size(text: &str) -> PoolResult<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().to_ascii_uppercase();
    let factor = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|(_, factor)| *factor);
    let bytes = number
        .parse::<u64>()
        .ok()
        .zip(factor)
        .and_then(|(number, factor)| number.checked_mul(factor))
        .filter(|bytes| i64::try_from(*bytes).is_ok());
    let shown: String = text.chars().take(40).flat_map(char::escape_default).collect();
    bytes.ok_or_else(|| {
        PoolError::Invalid(format!(
            "“{shown}” is no size: use a whole number with a unit, such as 500MiB or 10GiB"
        ))
    })
}

/// A number of bytes for a reader.
pub fn show_size(bytes: u64) -> String {
    let (unit, factor) = match bytes {
        0..0x40_0000 => ("KiB", 1_u64 << 10),
        0x40_0000..0x1_0000_0000 => ("MiB", 1 << 20),
        0x1_0000_0000..0x400_0000_0000 => ("GiB", 1 << 30),
        _ => ("TiB", 1 << 40),
    };
    let (whole, tenth) = (bytes / factor, bytes % factor * 10 / factor);
    if tenth == 0 {
        format!("{whole} {unit}")
    } else {
        format!("{whole}.{tenth} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_from_hell_are_refused() {
        for name in [
            "", ".", "..", "../x", "a/b", "/a", "a b", "a\nb", "-a", "_a", "a\0b", "é", "a%2fb", "~", "$(x)",
        ] {
            assert!(VolumeName::parse(name).is_err(), "{name:?}");
        }
        assert!(VolumeName::parse(&"a".repeat(MAX_NAME + 1)).is_err());
        for name in ["a", "berth-vol_01h.x", "A..b", "0"] {
            assert_eq!(VolumeName::parse(name).unwrap().as_str(), name);
        }
        assert!(serde_json::from_str::<VolumeName>("\"../x\"").is_err());
    }

    #[test]
    fn sizes_are_read_as_they_are_written() {
        let size = |text: &str| parse_size(text).ok();
        assert_eq!(size("10GiB"), Some(10 << 30));
        assert_eq!(size("10g"), Some(10 << 30));
        assert_eq!(size("10 GB"), Some(10_000_000_000));
        assert_eq!(size("1073741824"), Some(1 << 30));
        for text in [
            "",
            "G",
            "-1",
            "1.5G",
            "10X",
            "99999999999T",
            "1e9",
            "0x10",
            "9223372036854775808",
        ] {
            assert_eq!(size(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_are_told_briefly() {
        let told = [0, 16 << 10, 5 << 20, 1536 << 20, 10 << 30, (1 << 42) + (1 << 41)].map(show_size);
        assert_eq!(told, ["0 KiB", "16 KiB", "5 MiB", "1536 MiB", "10 GiB", "6 TiB"]);
        assert_eq!(show_size((5 << 30) + (1 << 29)), "5.5 GiB");
    }

    proptest! {
        #[test]
        fn what_passes_is_one_plain_component(text in ".*") {
            if let Ok(name) = VolumeName::parse(&text) {
                let path = std::path::Path::new(name.as_str());
                prop_assert_eq!(path.components().count(), 1);
                prop_assert!(matches!(path.components().next(), Some(std::path::Component::Normal(_))));
            }
        }

        #[test]
        fn no_text_breaks_the_reader_of_sizes(text in ".*") {
            let _ = parse_size(&text);
        }
    }
}
