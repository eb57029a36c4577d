//! Variables: a rule that does not fit its variable's type is an error, since its author expects it to hold.

use crate::catalogue::model::{Kind, Variable};
use crate::catalogue::raw::RawVariable;
use crate::catalogue::rules::{LONGEST, Pattern};

use super::Problems;

/// Unless a template says otherwise: what fits on a line of a form.
const USUAL_MAX_LENGTH: usize = 255;
/// Unless a template says otherwise: what still can be seen at once.
const USUAL_MAX_ITEMS: usize = 20;
/// Shorter passwords can be guessed over a network.
const SHORTEST_SECRET: usize = 12;
/// What the engine, the shell and the dynamic linker read for themselves.
const RESERVED: [&str; 4] = ["PATH", "HOME", "HOSTNAME", "TERM"];
const RESERVED_PREFIXES: [&str; 3] = ["BERTH_", "LD_", "DOCKER_"];

pub(super) fn convert(mut raw: RawVariable, problems: &mut Problems) -> Option<Variable> {
    let at = format!("variables.{}", raw.key);
    problems.check(
        is_key(&raw.key),
        &at,
        "a key must be capital letters, digits and `_`, a letter first",
    );
    let reserved = RESERVED.contains(&raw.key.as_str())
        || RESERVED_PREFIXES.iter().any(|prefix| raw.key.starts_with(prefix));
    problems.check(!reserved, &at, "the key is reserved");
    problems.line_of_text(&format!("{at}.label"), &raw.label, 60);
    problems.check(
        raw.help.chars().count() <= 300,
        format!("{at}.help"),
        "must have at most 300 characters",
    );
    let kind = kind(&at, &mut raw, problems);
    leftovers(&at, &raw, problems);
    let kind = kind?;
    let default = default(&at, &mut raw, &kind, problems);
    let never_missing = default.is_some()
        || matches!(
            kind,
            Kind::Secret {
                generate: Some(_),
                ..
            }
        );
    problems.check(
        !(raw.required && never_missing),
        format!("{at}.required"),
        "it is never missing: it has a default or is generated",
    );
    let is_generated = matches!(
        kind,
        Kind::Secret {
            generate: Some(_),
            ..
        }
    );
    problems.check(
        !raw.fresh_in_copies || is_generated,
        format!("{at}.fresh_in_copies"),
        "only what is generated can be generated anew",
    );
    Some(Variable {
        fresh_in_copies: raw.fresh_in_copies,
        key: raw.key,
        label: raw.label,
        help: raw.help,
        kind,
        required: raw.required,
        default,
    })
}

/// Takes the rules that fit the type out of `raw`.
fn kind(at: &str, raw: &mut RawVariable, problems: &mut Problems) -> Option<Kind> {
    match raw.kind.as_str() {
        "text" => {
            let (min_length, max_length) = lengths(at, raw, 0, problems);
            Some(Kind::Text {
                min_length,
                max_length,
                pattern: pattern(at, raw, problems),
            })
        }
        "secret" => {
            let (min_length, max_length) = lengths(at, raw, SHORTEST_SECRET, problems);
            let generate = raw.generate.take();
            let fits = generate.is_none_or(|length| (min_length..=max_length).contains(&length));
            problems.check(
                fits,
                format!("{at}.generate"),
                "must be between min_length and max_length",
            );
            let long = generate.is_none_or(|length| length >= 20);
            problems.check(
                long,
                format!("{at}.generate"),
                "must be at least 20: nobody has to type it",
            );
            Some(Kind::Secret {
                min_length,
                max_length,
                generate,
            })
        }
        "integer" => {
            let (min, max) = (
                raw.min.take().unwrap_or(i64::MIN),
                raw.max.take().unwrap_or(i64::MAX),
            );
            problems.check(min <= max, format!("{at}.min"), "must not be greater than max");
            Some(Kind::Integer { min, max })
        }
        "choice" => Some(Kind::Choice {
            choices: choices(at, raw, problems),
        }),
        "list" | "secret_list" => Some(list(at, raw, problems)),
        "boolean" => Some(Kind::Boolean),
        "ssh_public_key" => Some(Kind::SshPublicKey),
        "email" => Some(Kind::Email),
        "host_name" => Some(Kind::HostName),
        unknown => {
            problems.add(format!("{at}.type"), format!(
                "`{unknown}` is no type; there are text, integer, boolean, choice, secret, list, secret_list, ssh_public_key, email and host_name"
            ));
            None
        }
    }
}

fn list(at: &str, raw: &mut RawVariable, problems: &mut Problems) -> Kind {
    let (_, max_length) = lengths(at, raw, 0, problems);
    let max_items = raw.max_items.take().unwrap_or(USUAL_MAX_ITEMS);
    problems.check(max_items > 0, format!("{at}.max_items"), "must be at least 1");
    Kind::List {
        max_items,
        max_length,
        pattern: pattern(at, raw, problems),
        is_secret: raw.kind == "secret_list",
    }
}

fn lengths(at: &str, raw: &mut RawVariable, shortest: usize, problems: &mut Problems) -> (usize, usize) {
    let min = raw.min_length.take().unwrap_or(shortest);
    let max = raw.max_length.take().unwrap_or(USUAL_MAX_LENGTH);
    problems.check(
        min >= shortest,
        format!("{at}.min_length"),
        format!("must be at least {shortest}"),
    );
    problems.check(
        min <= max,
        format!("{at}.min_length"),
        "must not be greater than max_length",
    );
    problems.check(
        max <= LONGEST,
        format!("{at}.max_length"),
        format!("must be at most {LONGEST}"),
    );
    (min, max)
}

fn pattern(at: &str, raw: &mut RawVariable, problems: &mut Problems) -> Option<Pattern> {
    let source = raw.pattern.take()?;
    Pattern::new(&source)
        .map_err(|error| problems.add(format!("{at}.pattern"), error))
        .ok()
}

fn choices(at: &str, raw: &mut RawVariable, problems: &mut Problems) -> Vec<String> {
    let choices = raw.choices.take().unwrap_or_default();
    problems.check(choices.len() > 1, format!("{at}.choices"), "must be at least two");
    problems.unique(&format!("{at}.choices"), choices.iter().map(String::as_str));
    for choice in &choices {
        problems.line_of_text(&format!("{at}.choices"), choice, 60);
        problems.check(
            choice.trim() == choice,
            format!("{at}.choices"),
            "must not begin or end with a space",
        );
    }
    choices
}

/// What is still there after `kind` took what fits.
fn leftovers(at: &str, raw: &RawVariable, problems: &mut Problems) {
    let rules = [
        ("min", raw.min.is_some()),
        ("max", raw.max.is_some()),
        ("min_length", raw.min_length.is_some()),
        ("max_length", raw.max_length.is_some()),
        ("pattern", raw.pattern.is_some()),
        ("choices", raw.choices.is_some()),
        ("max_items", raw.max_items.is_some()),
        ("generate", raw.generate.is_some()),
    ];
    for (rule, _) in rules.into_iter().filter(|(_, there)| *there) {
        problems.add(
            format!("{at}.{rule}"),
            format!("means nothing for the type {}", raw.kind),
        );
    }
}

/// A default must pass the rules that a customer's answer must pass, and be in its normal form already.
fn default(at: &str, raw: &mut RawVariable, kind: &Kind, problems: &mut Problems) -> Option<String> {
    let text = raw.default.take()?.into_text();
    let at = format!("{at}.default");
    if matches!(kind, Kind::Secret { .. } | Kind::List { is_secret: true, .. }) {
        problems.add(
            at,
            "a secret has no default: everybody would know it; use `generate`",
        );
        return None;
    }
    kind.check(&text)
        .map_err(|message| problems.add(at, message))
        .ok()
}

fn is_key(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.len() <= 64
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}
