//! What an egg is: a public file format for game and application servers, read liberally and made into a template. Pure.
//!
//! What must hold: nothing of an egg is trusted. Its file names stay inside of the server's folder, its patterns cannot
//! take long, and what is not taken over is told in the report instead of being dropped silently.

pub mod config;
mod denied;
mod document;
mod egg;
mod files;
mod lifecycle;
mod parts;
mod placeholder;
mod report;
mod rules;
mod template;
#[cfg(test)]
mod tests;
mod variables;

pub use document::MAX_EGG;
pub use egg::{Egg, Install};
pub use files::FileEdit;
pub use lifecycle::{Ready, Stop};
pub use placeholder::Values;
pub use report::Note;
pub use template::{Choices, HOME, IMAGE_KEY, INSTALL_PATH, STARTUP_KEY, key, slug, split_key};

/// Why a file is no egg that could be imported; a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

impl Refusal {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}
