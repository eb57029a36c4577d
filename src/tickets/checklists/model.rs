//! What checklists are. Pure.

use chrono::{DateTime, Utc};

use crate::platform::error::FieldErrors;
use crate::platform::ids::ChecklistId;
use crate::tickets::canned::parse_name;

const MAX_ITEMS: usize = 50;
const MAX_WORDS: usize = 200;

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its id.
    pub id: ChecklistId,
    /// What it is for.
    pub name: String,
    /// What is to be done, in order.
    pub items: Vec<String>,
    /// Counts its changes.
    pub version: i64,
}

/// A template as it is typed, and good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// What it is for.
    pub name: String,
    /// What is to be done, in order.
    pub items: Vec<String>,
}

impl Wish {
    /// What was typed; blank items are left out.
    ///
    /// # Errors
    /// What is wrong, field by field.
    pub fn parse<'a>(name: &str, items: impl IntoIterator<Item = &'a str>) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", parse_name(name));
        let items = items.into_iter().map(str::trim).filter(|item| !item.is_empty());
        let items: Vec<String> = items.map(str::to_owned).collect();
        let is_good =
            |item: &String| item.chars().count() <= MAX_WORDS && !item.chars().any(char::is_control);
        if items.is_empty() || items.len() > MAX_ITEMS || !items.iter().all(is_good) {
            let message = format!("Use 1 to {MAX_ITEMS} lines of at most {MAX_WORDS} characters.");
            errors.add("items", message);
        }
        errors.into_result()?;
        Ok(Self {
            name: name.unwrap_or_default(),
            items,
        })
    }
}

/// A ticket's checklist.
#[derive(Debug, Clone)]
pub struct Checklist {
    /// Its id.
    pub id: ChecklistId,
    /// What it is for.
    pub name: String,
    /// What is to be done, in order.
    pub items: Vec<Item>,
}

impl Checklist {
    /// How far it is, for people.
    pub fn progress(&self) -> String {
        let done = self.items.iter().filter(|item| item.done.is_some()).count();
        format!("{done} of {}", self.items.len())
    }
}

/// Something to be done.
#[derive(Debug, Clone)]
pub struct Item {
    /// Where it stands, from 0.
    pub place: i32,
    /// What it is.
    pub words: String,
    /// Who did it, and when.
    pub done: Option<(String, DateTime<Utc>)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_a_name_and_something_to_do() {
        let wish = Wish::parse(" Disk full ", " Look \r\n\n Clean up ".lines()).unwrap();
        assert_eq!(
            (wish.name.as_str(), wish.items),
            ("Disk full", vec!["Look".to_owned(), "Clean up".to_owned()])
        );
        let many = "x\n".repeat(51);
        let long = "x".repeat(201);
        for bad in ["", " \n ", many.as_str(), long.as_str(), "a\tb"] {
            assert!(
                Wish::parse("", bad.lines()).unwrap_err().get("items").is_some(),
                "{bad}"
            );
        }
    }
}
