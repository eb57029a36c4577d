//! From an egg to a template of the catalogue, and to the command that its container runs.
//!
//! An egg's server writes to one folder, [`HOME`], which is its volume; it runs as one fixed user that is not root, without
//! capabilities, on a read-only root with a temporary folder in memory.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::catalogue::{
    Category, Console, GuidePart, GuideStep, Hardening, Kind, Placeholder, Resources, Stop as TemplateStop,
    StopSignal, Template, Tmpfs, Variable, Volume,
};

use super::egg::{Egg, NamedImage};
use super::lifecycle::Stop;
use super::placeholder::{Asked, asked, replace};

/// Where an egg's server has its folder, as in other panels.
pub const HOME: &str = "/home/container";
/// Where its install script sees that folder.
pub const INSTALL_PATH: &str = "/mnt/server";
/// Who it runs as: the user `container` of the images that eggs name.
const USER: &str = "1000:1000";
/// The variable by which a customer chooses among an egg's images.
pub const IMAGE_KEY: &str = "BERTH_IMAGE";
/// The variable that holds the egg's command, which the entry points of its images read.
pub const STARTUP_KEY: &str = "STARTUP";

/// The name of the volume.
const VOLUME: &str = "data";
/// What other panels allow.
const PIDS: u32 = 512;
const TMP_MIB: u32 = 100;
/// Eggs do not say; the least that the smallest public ones start in.
const MINIMUM_MEMORY_MIB: u32 = 64;
const RECOMMENDED_MEMORY_MIB: u32 = 1_024;
const RECOMMENDED_CPU_MILLIS: u32 = 1_000;
/// Long enough to save a large world.
const GRACE: Duration = Duration::from_mins(1);
const MAX_TITLE: usize = 40;
const MAX_NAME: usize = 32;

/// What the provider's people choose at an import.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// Images to use instead of those that the egg names, by those.
    pub images: BTreeMap<String, String>,
    /// The shelf.
    pub category: Option<Category>,
}

impl Choices {
    /// The image that stands for one of the egg's.
    pub fn image<'a>(&'a self, image: &'a str) -> &'a str {
        self.images.get(image).map_or(image, String::as_str)
    }
}

/// The name that servers keep: the template's and its version's, `paper@3`.
pub fn key(name: &str, version: i32) -> String {
    format!("{name}@{version}")
}

/// The two parts of such a name; nothing for a template of the catalogue's folder.
pub fn split_key(key: &str) -> Option<(&str, i32)> {
    let (name, version) = key.split_once('@')?;
    Some((name, version.parse().ok()?))
}

/// A name for addresses made of a title.
pub fn slug(title: &str) -> String {
    let lower = title.to_lowercase();
    let words = lower
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("-");
    let cut = joined.get(..MAX_NAME).unwrap_or(&joined).trim_end_matches('-');
    match cut.chars().next() {
        Some(first) if first.is_ascii_lowercase() && cut.len() > 1 => cut.to_owned(),
        _ => format!("egg-{cut}").trim_end_matches('-').to_owned(),
    }
}

impl Egg {
    /// The images to choose from, as the provider wants them.
    pub fn images(&self, choices: &Choices) -> Vec<NamedImage> {
        let image = |one: &NamedImage| NamedImage {
            label: one.label.clone(),
            image: choices.image(&one.image).to_owned(),
        };
        self.images.iter().map(image).collect()
    }

    /// The template `name` that servers are made from.
    pub fn template(&self, name: &str, version: i32, choices: &Choices) -> Template {
        let description = match self.author.as_str() {
            "" => self.description.clone(),
            author => format!("{}\n\nThe egg was written by {author}.", self.description),
        };
        Template {
            name: name.to_owned(),
            title: self
                .title
                .chars()
                .take(MAX_TITLE)
                .collect::<String>()
                .trim()
                .to_owned(),
            summary: self.summary(),
            description: description.trim().to_owned(),
            category: choices.category.unwrap_or(Category::Game),
            icon: "package".to_owned(),
            version: version.to_string(),
            // Its one port has the same number inside and outside; it is given to each server at its creation.
            ports: Vec::new(),
            volumes: vec![Volume {
                name: VOLUME.to_owned(),
                path: PathBuf::from(HOME),
                purpose: "Everything that it keeps".to_owned(),
            }],
            variables: self.questions(),
            health: None,
            dump: None,
            console: Console::Attach,
            hardening: Hardening {
                cap_add: Vec::new(),
                read_only_root: true,
                tmpfs: vec![Tmpfs {
                    path: PathBuf::from("/tmp"),
                    size_mib: TMP_MIB,
                }],
                user: Some(USER.to_owned()),
                pids: PIDS,
            },
            resources: Resources {
                minimum_memory_mib: MINIMUM_MEMORY_MIB,
                recommended_memory_mib: RECOMMENDED_MEMORY_MIB,
                recommended_cpu_millis: RECOMMENDED_CPU_MILLIS,
            },
            stop: TemplateStop {
                signal: self.signal(),
                grace: GRACE,
            },
            guide: vec![GuideStep {
                text: vec![
                    GuidePart::Text("It listens at ".to_owned()),
                    GuidePart::Value(Placeholder::Host),
                    GuidePart::Text(", port ".to_owned()),
                    GuidePart::Value(Placeholder::Port("main".to_owned())),
                    GuidePart::Text(", for TCP and UDP.".to_owned()),
                ],
                command: None,
            }],
        }
    }

    fn summary(&self) -> String {
        let first = self.description.split(['\n']).next().unwrap_or_default().trim();
        match first {
            "" => format!("From the egg {}", self.title),
            text if text.chars().count() <= 160 => text.to_owned(),
            text => format!("{}…", text.chars().take(159).collect::<String>().trim_end()),
        }
    }

    /// The signal of the container: that of the egg, or what ends one that ignores its input.
    fn signal(&self) -> StopSignal {
        match self.stop {
            Stop::Signal(signal) => signal,
            Stop::Input(_) => StopSignal::Term,
        }
    }

    fn questions(&self) -> Vec<Variable> {
        let mut variables = self.variables.clone();
        if let [first, _, ..] = self.images.as_slice() {
            variables.push(Variable {
                key: IMAGE_KEY.to_owned(),
                label: "Image".to_owned(),
                help: "The image that it runs in.".to_owned(),
                kind: Kind::Choice {
                    choices: self.images.iter().map(|image| image.label.clone()).collect(),
                },
                required: false,
                default: Some(first.label.clone()),
                fresh_in_copies: false,
            });
        }
        variables
    }

    /// The command as a shell reads it: `{{VARIABLE}}` is the variable's value and never a piece of the command.
    pub fn shell_line(&self) -> String {
        replace(&self.startup, |name| match asked(name) {
            Asked::Env(key) => Some(format!("${{{key}}}")),
            Asked::Host | Asked::Unknown => None,
        })
    }

    /// What the container runs. The images that eggs are written for have an entry point that reads `STARTUP`; any other
    /// runs the line itself. The last command replaces its shell, so that it hears the signals.
    pub fn command(&self) -> Vec<String> {
        const LAUNCH: &str = "cd /home/container || exit 1\n\
            if [ -x /entrypoint.sh ]; then exec /entrypoint.sh; fi\n\
            if [ -f /entrypoint.sh ]; then exec /bin/sh /entrypoint.sh; fi\n\
            if [ -x /bin/bash ]; then exec /bin/bash -c \"$1\"; fi\n\
            exec /bin/sh -c \"$1\"\n";
        ["/bin/sh", "-c", LAUNCH, "berth", &self.shell_line()]
            .map(str::to_owned)
            .into()
    }
}
