//! What a server can be made from, wherever it comes from: a folder of the catalogue, or an imported egg.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::eggs::Egg;

use super::load::Folder;
use super::model::Template;

/// A template with the image that it has now, and the name by which servers remember both.
#[derive(Debug, Clone)]
pub struct Offer {
    /// What servers keep: the template's name, with the version of an imported one (`paper@3`).
    pub key: String,
    /// The template.
    pub template: Arc<Template>,
    /// The egg that it comes from, if it was imported.
    pub egg: Option<Arc<Egg>>,
    /// What a customer can choose, by label; the first is the usual one.
    pub images: Vec<(String, String)>,
    /// The image that its install script runs in.
    pub install_image: Option<String>,
}

impl Offer {
    /// The usual image.
    pub fn image_tag(&self) -> String {
        self.images
            .first()
            .map(|(_, image)| image.clone())
            .unwrap_or_default()
    }

    /// The image that a customer chose by its label; the usual one if none was chosen.
    pub fn image_named(&self, label: Option<&str>) -> String {
        let chosen = label.and_then(|label| self.images.iter().find(|(known, _)| known == label));
        chosen.map_or_else(|| self.image_tag(), |(_, image)| image.clone())
    }
}

impl From<&Folder> for Offer {
    fn from(folder: &Folder) -> Self {
        Self {
            key: folder.template.name.clone(),
            template: Arc::clone(&folder.template),
            egg: None,
            images: vec![(String::new(), folder.image_tag())],
            install_image: None,
        }
    }
}

/// The versions of imported templates that this process has read, by key.
#[derive(Debug, Default)]
pub(super) struct Imported(RwLock<HashMap<String, Offer>>);

impl Imported {
    pub(super) fn get(&self, key: &str) -> Option<Offer> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned()
    }

    pub(super) fn keep(&self, offer: Offer) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(offer.key.clone(), offer);
    }
}
