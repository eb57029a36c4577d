//! The kinds of things that hold data.

use serde::{Deserialize, Serialize};

/// What kind of thing holds the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StorageKind)]
pub enum Kind {
    /// A server's own volumes.
    Server,
    /// A volume that servers are attached to.
    Volume,
    /// A snapshot.
    Snapshot,
    /// Backups. They lie elsewhere, so they are counted and do not fill the plan's disk.
    Backup,
    /// A mailbox.
    Mail,
}

impl Kind {
    /// All, in the order of pages.
    pub const ALL: [Self; 5] = [
        Self::Server,
        Self::Volume,
        Self::Snapshot,
        Self::Backup,
        Self::Mail,
    ];

    /// Its word in the database and in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Volume => "volume",
            Self::Snapshot => "snapshot",
            Self::Backup => "backup",
            Self::Mail => "mail",
        }
    }

    /// Its name on pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Server => "Servers",
            Self::Volume => "Volumes",
            Self::Snapshot => "Snapshots",
            Self::Backup => "Backups",
            Self::Mail => "Mail",
        }
    }

    /// The kind of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == word)
    }

    /// Whether it fills the plan's disk.
    pub fn counts(self) -> bool {
        self != Self::Backup
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn every_word_is_its_kinds() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.name()), Some(kind));
        }
        assert_eq!(Kind::parse("all"), None);
    }
}
