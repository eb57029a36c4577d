//! What a backup says of itself, as its first file: enough to refuse it before anything is changed.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::platform::db;

/// Counts changes of the archive's form that older programs can't read.
const FORMAT: u32 = 1;
/// The manifest's own name.
pub(super) const NAME: &str = "manifest.json";
/// The keys of secrets at rest.
pub(super) const KEY: &str = "berth.key";
/// The settings, as lines for an environment file.
pub(super) const SETTINGS: &str = "settings.env";
/// The database, as `pg_dump --format=custom` writes it.
pub(super) const DATABASE: &str = "database.dump";
/// The folder with the catalogue's templates.
pub(super) const CATALOGUE: &str = "catalogue";

/// The manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: u32,
    /// The version that made it.
    pub(super) berth: String,
    /// The newest migration of its database.
    pub(super) schema: i64,
    pub(super) installation: String,
    /// Its `BERTH_INSTANCE`, without which the engine's objects are not found again.
    pub(super) instance: String,
    pub(super) made_at: DateTime<Utc>,
    /// Every other file, by its name in the archive.
    pub(super) files: BTreeMap<String, Entry>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Bytes.
    pub(super) size: u64,
    /// SHA-256, in hexadecimal.
    pub(super) sha256: String,
}

/// Why a backup can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error("this is no backup of Berth's: it does not begin with {NAME}")]
    Foreign,
    #[error("its form is {0}, and this Berth knows {FORMAT} at most: use a newer one")]
    Format(u32),
    #[error("Berth {0} made it, whose database is newer than this Berth's: use that version or a newer one")]
    Newer(String),
    #[error("{0:?} is no name of a file of a backup")]
    Name(String),
    #[error("{0} is missing in it")]
    Missing(&'static str),
    #[error("{0} is not what was put into it: the backup is damaged")]
    Damaged(String),
}

impl Manifest {
    /// A new one, of this program.
    pub(super) fn new(
        contents: (i64, String),
        instance: &str,
        made_at: DateTime<Utc>,
        files: BTreeMap<String, Entry>,
    ) -> Self {
        let (schema, installation) = contents;
        Self {
            format: FORMAT,
            berth: env!("CARGO_PKG_VERSION").to_owned(),
            schema,
            installation,
            instance: instance.to_owned(),
            made_at,
            files,
        }
    }

    /// Reads one, and says whether this program can use what follows.
    pub(super) fn read(text: &[u8]) -> Result<Self, Unusable> {
        let form: Form = serde_json::from_slice(text).map_err(|_| Unusable::Foreign)?;
        if form.format > FORMAT {
            return Err(Unusable::Format(form.format));
        }
        let manifest: Self = serde_json::from_slice(text).map_err(|_| Unusable::Foreign)?;
        if manifest.schema > db::newest_migration() {
            return Err(Unusable::Newer(manifest.berth));
        }
        if let Some(name) = manifest.files.keys().find(|name| !is_safe(name)) {
            return Err(Unusable::Name(name.clone()));
        }
        match [KEY, DATABASE, SETTINGS]
            .into_iter()
            .find(|name| !manifest.files.contains_key(*name))
        {
            Some(name) => Err(Unusable::Missing(name)),
            None => Ok(manifest),
        }
    }
}

/// What every form has.
#[derive(Deserialize)]
struct Form {
    format: u32,
}

/// Whether a file of this name stays below the folder that it is put into.
fn is_safe(name: &str) -> bool {
    !name.is_empty()
        && Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let entry = || Entry {
            size: 1,
            sha256: "00".to_owned(),
        };
        let names = [KEY, DATABASE, SETTINGS, "catalogue/tiny/template.toml"];
        let files = names.map(|name| (name.to_owned(), entry()));
        let contents = (db::newest_migration(), "ins_1".to_owned());
        Manifest::new(contents, "berth", DateTime::UNIX_EPOCH, files.into())
    }

    fn read(manifest: &Manifest) -> Result<Manifest, Unusable> {
        Manifest::read(&serde_json::to_vec(manifest).unwrap())
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(read(&manifest()), Ok(manifest()));
    }

    #[test]
    fn what_this_program_can_not_use_is_refused_with_its_reason() {
        let changed = |change: fn(&mut Manifest)| {
            let mut manifest = manifest();
            change(&mut manifest);
            read(&manifest).unwrap_err()
        };
        assert_eq!(changed(|it| it.format = 2), Unusable::Format(2));
        assert_eq!(
            changed(|it| it.schema += 1),
            Unusable::Newer(env!("CARGO_PKG_VERSION").to_owned())
        );
        assert_eq!(changed(|it| drop(it.files.remove(KEY))), Unusable::Missing(KEY));
        assert_eq!(Manifest::read(b"PK"), Err(Unusable::Foreign));
        assert_eq!(Manifest::read(b"{\"format\":1}"), Err(Unusable::Foreign));
        assert_eq!(Manifest::read(b"{\"format\":9}"), Err(Unusable::Format(9)));
        for name in ["../berth.key", "/etc/passwd", "", "catalogue/../../x"] {
            let mut manifest = manifest();
            let entry = manifest.files[KEY].clone();
            manifest.files.insert(name.to_owned(), entry);
            assert_eq!(read(&manifest), Err(Unusable::Name(name.to_owned())));
        }
    }
}
