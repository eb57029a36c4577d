//! A blueprint that exists is sound; its parts are told what they need of each other, and secrets stay secrets.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::{Catalogue, Checked, Problem, Template, Value};
use super::{Blueprint, Filling, Part, Piece};

type Answers = BTreeMap<String, BTreeMap<String, String>>;

const TEMPLATE: &str = include_str!("../tests/template.toml");
const BLUEPRINT: &str = r#"
name = "pair"
title = "Pair"
summary = "Two of them."
description = "One tells the other."
icon = "layers"

[[parts]]
key = "front"
title = "Front"
purpose = "Asks"
template = "example"
public = true

[parts.fill]
TITLE = "at {host.back}"

[[parts]]
key = "back"
title = "Back"
purpose = "Answers"
template = "example"
replicas = { min = 1, max = 4, default = 2 }
"#;

fn template() -> Template {
    Template::parse("example", TEMPLATE).unwrap()
}

fn problems(from: &str, to: &str) -> Vec<String> {
    let changed = BLUEPRINT.replacen(from, to, 1);
    assert_ne!(changed, BLUEPRINT, "the test's change must change something");
    let template = template();
    let found = Blueprint::parse("pair", &changed, |name| (name == "example").then_some(&template));
    found.unwrap_err().0.iter().map(Problem::to_string).collect()
}

fn shipped() -> Catalogue {
    Catalogue::load(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/catalogue"))).unwrap()
}

/// What is written instead of what, and what is said of it.
const WRONG: &[(&str, &str, &str)] = &[
    (
        "name = \"pair\"",
        "name = \"other\"",
        "name: must be the file's name without .toml, pair",
    ),
    (
        "template = \"example\"\npublic",
        "template = \"none\"\npublic",
        "parts.front.template: there is no template none",
    ),
    (
        "{host.back}",
        "{host.nowhere}",
        "parts.front.fill.TITLE: there is no part nowhere",
    ),
    (
        "{host.back}",
        "{host.front}",
        "parts.front.fill.TITLE: must not be filled from the part itself",
    ),
    (
        "{host.back}",
        "{back.NOTHING}",
        "parts.front.fill.TITLE: the part back does not ask NOTHING",
    ),
    (
        "TITLE",
        "NOT_ASKED",
        "parts.front.fill.NOT_ASKED: example does not ask this",
    ),
    (
        "{host.back}",
        "{host.back",
        "parts.front.fill.TITLE: has a brace that is no placeholder: use {host.PART} or {PART.KEY}",
    ),
    (
        "public = true",
        "public = false",
        "parts: must have one that is public",
    ),
    (
        "default = 2",
        "default = 5",
        "parts.back.replicas: must be min, default, max in this order, from 1 to 16",
    ),
    (
        "max = 4",
        "max = 17",
        "parts.back.replicas: must be min, default, max in this order, from 1 to 16",
    ),
    ("key = \"back\"", "key = \"front\"", "parts.front: is there twice"),
    (
        "replicas =",
        "public = true\nreplicas =",
        "parts.back.public: must not be a part of several servers: put one before them that spreads visitors",
    ),
];

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (from, to, told) in WRONG {
        let found = problems(from, to);
        assert!(found.iter().any(|problem| problem == told), "{to}: {found:?}");
    }
}

#[test]
fn the_shipped_blueprints_are_sound_and_begin_with_the_simplest() {
    let shelf = shipped();
    assert!(shelf.broken().is_empty(), "{:?}", shelf.broken());
    let names: Vec<&str> = shelf.blueprints().iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["site-with-database", "site-with-cache", "web-cluster"]);
    assert_eq!(shelf.blueprint("web-cluster").unwrap().parts.len(), 4);
}

fn fill(blueprint: &str, answers: &Answers) -> Result<BTreeMap<String, Checked>, Vec<String>> {
    let shelf = shipped();
    let filling = Filling {
        blueprint: shelf.blueprint(blueprint).unwrap(),
        answers,
    };
    let template = |part: &Part| shelf.get(&part.template).map(|folder| &*folder.template);
    let done = filling.check(
        template,
        |part| format!("{part}.shop.internal"),
        |length| "s".repeat(length),
    );
    done.map_err(|wrong| {
        let told = wrong.into_iter();
        told.map(|(part, key, message)| format!("{part}.{key} {message}"))
            .collect()
    })
}

fn answers(parts: &[(&str, &[(&str, &str)])]) -> Answers {
    let of = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter();
        pairs
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    };
    parts
        .iter()
        .map(|(part, pairs)| ((*part).to_owned(), of(pairs)))
        .collect()
}

#[test]
fn one_part_is_told_what_another_was_answered_or_made_up() {
    let given = answers(&[
        ("web", &[("SITE_OWNER", "Ada")]),
        ("db", &[("MARIADB_USER", "shop")]),
    ]);
    let done = fill("site-with-database", &given).unwrap();
    let plain = |part: &str, key: &str| match done[part].get(key) {
        Some(Value::Plain(text)) => text.clone(),
        other => panic!("{part}.{key}: {other:?}"),
    };
    assert_eq!(plain("web", "DATABASE_HOST"), "db.shop.internal");
    assert_eq!(plain("web", "DATABASE_USER"), "shop");
    assert_eq!(plain("web", "DATABASE_NAME"), "app");
    let Some(Value::Secret(made_up)) = done["db"].get("MARIADB_PASSWORD") else {
        panic!("the password is made up and a secret");
    };
    let Some(Value::Secret(told)) = done["web"].get("DATABASE_PASSWORD") else {
        panic!("what is told of it is a secret, too");
    };
    assert_eq!(
        (made_up.expose().as_str(), told.expose()),
        (&*"s".repeat(32), made_up.expose())
    );
    assert_eq!(done["web"].get("CACHE_HOST"), None, "there is no cache");
}

#[test]
fn what_follows_from_a_wrong_answer_is_not_told_besides() {
    let given = answers(&[
        ("web", &[("SITE_OWNER", "Ada")]),
        ("db", &[("MARIADB_USER", "No!")]),
    ]);
    let wrong = fill("site-with-database", &given).unwrap_err();
    assert_eq!(
        wrong,
        ["db.MARIADB_USER does not have the form that is asked for"]
    );
    let wrong = fill("site-with-database", &answers(&[])).unwrap_err();
    assert_eq!(wrong, ["web.SITE_OWNER is required"]);
}

#[test]
fn nobody_answers_what_the_stack_fills_in() {
    let given = answers(&[("web", &[("SITE_OWNER", "Ada"), ("DATABASE_HOST", "evil")])]);
    let wrong = fill("site-with-database", &given).unwrap_err();
    assert_eq!(wrong, ["web.DATABASE_HOST is filled in by the stack"]);
}

#[test]
fn what_parts_know_of_each_other_is_tied_on_both_sides() {
    let shelf = shipped();
    let blueprint = shelf.blueprint("site-with-database").unwrap();
    assert!(blueprint.is_tied("web", "DATABASE_PASSWORD") && blueprint.is_tied("db", "MARIADB_PASSWORD"));
    assert!(blueprint.is_tied("web", "DATABASE_HOST"));
    assert!(!blueprint.is_tied("web", "SITE_TITLE") && !blueprint.is_tied("web", "CACHE_HOST"));
    assert!(!blueprint.is_tied("db", "MARIADB_MAX_CONNECTIONS"));
}

#[test]
fn a_secret_is_told_to_a_secret_only() {
    let shelf = shipped();
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/catalogue/blueprints/site-with-database.toml"
    ));
    let text = text.unwrap().replace(
        "DATABASE_USER = \"{db.MARIADB_USER}\"",
        "DATABASE_USER = \"{db.MARIADB_PASSWORD}\"",
    );
    let template = |name: &str| shelf.get(name).map(|folder| &*folder.template);
    let found = Blueprint::parse("site-with-database", &text, template).unwrap_err();
    assert_eq!(
        found.to_string(),
        "parts.web.fill.DATABASE_USER: db.MARIADB_PASSWORD is a secret, and this is not one"
    );
}

#[test]
fn placeholders_are_read_in_their_text() {
    let template = template();
    let blueprint = Blueprint::parse("pair", BLUEPRINT, |_| Some(&template)).unwrap();
    assert_eq!(
        blueprint.parts[0].fill["TITLE"],
        [Piece::Text("at ".to_owned()), Piece::Host("back".to_owned())]
    );
}
