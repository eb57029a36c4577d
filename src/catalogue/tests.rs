//! The format's promises: all problems at once and each with its place, answers that fit or a sentence for the
//! field, the same hash and bytes for the same folder, and the shipped templates sound.

use std::collections::BTreeMap;

use super::{Problem, Template};

const TEMPLATE: &str = include_str!("tests/template.toml");

fn template() -> Template {
    Template::parse("example", TEMPLATE).unwrap()
}

fn problems(change: impl Fn(&str) -> String) -> Vec<String> {
    let changed = change(TEMPLATE);
    assert_ne!(changed, TEMPLATE, "the test's change must change something");
    Template::parse("example", &changed)
        .unwrap_err()
        .0
        .iter()
        .map(Problem::to_string)
        .collect()
}

fn replaced(from: &str, to: &str) -> Vec<String> {
    problems(|text| text.replacen(from, to, 1))
}

fn answers(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

mod answers;
mod folders;
mod format;
#[cfg(feature = "testing")]
mod staff;
