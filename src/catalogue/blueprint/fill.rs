//! The answers of all parts of a new stack: what people wrote, what is made up, and what one part is told of another.

use std::collections::BTreeMap;

use super::super::model::Template;
use super::super::values::{Checked, Value};
use super::{Blueprint, Part, Piece};

/// What is known while a stack's variables are filled in.
#[derive(Debug)]
pub struct Filling<'a> {
    /// The blueprint.
    pub blueprint: &'a Blueprint,
    /// What people answered, by part.
    pub answers: &'a BTreeMap<String, BTreeMap<String, String>>,
}

/// What is wrong: part, variable, and what goes on after the variable's label.
type Wrong = Vec<(String, String, String)>;

impl Filling<'_> {
    /// The checked answers of all parts, with secrets made up; or all that is wrong with what people wrote. `host` tells the
    /// name of a part inside, `random` makes up secrets.
    pub fn check<'t>(
        &self,
        template: impl Fn(&Part) -> Option<&'t Template>,
        host: impl Fn(&str) -> String,
        random: impl Fn(usize) -> String,
    ) -> Result<BTreeMap<String, Checked>, Wrong> {
        let (mut done, mut wrong) = (BTreeMap::new(), Vec::new());
        // Who is told nothing by others comes first: the others are told what it answered.
        let (told, first): (Vec<&Part>, Vec<&Part>) =
            self.blueprint.parts.iter().partition(|part| is_told(part));
        for part in first.into_iter().chain(told) {
            let Some(own) = template(part) else { continue };
            let mut input = self.answers.get(&part.key).cloned().unwrap_or_default();
            for key in part.fill.keys().filter(|key| input.contains_key(*key)) {
                wrong.push((
                    part.key.clone(),
                    key.clone(),
                    "is filled in by the stack".to_owned(),
                ));
            }
            for (key, pieces) in &part.fill {
                input.insert(key.clone(), value(pieces, &host, &done));
            }
            match own.check(&input) {
                Ok(checked) => drop(done.insert(part.key.clone(), checked.with_generated(&random))),
                Err(errors) => wrong.extend(
                    errors
                        .into_iter()
                        .map(|(key, message)| (part.key.clone(), key, message)),
                ),
            }
        }
        // What could not be filled in because the answer that it is made from is wrong is no mistake of its own.
        let is_own = |(part, key, _): &(String, String, String)| {
            let filled = self.blueprint.part(part).and_then(|part| part.fill.get(key));
            filled.is_none()
                || self
                    .answers
                    .get(part)
                    .is_some_and(|given| given.contains_key(key))
        };
        if wrong.is_empty() {
            return Ok(done);
        }
        if wrong.iter().any(is_own) {
            wrong.retain(is_own);
        }
        Err(wrong)
    }
}

/// Whether any of a part's variables is filled with an answer of another part.
fn is_told(part: &Part) -> bool {
    let mut pieces = part.fill.values().flatten();
    pieces.any(|piece| matches!(piece, Piece::Answer(..)))
}

fn value(pieces: &[Piece], host: impl Fn(&str) -> String, done: &BTreeMap<String, Checked>) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Host(part) => host(part),
        Piece::Answer(part, key) => match done.get(part).and_then(|checked| checked.get(key)) {
            Some(Value::Plain(text)) => text.clone(),
            Some(Value::Secret(secret)) => secret.expose().clone(),
            Some(Value::Generate(_)) | None => String::new(),
        },
    };
    pieces.iter().map(text).collect()
}
