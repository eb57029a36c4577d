//! An egg as a whole.

use serde_json::{Map, Value};

use crate::catalogue::Variable;

use super::document::{Order, clean, text, texts};
use super::files::{self, FileEdit};
use super::lifecycle::{self, Ready, Stop};
use super::report::{Note, Report};
use super::{Refusal, denied, document, parts, placeholder, variables};

const MAX_STARTUP: usize = 8_000;

/// An image and what people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedImage {
    /// `Java 21`.
    pub label: String,
    /// `ghcr.io/example/java:21`.
    pub image: String,
}

/// The script that fills a server's folder before its first start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    /// Its text.
    pub script: String,
    /// The image that it runs in.
    pub image: String,
    /// The program that reads it, with its arguments.
    pub entrypoint: String,
}

/// An egg, read and checked.
#[derive(Debug, Clone)]
pub struct Egg {
    /// What people call it.
    pub title: String,
    /// What it is, in its author's words.
    pub description: String,
    /// Who wrote it.
    pub author: String,
    /// The word for its format: `PTDL_v2`.
    pub format: String,
    /// The images that a server may run in, at least one.
    pub images: Vec<NamedImage>,
    /// The command, with `{{VARIABLES}}`.
    pub startup: String,
    /// How it is asked to end.
    pub stop: Stop,
    /// What it says when it is up; nothing if there is no such line.
    pub ready: Vec<Ready>,
    /// What is edited before each start.
    pub files: Vec<FileEdit>,
    /// What fills its folder.
    pub install: Option<Install>,
    /// What customers are asked.
    pub variables: Vec<Variable>,
    /// What is set without asking.
    pub fixed: Vec<(String, String)>,
    /// Patterns of the files that its author keeps people from, as in `.gitignore`.
    pub denied: Vec<String>,
    /// What became of the rest.
    pub report: Vec<Note>,
}

impl Egg {
    /// Reads the text of an egg file.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        let egg = document::read(text)?;
        let (order, mut report) = (document::order(text), Report::default());
        let title = clean(&document::text(egg.get("name")), 80).replace('\n', " ");
        if title.is_empty() {
            return Err(Refusal::new("The file names no egg: it has no `name`."));
        }
        let images = parts::images(&egg, &order, &mut report);
        if images.is_empty() {
            return Err(Refusal::new("The egg names no image that a server could run in."));
        }
        let read = variables::read(egg.get("variables"), &mut report);
        let config = egg
            .get("config")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        let startup = startup(&egg, &order, &mut report)?;
        rest(&egg, &mut report);
        Ok(Self {
            title,
            description: clean(&document::text(egg.get("description")), 4_000),
            author: clean(&document::text(egg.get("author")), 120),
            format: format(&egg, &mut report),
            startup,
            stop: lifecycle::stop(config.get("stop"), &mut report),
            ready: lifecycle::ready(config.get("startup"), &mut report),
            files: files::read(config.get("files"), &mut report),
            install: parts::install(&egg, &mut report),
            variables: read.asked,
            fixed: read.fixed,
            denied: denied::read(&egg, &mut report),
            report: report.notes(),
            images,
        })
    }
}

fn format(egg: &Map<String, Value>, report: &mut Report) -> String {
    let word = clean(&text(egg.get("meta").and_then(|meta| meta.get("version"))), 20);
    let is_known = matches!(&*word, "PTDL_v1" | "PTDL_v2" | "PLCN_v1" | "PLCN_v2" | "PLCN_v3");
    if word.is_empty() {
        report.info(
            "meta.version",
            "It does not say its format; it was read like PTDL_v2.",
        );
    } else if !is_known {
        report.info(
            "meta.version",
            format!("The format {word} is not known; it was read like PTDL_v2."),
        );
    }
    word
}

/// The command; of several that newer panels know, the first.
fn startup(egg: &Map<String, Value>, order: &Order, report: &mut Report) -> Result<String, Refusal> {
    let several = match egg.get("startup_commands") {
        Some(Value::Object(map)) => {
            let commands = order.startup_commands.sort(map).into_iter();
            commands.map(|(_, command)| text(Some(command))).collect()
        }
        other => texts(other),
    };
    if several.len() > 1 {
        report.lost(
            "startup_commands",
            "Only the first of its commands is taken over.",
        );
    }
    let written = text(egg.get("startup"));
    let written = if written.trim().is_empty() {
        several.into_iter().next().unwrap_or_default()
    } else {
        written
    };
    let startup = written.replace("\r\n", "\n").trim().to_owned();
    if startup.is_empty() {
        return Err(Refusal::new("The egg has no startup command."));
    }
    if startup.len() > MAX_STARTUP || startup.contains('\0') {
        return Err(Refusal::new("The egg's startup command is too long, or no text."));
    }
    for name in placeholder::names(&startup) {
        if !matches!(placeholder::asked(&name), placeholder::Asked::Env(_)) {
            report.lost(
                "startup",
                format!(
                    "{{{{{}}}}} is not known and stays as it is written.",
                    clean(&name, 60)
                ),
            );
        }
    }
    Ok(startup)
}

/// What has no counterpart at all.
fn rest(egg: &Map<String, Value>, report: &mut Report) {
    for feature in texts(egg.get("features")) {
        let text = match &*feature {
            "eula" => {
                "The question about a licence is not asked: set what its file wants, or accept it in the file."
            }
            _ => "It is an aid of another panel's pages.",
        };
        report.lost(format!("features.{}", clean(&feature, 40)), text);
    }
    if flagged(egg, "force_outgoing_ip") {
        report.lost("force_outgoing_ip", "Servers go out by the host's own address.");
    }
    if !text(egg.get("meta").and_then(|meta| meta.get("update_url"))).is_empty() {
        report.info(
            "meta.update_url",
            "It is not asked for newer versions: import them when you want them.",
        );
    }
    for key in ["extends", "copy_script_from", "config_from"] {
        let from = egg
            .get(key)
            .or_else(|| egg.get("config").and_then(|config| config.get(key)));
        if !text(from).is_empty() {
            report.lost(key, "It builds upon another egg, which is not in the file.");
        }
    }
}

fn flagged(egg: &Map<String, Value>, key: &str) -> bool {
    document::flag(egg.get(key), false)
}
