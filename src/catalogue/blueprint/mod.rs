//! What a stack is made from: parts, each from a template, and which of their variables are filled in from other parts.
//!
//! A blueprint is a file `catalogue/blueprints/<name>.toml`. Like a [`Template`] it exists only if it is sound: its parts'
//! templates are there, what it fills in exists on both sides, and no secret can come out in the open.

mod fill;
mod parse;

use std::collections::BTreeMap;

use super::load::Folder;
use super::model::Template;

pub use fill::Filling;

/// A blueprint.
#[derive(Debug, Clone, PartialEq)]
pub struct Blueprint {
    /// Its file's name without `.toml`.
    pub name: String,
    /// What a customer reads first: "Site with database".
    pub title: String,
    /// One line below the title.
    pub summary: String,
    /// What it is, in paragraphs of plain text.
    pub description: String,
    /// The name of a lucide icon.
    pub icon: String,
    /// Its layers, from the one that the world sees inwards.
    pub parts: Vec<Part>,
}

/// A layer: one server, or several that are alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its name in addresses and inside of the stack's network: `db`.
    pub key: String,
    /// What people call it: "Database".
    pub title: String,
    /// What it is for, in words.
    pub purpose: String,
    /// The template that its servers are made from.
    pub template: String,
    /// How many servers it may be.
    pub replicas: Replicas,
    /// Whether the world reaches its ports. Those of the others are reached by the stack's own servers only.
    pub is_public: bool,
    /// What nobody is asked, by the variable's key.
    pub fill: BTreeMap<String, Vec<Piece>>,
}

/// How many servers a part may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replicas {
    /// At least.
    pub min: u32,
    /// At most.
    pub max: u32,
    /// Unless somebody says otherwise.
    pub default: u32,
}

impl Replicas {
    /// Just one.
    pub const ONE: Self = Self {
        min: 1,
        max: 1,
        default: 1,
    };

    /// Whether there may be more than one.
    pub fn is_several(self) -> bool {
        self.max > 1
    }
}

/// A piece of a value that is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// As it is.
    Text(String),
    /// The name that leads to all servers of a part: `{host.db}`.
    Host(String),
    /// What somebody answered, or was made up, for a variable of a part: `{db.MARIADB_PASSWORD}`.
    Answer(String, String),
}

impl Blueprint {
    /// The part with this key.
    pub fn part(&self, key: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.key == key)
    }

    /// Who is told a part's answer: the other part, its variable, and what that is made of.
    pub fn told<'a>(
        &'a self,
        part: &'a str,
        key: &'a str,
    ) -> impl Iterator<Item = (&'a Part, &'a str, &'a [Piece])> {
        let is_told =
            move |piece: &Piece| matches!(piece, Piece::Answer(from, what) if from == part && what == key);
        let all = self.parts.iter();
        let all = all.flat_map(|other| {
            other
                .fill
                .iter()
                .map(move |(filled, pieces)| (other, filled, pieces))
        });
        all.filter(move |(_, _, pieces)| pieces.iter().any(is_told))
            .map(|(other, filled, pieces)| (other, filled.as_str(), pieces.as_slice()))
    }

    /// Whether a part's variable hangs together with another part's: then neither is changed by itself.
    pub fn is_tied(&self, part: &str, key: &str) -> bool {
        let is_filled = self.part(part).and_then(|part| part.fill.get(key));
        let is_filled =
            is_filled.is_some_and(|pieces| !pieces.iter().all(|piece| matches!(piece, Piece::Text(_))));
        is_filled || self.told(part, key).next().is_some()
    }

    /// Reads the text of `<name>.toml`; `template` finds the templates that its parts are made from.
    pub fn parse<'a>(
        name: &str,
        text: &str,
        template: impl Fn(&str) -> Option<&'a Template>,
    ) -> Result<Self, super::Problems> {
        parse::parse(name, text, &template)
    }
}

/// All blueprints below a catalogue's folder, and what is wrong with those that are not sound.
pub(super) fn load_all(
    dir: &std::path::Path,
    folders: &[Folder],
) -> (Vec<Blueprint>, Vec<super::CatalogueError>) {
    let template = |name: &str| {
        let found = folders.iter().find(|folder| folder.template.name == name);
        found.map(|folder| &*folder.template)
    };
    let (mut sound, mut broken) = (Vec::new(), Vec::new());
    for (path, text) in super::load::texts(&dir.join(super::load::BLUEPRINTS)) {
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let read = text.and_then(|text| {
            Blueprint::parse(name, &text, template).map_err(|problems| super::CatalogueError::Template {
                path: path.clone(),
                problems,
            })
        });
        match read {
            Ok(blueprint) => sound.push(blueprint),
            Err(error) => broken.push(error),
        }
    }
    (sound, broken)
}

#[cfg(test)]
mod tests;
