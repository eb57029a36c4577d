//! A customer's answers against a template's variables.

use std::collections::BTreeMap;

use crate::platform::secret::Secret;

use super::model::{Kind, Template, Variable};
use super::rules::LONGEST;

/// Answers that fit: what becomes the server's environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked(BTreeMap<String, Value>);

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// May be seen.
    Plain(String),
    /// Must not be seen.
    Secret(Secret),
    /// A secret of so many characters that Berth makes up.
    Generate(usize),
}

impl Checked {
    /// Fills in the secrets that nobody gave; `random` makes so many letters and digits.
    #[must_use]
    pub fn with_generated(mut self, random: impl Fn(usize) -> String) -> Self {
        for value in self.0.values_mut() {
            if let Value::Generate(length) = *value {
                *value = Value::Secret(Secret::new(random(length)));
            }
        }
        self
    }

    /// The answers that may be seen.
    pub fn plain(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(key, value)| match value {
            Value::Plain(text) => Some((key.as_str(), text.as_str())),
            Value::Secret(_) | Value::Generate(_) => None,
        })
    }

    /// The answers that must not be seen.
    pub fn secrets(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(key, value)| match value {
            Value::Secret(text) => Some((key.as_str(), text.expose().as_str())),
            Value::Plain(_) | Value::Generate(_) => None,
        })
    }

    /// The answer to this variable.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }
}

impl Template {
    /// Checks answers: all that is wrong with them at once, as pairs of a variable's key and a sentence that
    /// goes on after the field's label. An empty answer is none. What is not asked is an error, not ignored:
    /// a mistyped key must not pass as an answer.
    pub fn check(&self, input: &BTreeMap<String, String>) -> Result<Checked, Vec<(String, String)>> {
        let mut checked = BTreeMap::new();
        let mut wrong: Vec<(String, String)> = input
            .keys()
            .filter(|key| self.variable(key).is_none())
            .map(|key| (key.clone(), format!("is not a variable of {}", self.title)))
            .collect();
        for variable in &self.variables {
            match variable.answer(input.get(&variable.key).map(String::as_str)) {
                Ok(Some(value)) => drop(checked.insert(variable.key.clone(), value)),
                Ok(None) => {}
                Err(message) => wrong.push((variable.key.clone(), message)),
            }
        }
        if wrong.is_empty() {
            Ok(Checked(checked))
        } else {
            Err(wrong)
        }
    }
}

impl Variable {
    fn answer(&self, given: Option<&str>) -> Result<Option<Value>, String> {
        let given = given.filter(|text| !text.trim().is_empty());
        match given {
            Some(text) if text.len() > LONGEST => Err(format!("must have at most {LONGEST} bytes")),
            Some(text) => self.kind.check(text).map(|text| Some(self.value(text))),
            None => self.unanswered(),
        }
    }

    fn unanswered(&self) -> Result<Option<Value>, String> {
        match (&self.default, &self.kind) {
            (Some(default), _) => Ok(Some(self.value(default.clone()))),
            (
                None,
                Kind::Secret {
                    generate: Some(length),
                    ..
                },
            ) => Ok(Some(Value::Generate(*length))),
            (None, _) if self.required => Err("is required".to_owned()),
            (None, Kind::Boolean) => Ok(Some(self.value("false".to_owned()))),
            (None, _) => Ok(None),
        }
    }

    fn value(&self, text: String) -> Value {
        if self.is_secret() {
            Value::Secret(Secret::new(text))
        } else {
            Value::Plain(text)
        }
    }
}
