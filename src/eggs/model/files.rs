//! The files that are edited before each start: `config.files` of an egg, checked.

use serde_json::{Map, Value};

use super::document::{object, text};
use super::placeholder::{self, Asked};
use super::report::Report;

const MAX_FILES: usize = 50;
const MAX_EDITS: usize = 200;
const MAX_PATH: usize = 255;
const MAX_DEPTH: usize = 16;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parser {
    /// Lines of `key=value`.
    Properties,
    /// Lines of `key=value` in `[sections]`.
    Ini,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// XML.
    Xml,
    /// Any text; lines are known by how they begin.
    Lines,
}

impl Parser {
    fn of(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "properties" => Self::Properties,
            "ini" => Self::Ini,
            "json" => Self::Json,
            "yaml" | "yml" => Self::Yaml,
            "xml" => Self::Xml,
            "file" => Self::Lines,
            _ => return None,
        })
    }
}

/// A value to put at a place of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// The place: a key, or a path with dots.
    pub key: String,
    /// Only where this is the present value; a pattern after `regex:`.
    pub only: Option<String>,
    /// The value, with placeholders.
    pub value: Value,
}

/// A file and what is edited in it.
#[derive(Debug, Clone, PartialEq)]
pub struct FileEdit {
    /// Relative to the server's folder, without `.` and `..`.
    pub path: String,
    /// How it is written.
    pub parser: Parser,
    /// What is edited, in order.
    pub edits: Vec<Edit>,
}

/// Reads `config.files`.
pub(super) fn read(value: Option<&Value>, report: &mut Report) -> Vec<FileEdit> {
    let Ok(files) = object(value) else {
        report.lost(
            "config.files",
            "It can't be read, so no files are edited before a start.",
        );
        return Vec::new();
    };
    if files.len() > MAX_FILES {
        report.lost(
            "config.files",
            format!("Only the first {MAX_FILES} files are edited."),
        );
    }
    let files = files.iter().take(MAX_FILES);
    files
        .filter_map(|(path, spec)| file(path, spec, report))
        .collect()
}

fn file(name: &str, spec: &Value, report: &mut Report) -> Option<FileEdit> {
    let about = format!("config.files.{}", super::document::clean(name, 80));
    let path = match safe_path(name) {
        Ok(path) => path,
        Err(why) => {
            report.lost(about, format!("Refused: {why}."));
            return None;
        }
    };
    let Some(parser) = Parser::of(&text(spec.get("parser"))) else {
        report.lost(
            about,
            "Its parser is none of properties, ini, json, yaml, xml and file.",
        );
        return None;
    };
    let Ok(find) = object(spec.get("find")) else {
        report.lost(about, "What is to be found in it can't be read.");
        return None;
    };
    let edits = edits(&about, &find, report);
    (!edits.is_empty()).then_some(FileEdit { path, parser, edits })
}

fn edits(about: &str, find: &Map<String, Value>, report: &mut Report) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (key, value) in find {
        match value {
            Value::Object(cases) => edits.extend(cases.iter().map(|(only, value)| Edit {
                key: key.clone(),
                only: Some(only.clone()),
                value: value.clone(),
            })),
            _ => edits.push(Edit {
                key: key.clone(),
                only: None,
                value: value.clone(),
            }),
        }
    }
    if edits.len() > MAX_EDITS {
        report.lost(about, format!("Only the first {MAX_EDITS} edits are made."));
        edits.truncate(MAX_EDITS);
    }
    edits.retain(|edit| fits(about, edit, report));
    edits
}

fn fits(about: &str, edit: &Edit, report: &mut Report) -> bool {
    if edit.value.is_array() || edit.value.is_object() {
        report.lost(
            about,
            format!("{}: only single values are put into files.", edit.key),
        );
        return false;
    }
    if let Some(pattern) = edit.only.as_deref().and_then(|only| only.strip_prefix("regex:"))
        && super::rules::compile(pattern).is_err()
    {
        report.lost(
            about,
            format!("{}: the pattern {pattern} can't be used here.", edit.key),
        );
        return false;
    }
    for name in placeholder::names(&text(Some(&edit.value))) {
        match placeholder::asked(&name) {
            Asked::Env(_) => {}
            Asked::Host => {
                let why = "servers here reach each other by name and never through the host";
                report.lost(
                    about,
                    format!("{}: {{{{{name}}}}} has no meaning here, as {why}.", edit.key),
                );
                return false;
            }
            Asked::Unknown => report.info(
                about,
                format!(
                    "{}: {{{{{name}}}}} is not known and stays as it is written.",
                    edit.key
                ),
            ),
        }
    }
    true
}

/// A path that stays inside of the server's folder. A leading slash means that folder, as in other panels.
pub(super) fn safe_path(name: &str) -> Result<String, &'static str> {
    if name.len() > MAX_PATH {
        return Err("the name is too long");
    }
    if name.contains("{{") {
        return Err("a file's name must not depend on a variable");
    }
    if name.chars().any(|c| c.is_control() || c == '\\') {
        return Err("the name has characters that no file here has");
    }
    let within = name.trim().trim_start_matches('/');
    let within = within.strip_prefix("home/container/").unwrap_or(within);
    let parts: Vec<&str> = within
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    if parts.contains(&"..") {
        return Err("the name leads out of the server's folder");
    }
    if parts.is_empty() || parts.len() > MAX_DEPTH || within.ends_with('/') {
        return Err("the name is not a file's");
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn names_stay_inside() {
        for (name, path) in [
            ("server.properties", "server.properties"),
            ("/plugins//x/./config.yml", "plugins/x/config.yml"),
            ("/home/container/a.ini", "a.ini"),
            ("..hidden", "..hidden"),
        ] {
            assert_eq!(safe_path(name).unwrap(), path);
        }
        for bad in [
            "../../etc/passwd",
            "a/../../b",
            "..",
            "",
            "/",
            "a\\..\\b",
            "a\0b",
            "x/",
            "{{A}}.cfg",
            "a\nb",
        ] {
            assert!(safe_path(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_name_leads_out(name in "[a./\\\\~{}]{0,20}") {
            if let Ok(path) = safe_path(&name) {
                prop_assert!(!path.starts_with('/'));
                prop_assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")));
            }
        }
    }

    #[test]
    fn what_can_not_be_edited_is_told() {
        let mut report = Report::default();
        let files = json!({
            "ok.properties": {"parser": "properties", "find": {"port": "{{server.build.default.port}}"}},
            "../../etc/passwd": {"parser": "file", "find": {"root": "x"}},
            "odd.toml": {"parser": "toml", "find": {"a": "b"}},
            "bungee.yml": {"parser": "yaml", "find": {"servers.*.address": {"127.0.0.1": "{{config.docker.interface}}"}}},
        });
        let text = files.to_string();
        let read = read(Some(&Value::String(text)), &mut report);
        assert_eq!(read.len(), 1);
        let notes = report.notes();
        assert_eq!(notes.len(), 3, "{notes:?}");
        assert!(notes.iter().any(|note| note.text.contains("leads out")));
    }
}
