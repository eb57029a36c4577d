//! What is wrong with a template, collected on the way.

use std::collections::BTreeSet;
use std::fmt;

/// Something wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field (`variables.SITE_TITLE.default`), or the line where the text is not TOML of the right shape.
    pub at: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)
    }
}

/// The problems found so far. Conversions go on after one, so that an author sees all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    pub(in crate::catalogue) fn add(&mut self, at: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem {
            at: at.into(),
            message: message.into(),
        });
    }

    pub(in crate::catalogue) fn check(
        &mut self,
        holds: bool,
        at: impl Into<String>,
        message: impl Into<String>,
    ) {
        if !holds {
            self.add(at, message);
        }
    }

    pub(in crate::catalogue) fn unique<'a>(&mut self, at: &str, names: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeSet::new();
        for name in names {
            self.check(seen.insert(name), format!("{at}.{name}"), "is there twice");
        }
    }

    pub(in crate::catalogue) fn line_of_text(&mut self, at: &str, text: &str, longest: usize) {
        let fits =
            !text.trim().is_empty() && text.chars().count() <= longest && !text.contains(char::is_control);
        self.check(fits, at, format!("must be one line of 1 to {longest} characters"));
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(Problem::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Problems {}
