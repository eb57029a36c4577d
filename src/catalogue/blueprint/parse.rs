//! From a blueprint's TOML to a sound [`Blueprint`], or to all that is wrong with it at once.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::model::Template;
use super::super::parse::{Problems, is_name, shape};
use super::{Blueprint, Part, Piece, Replicas};

/// More replicas than the load balancer has places for would get no visitors.
const MOST_REPLICAS: u32 = 16;
/// It is a part of the names of servers.
const LONGEST_KEY: usize = 16;
const MOST_PARTS: usize = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBlueprint {
    name: String,
    title: String,
    summary: String,
    description: String,
    icon: String,
    parts: Vec<RawPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPart {
    key: String,
    title: String,
    purpose: String,
    template: String,
    replicas: Option<Replicas>,
    #[serde(default)]
    public: bool,
    #[serde(default)]
    fill: BTreeMap<String, String>,
}

type Find<'f, 'a> = &'f dyn Fn(&str) -> Option<&'a Template>;

pub(super) fn parse(name: &str, text: &str, template: Find<'_, '_>) -> Result<Blueprint, Problems> {
    let raw: RawBlueprint = toml::from_str(text).map_err(|error| shape(text, &error))?;
    let mut problems = Problems::default();
    problems.check(
        raw.name == name,
        "name",
        format!("must be the file's name without .toml, {name}"),
    );
    problems.check(
        is_name(&raw.name),
        "name",
        "must be 2 to 40 lower-case letters, digits and single dashes, a letter first",
    );
    problems.line_of_text("title", &raw.title, 40);
    problems.line_of_text("summary", &raw.summary, 160);
    problems.check(
        !raw.description.trim().is_empty(),
        "description",
        "must say what it is",
    );
    problems.check(is_name(&raw.icon), "icon", "must be the name of a lucide icon");
    let blueprint = Blueprint {
        parts: raw
            .parts
            .into_iter()
            .map(|raw| part(&raw, &mut problems))
            .collect(),
        name: raw.name,
        title: raw.title,
        summary: raw.summary,
        description: raw.description.trim().to_owned(),
        icon: raw.icon,
    };
    cross_check(&blueprint, template, &mut problems);
    if problems.0.is_empty() {
        Ok(blueprint)
    } else {
        Err(problems)
    }
}

fn part(raw: &RawPart, problems: &mut Problems) -> Part {
    let at = |field: &str| format!("parts.{}.{field}", raw.key);
    problems.check(
        is_name(&raw.key) && raw.key.len() <= LONGEST_KEY && raw.key != "host",
        at("key"),
        "must be 2 to 16 lower-case letters, digits and single dashes, a letter first, and not host",
    );
    problems.line_of_text(&at("title"), &raw.title, 40);
    problems.line_of_text(&at("purpose"), &raw.purpose, 120);
    let replicas = raw.replicas.unwrap_or(Replicas::ONE);
    let is_order = 1 <= replicas.min && replicas.min <= replicas.default && replicas.default <= replicas.max;
    problems.check(
        is_order && replicas.max <= MOST_REPLICAS,
        at("replicas"),
        format!("must be min, default, max in this order, from 1 to {MOST_REPLICAS}"),
    );
    problems.check(
        !(raw.public && replicas.is_several()),
        at("public"),
        "must not be a part of several servers: put one before them that spreads visitors",
    );
    let fill = raw.fill.iter().filter_map(|(key, text)| {
        let pieces = pieces(text);
        problems.check(
            pieces.is_some(),
            at(&format!("fill.{key}")),
            "has a brace that is no placeholder: use {host.PART} or {PART.KEY}",
        );
        Some((key.clone(), pieces?))
    });
    Part {
        fill: fill.collect(),
        is_public: raw.public,
        key: raw.key.clone(),
        title: raw.title.clone(),
        purpose: raw.purpose.clone(),
        template: raw.template.clone(),
        replicas,
    }
}

/// Text with placeholders in braces, or nothing if a brace is none.
fn pieces(text: &str) -> Option<Vec<Piece>> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some(open) = rest.find(['{', '}']) {
        let (before, after) = rest.split_at(open);
        let (inside, after) = after.strip_prefix('{')?.split_once('}')?;
        let (from, what) = inside.split_once('.')?;
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        pieces.push(match from {
            "host" => Piece::Host(what.to_owned()),
            _ => Piece::Answer(from.to_owned(), what.to_owned()),
        });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Some(pieces)
}

/// What no single field shows: parts that are not there, variables that nobody asks, secrets that would be seen.
fn cross_check(blueprint: &Blueprint, template: Find<'_, '_>, problems: &mut Problems) {
    problems.unique("parts", blueprint.parts.iter().map(|part| part.key.as_str()));
    problems.check(
        (2..=MOST_PARTS).contains(&blueprint.parts.len()),
        "parts",
        format!("must be 2 to {MOST_PARTS}"),
    );
    problems.check(
        blueprint.parts.iter().any(|part| part.is_public),
        "parts",
        "must have one that is public",
    );
    for part in &blueprint.parts {
        let at = format!("parts.{}", part.key);
        let Some(own) = template(&part.template) else {
            problems.add(
                format!("{at}.template"),
                format!("there is no template {}", part.template),
            );
            continue;
        };
        for (key, pieces) in &part.fill {
            let at = format!("{at}.fill.{key}");
            match own.variable(key) {
                None => problems.add(at, format!("{} does not ask this", own.name)),
                Some(variable) => {
                    for piece in pieces {
                        if let Err(message) = sound(blueprint, template, part, variable.is_secret(), piece) {
                            problems.add(at.clone(), message);
                        }
                    }
                }
            }
        }
    }
}

/// Whether a piece leads somewhere, and may be seen where it stands.
fn sound(
    blueprint: &Blueprint,
    template: Find<'_, '_>,
    part: &Part,
    is_secret: bool,
    piece: &Piece,
) -> Result<(), String> {
    let (Piece::Host(from) | Piece::Answer(from, _)) = piece else {
        return Ok(());
    };
    let other = blueprint.part(from);
    let other = other.ok_or_else(|| format!("there is no part {from}"))?;
    if other.key == part.key {
        return Err("must not be filled from the part itself".to_owned());
    }
    let Piece::Answer(_, key) = piece else {
        return Ok(());
    };
    let asked = template(&other.template).and_then(|theirs| theirs.variable(key));
    let asked = asked.ok_or_else(|| format!("the part {from} does not ask {key}"))?;
    let mut filled = other.fill.get(key).into_iter().flatten();
    if filled.any(|piece| matches!(piece, Piece::Answer(..))) {
        return Err(format!("{from}.{key} is itself filled from another part"));
    }
    if asked.is_secret() && !is_secret {
        return Err(format!("{from}.{key} is a secret, and this is not one"));
    }
    Ok(())
}
