//! What became of the parts of an egg that do not fit as they are.

use serde::Serialize;
use utoipa::ToSchema;

/// How much of it is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Not taken over.
    Lost,
    /// Taken over in another way.
    Changed,
    /// Good to know.
    Info,
}

impl Level {
    /// The word on pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Lost => "Not taken over",
            Self::Changed => "Changed",
            Self::Info => "Note",
        }
    }

    /// The word for its colour and shape.
    pub fn look(self) -> &'static str {
        match self {
            Self::Lost => "warn",
            Self::Changed => "info",
            Self::Info => "idle",
        }
    }
}

/// A line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Note {
    /// How much of it is left.
    pub level: Level,
    /// The part of the egg.
    #[schema(example = "variables.SERVER_JARFILE")]
    pub about: String,
    /// What became of it.
    pub text: String,
}

/// Collects notes while an egg is read.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<Note>);

impl Report {
    pub(super) fn add(&mut self, level: Level, about: impl Into<String>, text: impl Into<String>) {
        self.0.push(Note {
            level,
            about: about.into(),
            text: text.into(),
        });
    }

    pub(super) fn lost(&mut self, about: impl Into<String>, text: impl Into<String>) {
        self.add(Level::Lost, about, text);
    }

    pub(super) fn changed(&mut self, about: impl Into<String>, text: impl Into<String>) {
        self.add(Level::Changed, about, text);
    }

    pub(super) fn info(&mut self, about: impl Into<String>, text: impl Into<String>) {
        self.add(Level::Info, about, text);
    }

    /// The worst first; within a level in the order of the egg.
    pub(super) fn notes(mut self) -> Vec<Note> {
        self.0.sort_by_key(|note| note.level);
        self.0
    }
}
