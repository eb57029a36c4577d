//! The templates that this panel offers, read once at its start.

use std::collections::BTreeMap;
use std::path::Path;

use super::builds::Builds;
use super::load::{CatalogueError, Folder, load_all};

/// All templates by name, and the builds of their images that are under way.
#[derive(Debug, Default)]
pub struct Catalogue {
    folders: BTreeMap<String, Folder>,
    pub(super) builds: Builds,
}

impl Catalogue {
    /// Reads the folder. One that does not exist is a catalogue without templates, so that commands which need none work
    /// from anywhere; one that is not sound is an error.
    pub fn load(dir: &Path) -> Result<Self, CatalogueError> {
        if !dir.exists() {
            tracing::warn!(folder = %dir.display(), "there is no catalogue: no server can be created");
            return Ok(Self::default());
        }
        Ok(Self::of(load_all(dir)?))
    }

    /// A catalogue of these templates.
    pub fn of(folders: Vec<Folder>) -> Self {
        let named = |folder: Folder| (folder.template.name.clone(), folder);
        Self {
            folders: folders.into_iter().map(named).collect(),
            builds: Builds::default(),
        }
    }

    /// The template with this name.
    pub fn get(&self, name: &str) -> Option<&Folder> {
        self.folders.get(name)
    }

    /// All templates, by shelf and title.
    pub fn all(&self) -> Vec<&Folder> {
        let mut all: Vec<_> = self.folders.values().collect();
        all.sort_by(|a, b| {
            (a.template.category, &a.template.title).cmp(&(b.template.category, &b.template.title))
        });
        all
    }
}
