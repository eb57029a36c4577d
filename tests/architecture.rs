//! The architecture as a test: who may know whom, where SQL lives, that every file says why it exists and stays short.
//! What Rust's own privacy or clippy can hold (routes, time, ids) is held there; see `clippy.toml`.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Lines of code, comments and tests aside. The aim is well below.
const MAX_CODE: usize = 300;

struct Source {
    path: String,
    text: String,
}

impl Source {
    /// What ships: everything above the file's own tests, without comments.
    fn code(&self) -> impl Iterator<Item = &str> {
        let end = self.text.find("\n#[cfg(test)]\nmod ").unwrap_or(self.text.len());
        self.text[..end]
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("//"))
    }

    fn mentions(&self, needle: &str) -> bool {
        self.code().any(|line| line.contains(needle))
    }

    /// The top folder or file below `src/`: `platform`, `servers`, `app.rs`.
    fn area(&self) -> &str {
        self.path
            .strip_prefix("src/")
            .and_then(|rest| rest.split('/').next())
            .unwrap_or_default()
    }

    fn is_store(&self) -> bool {
        self.path.ends_with("/store.rs") || self.path.contains("/store/")
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/") || self.area() == "testing"
    }
}

fn collect(folder: &Path, into: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            into.push(Source {
                path: name,
                text: fs::read_to_string(&path).unwrap(),
            });
        }
    }
}

fn sources(folder: &str) -> Vec<Source> {
    let mut all = Vec::new();
    collect(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder), &mut all);
    assert!(!all.is_empty(), "nothing found below {folder}");
    all
}

/// The feature folders: everything that is neither plumbing nor an entry point.
fn features() -> Vec<String> {
    let fixed = ["platform", "drivers", "commands", "testing"];
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .unwrap()
        .flatten();
    let folders = entries.filter(|entry| entry.path().is_dir());
    let names = folders.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| !fixed.contains(&name.as_str())).collect()
}

#[track_caller]
fn assert_none(broken: &[String], rule: &str) {
    assert!(broken.is_empty(), "{rule}:\n{}", broken.join("\n"));
}

#[test]
fn every_file_says_why_it_exists() {
    let all = ["src", "tests"].into_iter().flat_map(sources);
    let broken: Vec<_> = all
        .filter(|source| !source.text.starts_with("//!"))
        .map(|source| source.path)
        .collect();
    assert_none(&broken, "these do not open with //!");
}

#[test]
fn files_are_short() {
    let all = sources("src").into_iter().filter(|source| !source.is_test());
    let long = all.filter_map(|source| {
        let lines = source.code().count();
        (lines > MAX_CODE).then(|| format!("{}: {lines}", source.path))
    });
    assert_none(
        &long.collect::<Vec<_>>(),
        "longer than 300 lines of code: split by verb",
    );
}

#[test]
fn sql_lives_in_stores() {
    let all = sources("src").into_iter().filter(|source| {
        let allowed = source.is_store() || source.is_test() || source.path.starts_with("src/platform/db/");
        // Enqueueing is one statement, and the queue is its own store.
        let allowed = allowed || source.path == "src/platform/jobs.rs";
        !allowed
            && (source.mentions("sqlx::query")
                || source.mentions("raw_sql")
                || source.mentions("AssertSqlSafe"))
    });
    assert_none(
        &all.map(|source| source.path).collect::<Vec<_>>(),
        "SQL outside of a store",
    );
}

#[test]
fn text_that_the_compiler_has_not_checked_stays_in_one_place() {
    let all = sources("src").into_iter().filter(|source| {
        let allowed = source.path.starts_with("src/platform/db/") || source.path == "src/testing/database.rs";
        !allowed && source.mentions("AssertSqlSafe")
    });
    assert_none(
        &all.map(|source| source.path).collect::<Vec<_>>(),
        "AssertSqlSafe outside of platform/db",
    );
}

#[test]
fn platform_and_drivers_know_no_feature() {
    let features = features();
    let broken = sources("src").into_iter().filter_map(|source| {
        let above = ["app", "routes", "commands", "config"].map(str::to_owned);
        let forbidden: Vec<String> = match source.area() {
            "platform" => features
                .iter()
                .cloned()
                .chain(above)
                .chain(["drivers".to_owned()])
                .collect(),
            "drivers" => features
                .iter()
                .cloned()
                .chain(above)
                .chain(["platform::web".to_owned()])
                .collect(),
            _ => return None,
        };
        let found = forbidden.into_iter().find(|name| {
            source.mentions(&format!("crate::{name}::")) || source.mentions(&format!("crate::{name};"))
        })?;
        Some(format!("{} knows {found}", source.path))
    });
    assert_none(&broken.collect::<Vec<_>>(), "arrows point the wrong way");
}

#[test]
fn features_keep_their_insides_private() {
    let insides = ["store", "pages", "api", "reconcile", "jobs"];
    let broken = features().into_iter().flat_map(|feature| {
        let path = format!("{}/src/{feature}/mod.rs", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(path).unwrap();
        let open = insides.into_iter().filter(move |inside| {
            text.contains(&format!("pub mod {inside};"))
                || text.contains(&format!("pub(crate) mod {inside};"))
        });
        open.map(move |inside| format!("{feature}::{inside}"))
            .collect::<Vec<_>>()
    });
    assert_none(
        &broken.collect::<Vec<_>>(),
        "visible to other features: re-export from mod.rs what they need",
    );
}

#[test]
fn models_are_pure() {
    let broken = sources("src").into_iter().filter(|source| {
        let is_model = source.path.ends_with("/model.rs") || source.path.contains("/model/");
        let io = [
            "sqlx::",
            "axum::",
            "bollard::",
            "askama::",
            "tokio::",
            "std::fs",
            "Clock",
            ".await",
        ];
        is_model && !source.is_test() && io.iter().any(|name| source.mentions(name))
    });
    assert_none(
        &broken.map(|source| source.path).collect::<Vec<_>>(),
        "a model that does something",
    );
}

#[test]
fn handlers_hold_no_key_to_everything() {
    let broken = sources("src").into_iter().filter(|source| {
        let is_handler = ["/pages", "/api"].iter().any(|part| {
            source.path.ends_with(&format!("{part}.rs")) || source.path.contains(&format!("{part}/"))
        });
        is_handler
            && (source.mentions("SystemScope")
                || source.mentions("SystemTx")
                || source.mentions("db.system("))
    });
    assert_none(
        &broken.map(|source| source.path).collect::<Vec<_>>(),
        "a handler that acts as the system",
    );
}

/// Every template: its path and text.
fn templates() -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                let text = fs::read_to_string(entry.path()).unwrap();
                all.push((entry.path().display().to_string(), text));
            }
        }
    }
    assert!(!all.is_empty(), "there are no templates");
    all
}

#[test]
fn templates_run_no_inline_code() {
    let bad = [
        " style=\"",
        " onclick=",
        " onchange=",
        " onsubmit=",
        "javascript:",
        "|safe",
    ];
    let broken = templates().into_iter().flat_map(|(path, text)| {
        let found = bad.into_iter().filter(move |bad| text.contains(bad));
        found.map(move |bad| format!("{path}: {bad}"))
    });
    assert_none(
        &broken.collect::<Vec<_>>(),
        "the Content-Security-Policy would stop it, or it is not escaped",
    );
}

#[test]
fn every_secret_that_is_typed_says_so() {
    let typed = templates()
        .into_iter()
        .filter(|(path, text)| !path.ends_with("components/form.html") && text.contains("type=\"password\""));
    let broken: Vec<_> = typed.map(|(path, _)| path).collect();
    assert_none(
        &broken,
        "use the field macro, whose hidden field keeps a password out of what is carried through a sign-in",
    );
}

/// The name that the type after `derive` has in OpenAPI: what `#[schema(as = …)]` says, or its own.
/// Empty in a macro, which gives it.
fn schema_name(after: &str) -> String {
    let ends = ["struct ", "enum "].into_iter().filter_map(|kind| {
        let at = after.find(kind)?;
        Some(at + kind.len())
    });
    let (attributes, own) = after.split_at(ends.min().unwrap());
    let said = attributes.split_once("#[schema(as = ");
    let name = said.map_or(own, |(_, name)| name);
    name.chars()
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect()
}

#[test]
fn no_two_schemas_share_a_name() {
    let mut homes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources("src") {
        let derives = source.text.match_indices("ToSchema").filter(|(at, _)| {
            let line = source.text[..*at].rsplit('\n').next().unwrap_or_default();
            line.trim_start().starts_with("#[derive(")
        });
        for (at, _) in derives {
            let name = schema_name(&source.text[at..]);
            if !name.is_empty() {
                homes.entry(name).or_default().push(source.path.clone());
            }
        }
    }
    assert!(homes.len() > 50, "only {} schemas were found", homes.len());
    let shared = homes.into_iter().filter(|(_, files)| files.len() > 1);
    let broken: Vec<_> = shared
        .map(|(name, files)| format!("{name}: {}", files.join(", ")))
        .collect();
    assert_none(
        &broken,
        "one overwrites the other in openapi.json: `#[schema(as = …)]`",
    );
}
