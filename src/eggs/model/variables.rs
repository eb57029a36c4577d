//! The variables of an egg: what customers are asked, and what is set without asking.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::catalogue::{Kind, Variable};

use super::document::{clean, flag, text};
use super::placeholder::is_key;
use super::report::Report;
use super::rules;

const MAX_VARIABLES: usize = 100;
const MAX_VALUE: usize = 8_192;
const MAX_LABEL: usize = 60;
const MAX_HELP: usize = 300;
/// What is set for every server, or read by the engine, the shell and the linker.
const RESERVED: [&str; 15] = [
    "PATH",
    "HOME",
    "HOSTNAME",
    "TERM",
    "USER",
    "TZ",
    "ENV",
    "STARTUP",
    "SERVER_MEMORY",
    "SERVER_IP",
    "SERVER_PORT",
    "SERVER_UUID",
    "UUID",
    "P_SERVER_UUID",
    "P_SERVER_LOCATION",
];
const RESERVED_PREFIXES: [&str; 3] = ["BERTH_", "DOCKER_", "LD_PRELOAD"];

/// What an egg's variables come to.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// What customers are asked.
    pub(super) asked: Vec<Variable>,
    /// What is set without asking.
    pub(super) fixed: Vec<(String, String)>,
}

/// Reads `variables`.
pub(super) fn read(value: Option<&Value>, report: &mut Report) -> Read {
    let written: Vec<&Value> = match value {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(Value::Object(map)) => map.values().collect(),
        _ => Vec::new(),
    };
    if written.len() > MAX_VARIABLES {
        report.lost(
            "variables",
            format!("Only the first {MAX_VARIABLES} are taken over."),
        );
    }
    let (mut read, mut seen) = (Read::default(), BTreeSet::new());
    for variable in written.into_iter().take(MAX_VARIABLES) {
        let key = text(variable.get("env_variable")).trim().to_owned();
        let about = format!("variables.{}", clean(&key, 40));
        if !is_key(&key) {
            report.lost(about, "Its name can't be one of an environment variable.");
        } else if RESERVED.contains(&&*key) || RESERVED_PREFIXES.iter().any(|prefix| key.starts_with(prefix))
        {
            report.lost(about, "Its name is reserved; the server gets our own value.");
        } else if !seen.insert(key.clone()) {
            report.lost(about, "Another variable has its name.");
        } else {
            one(key, variable, &about, &mut read, report);
        }
    }
    read
}

fn one(key: String, variable: &Value, about: &str, read: &mut Read, report: &mut Report) {
    let default = text(variable.get("default_value"));
    let default = if default.len() > MAX_VALUE || default.contains('\0') {
        report.lost(about, "Its default is too long.");
        String::new()
    } else {
        default
    };
    if !flag(variable.get("user_editable"), true) {
        report.info(
            about,
            format!("Customers are not asked; it is always {}.", shown(&default)),
        );
        read.fixed.push((key, default));
        return;
    }
    let asked = question(key, variable, &default, about, report);
    read.asked.push(asked);
}

fn shown(value: &str) -> String {
    if value.is_empty() {
        "empty".to_owned()
    } else {
        clean(value, 80)
    }
}

fn question(key: String, variable: &Value, default: &str, about: &str, report: &mut Report) -> Variable {
    let rules = match variable.get("rules") {
        Some(Value::Array(list)) => list
            .iter()
            .map(|rule| text(Some(rule)).trim().to_owned())
            .collect(),
        other => rules::split(&text(other)),
    };
    let taken = rules::read(&rules, default);
    for lost in taken.lost {
        report.lost(about, lost);
    }
    let kind = secret(&key, taken.kind, about, report);
    let default = fitting(&kind, default, about, report);
    let label = clean(&text(variable.get("name")), MAX_LABEL).replace('\n', " ");
    Variable {
        label: if label.is_empty() { key.clone() } else { label },
        help: clean(&text(variable.get("description")), MAX_HELP).replace('\n', " "),
        required: taken.required && default.is_none(),
        key,
        kind,
        default,
        fresh_in_copies: false,
    }
}

/// What is a secret by its name is kept as one; eggs have no word for it.
fn secret(key: &str, kind: Kind, about: &str, report: &mut Report) -> Kind {
    let upper = key.to_ascii_uppercase();
    let is_secret = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "PRIVATE_KEY"]
        .iter()
        .any(|word| upper.contains(word));
    match kind {
        Kind::Text {
            min_length,
            max_length,
            pattern,
        } if is_secret => {
            if pattern.is_some() {
                report.lost(about, "Its pattern is not checked, as it is kept as a secret.");
            }
            report.changed(
                about,
                "It is kept sealed and hidden, as its name says that it is a secret.",
            );
            Kind::Secret {
                min_length,
                max_length,
                generate: None,
            }
        }
        kind => kind,
    }
}

/// The default if it keeps the variable's own rules, in their normal form.
fn fitting(kind: &Kind, default: &str, about: &str, report: &mut Report) -> Option<String> {
    if default.trim().is_empty() {
        return None;
    }
    if default.chars().any(char::is_control) {
        report.changed(
            about,
            "Its default has several lines; it must be answered in one.",
        );
        return None;
    }
    match kind.check(default) {
        Ok(normal) => Some(normal),
        Err(why) => {
            report.changed(
                about,
                format!("Its default breaks its own rules ({why}), so there is none."),
            );
            None
        }
    }
}
