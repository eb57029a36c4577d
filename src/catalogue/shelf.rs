//! The templates that this panel offers, read once at its start.

use std::collections::BTreeMap;
use std::path::Path;

use super::blueprint::{self, Blueprint};
use super::broken::Broken;
use super::builds::Builds;
use super::load::{CatalogueError, Folder, load_each};
use super::offer::{Imported, Offer};

/// All templates by name, and the builds of their images that are under way.
#[derive(Debug, Default)]
pub struct Catalogue {
    folders: BTreeMap<String, Folder>,
    blueprints: Vec<Blueprint>,
    broken: Vec<Broken>,
    pub(super) builds: Builds,
    imported: Imported,
}

impl Catalogue {
    /// Reads the folder. One that does not exist is a catalogue without templates, so that commands which need none work
    /// from anywhere. A template that is not sound is left out, and staff see why.
    pub fn load(dir: &Path) -> Result<Self, CatalogueError> {
        if !dir.exists() {
            tracing::warn!(folder = %dir.display(), "there is no catalogue: no server can be created");
            return Ok(Self::default());
        }
        let (folders, mut errors) = load_each(dir)?;
        let (mut blueprints, wrong) = blueprint::load_all(dir, &folders);
        errors.extend(wrong);
        // From the simplest.
        blueprints.sort_by_key(|one| (one.parts.len(), one.title.clone()));
        let broken: Vec<_> = errors.iter().map(|error| Broken::new(dir, error)).collect();
        for problem in broken.iter().flat_map(|one| &one.problems) {
            tracing::warn!(%problem, "a template is not offered");
        }
        let named = |folder: Folder| (folder.template.name.clone(), folder);
        Ok(Self {
            folders: folders.into_iter().map(named).collect(),
            blueprints,
            broken,
            builds: Builds::default(),
            imported: Imported::default(),
        })
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

    /// What a server that keeps this key is made from: a template of the folder, or a version of an imported one that
    /// was read before (`eggs::warm`).
    pub fn offer(&self, key: &str) -> Option<Offer> {
        let folder = self.get(key).map(Offer::from);
        folder.or_else(|| self.imported.get(key))
    }

    /// Keeps a version of an imported template. It never changes, so it is kept for good.
    pub fn keep(&self, offer: Offer) {
        self.imported.keep(offer);
    }

    /// What stacks can be made from, the simplest first.
    pub fn blueprints(&self) -> &[Blueprint] {
        &self.blueprints
    }

    /// The blueprint with this name.
    pub fn blueprint(&self, name: &str) -> Option<&Blueprint> {
        self.blueprints.iter().find(|blueprint| blueprint.name == name)
    }

    /// The templates that could not be loaded.
    pub fn broken(&self) -> &[Broken] {
        &self.broken
    }
}
