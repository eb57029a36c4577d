//! What a link is, where it leads, and what can be one.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::drivers::engine::{PathError, VolumePath};
use crate::platform::ids::ShareLinkId;

/// Links of one share, those that have ended among them.
pub const MAX_LINKS: i64 = 50;
/// A link is for once, and not for ever.
const MAX_AHEAD: TimeDelta = TimeDelta::days(366);
/// The template's volume, and where in it the files are.
const VOLUME: &str = "share";
const FILES: &str = "files";

/// What somebody with the link may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ShareLinkKind {
    /// Fetch one file, or a folder as a tar.
    Download,
    /// Put files into a folder, and see nothing of it.
    DropOff,
}

impl ShareLinkKind {
    /// As it is written down.
    pub fn word(self) -> &'static str {
        match self {
            Self::Download => "download",
            Self::DropOff => "drop-off",
        }
    }

    /// Reads what was written down.
    pub fn read(word: &str) -> Option<Self> {
        [Self::Download, Self::DropOff]
            .into_iter()
            .find(|known| known.word() == word)
    }
}

/// A link.
#[derive(Debug, Clone)]
pub struct Link {
    /// Its id.
    pub id: ShareLinkId,
    /// What it is for.
    pub kind: ShareLinkKind,
    /// Where it leads, below the share's folder; empty for that folder.
    pub path: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// How often something was fetched or brought by it.
    pub uses: i64,
    /// When last.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

impl Link {
    /// Whether its time is over.
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.expires_at <= now
    }
}

/// Where a path of a share lies in the server's volume. What would lead out of it is no path.
pub fn place(folder: &str, path: &str) -> Result<VolumePath, PathError> {
    let mut parts = folder
        .split('/')
        .chain(path.split('/').filter(|_| !path.is_empty()));
    let top = VolumePath::of_volume(VOLUME)?.join(FILES.as_bytes())?;
    parts.try_fold(top, |at, part| at.join(part.as_bytes()))
}

/// When a link may end.
pub fn check_end(end: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), &'static str> {
    if end <= now {
        Err("This moment has passed.")
    } else if end > now + MAX_AHEAD {
        Err("Choose a day within a year.")
    } else {
        Ok(())
    }
}

/// A file's name for the case that the name is taken: the number comes before the ending.
pub fn numbered(name: &str, number: u32) -> String {
    if number == 0 {
        return name.to_owned();
    }
    match name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) {
        Some((stem, ending)) => format!("{stem} ({number}).{ending}"),
        None => format!("{name} ({number})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_into_their_share() {
        let at = |path: &str| place("work/plans", path).map(|path| path.to_string());
        assert_eq!(at("").unwrap(), "/share/files/work/plans");
        assert_eq!(at("a/b c.pdf").unwrap(), "/share/files/work/plans/a/b c.pdf");
        for bad in ["/", "..", "a/../b", "a//b", "./a", "a/", "/etc", "a\0"] {
            assert!(at(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        let told = |name, number| numbered(name, number);
        assert_eq!(told("a.pdf", 0), "a.pdf");
        assert_eq!(told("a.pdf", 2), "a (2).pdf");
        assert_eq!(told("notes", 1), "notes (1)");
        assert_eq!(told(".profile", 1), ".profile (1)");
    }

    #[test]
    fn ends() {
        let now = DateTime::default();
        assert!(check_end(now, now).is_err());
        assert!(check_end(now + TimeDelta::days(367), now).is_err());
        assert_eq!(check_end(now + TimeDelta::days(366), now), Ok(()));
    }
}
