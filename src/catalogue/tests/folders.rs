//! Folders: the same hash and bytes for the same content, and the shipped templates sound.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use super::TEMPLATE;
use crate::catalogue::{Catalogue, CatalogueError, Folder, load_each};

fn load_all(dir: &Path) -> Result<Vec<Folder>, CatalogueError> {
    let (folders, broken) = load_each(dir)?;
    broken.into_iter().next().map_or(Ok(folders), Err)
}

/// A folder of its own for one test, gone afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("berth-catalogue-{}-{test}", std::process::id()));
        fs::create_dir_all(dir.join("example/files")).unwrap();
        let scratch = Self(dir);
        scratch.write("template.toml", TEMPLATE);
        scratch.write("Dockerfile", "ARG BASE=debian:bookworm-slim\nFROM ${BASE}\n");
        scratch.write("files/run.sh", "#!/bin/sh\nexec true\n");
        scratch
    }

    fn path(&self) -> PathBuf {
        self.0.join("example")
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.path().join(path), text).unwrap();
    }

    fn load(&self) -> Folder {
        load_all(&self.0).unwrap().remove(0)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn members(context: &[u8]) -> Vec<(String, u32)> {
    let mut archive = tar::Archive::new(context);
    archive
        .entries()
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (
                entry.path().unwrap().display().to_string(),
                entry.header().mode().unwrap(),
            )
        })
        .collect()
}

#[test]
fn the_same_folder_gives_the_same_image_and_bytes() {
    let (one, two) = (Scratch::new("same-1"), Scratch::new("same-2"));
    fs::File::open(two.path().join("Dockerfile"))
        .unwrap()
        .set_modified(std::time::UNIX_EPOCH)
        .unwrap();
    let (one, two) = (one.load(), two.load());
    assert_eq!(one.content_hash, two.content_hash);
    assert_eq!(one.image_tag(), two.image_tag());
    assert_eq!(one.build_context(None).unwrap(), two.build_context(None).unwrap());
}

#[test]
fn the_image_is_named_by_its_files_and_not_by_its_description() {
    let scratch = Scratch::new("named");
    let before = scratch.load();
    scratch.write("template.toml", &TEMPLATE.replace("An example", "The example"));
    let described = scratch.load();
    assert_eq!(before.image_tag(), described.image_tag());
    assert_ne!(before.content_hash, described.content_hash);
    scratch.write("files/run.sh", "#!/bin/sh\nexec false\n");
    assert_ne!(before.image_tag(), scratch.load().image_tag());
}

#[test]
fn the_executable_bit_counts() {
    let scratch = Scratch::new("mode");
    let before = scratch.load();
    fs::set_permissions(
        scratch.path().join("files/run.sh"),
        fs::Permissions::from_mode(0o700),
    )
    .unwrap();
    let after = scratch.load();
    assert_ne!(before.image_tag(), after.image_tag());
    let context = after.build_context(None).unwrap();
    assert_eq!(
        members(&context),
        [
            ("Dockerfile".to_owned(), 0o644),
            ("files/run.sh".to_owned(), 0o755)
        ]
    );
}

#[test]
fn links_are_refused() {
    let scratch = Scratch::new("links");
    symlink("/etc/passwd", scratch.path().join("files/passwd")).unwrap();
    let error = load_all(&scratch.0).unwrap_err().to_string();
    assert!(
        error.ends_with("files/passwd: file: is a link or a device; only files and folders are taken"),
        "{error}"
    );
}

#[test]
fn a_folder_without_its_files_is_named() {
    let scratch = Scratch::new("missing");
    fs::remove_file(scratch.path().join("Dockerfile")).unwrap();
    let error = load_all(&scratch.0).unwrap_err().to_string();
    assert!(
        error.ends_with("template.toml: Dockerfile: is missing from the template's folder"),
        "{error}"
    );
}

#[test]
fn a_problem_names_file_and_field() {
    let scratch = Scratch::new("problem");
    scratch.write("template.toml", &TEMPLATE.replace("pids = 64", "pids = 0"));
    let error = load_all(&scratch.0).unwrap_err().to_string();
    assert!(
        error.ends_with("example/template.toml: hardening.pids: must be from 8 to 8192"),
        "{error}"
    );
}

#[test]
fn the_shipped_templates_are_sound() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue");
    let folders = load_all(&dir).unwrap();
    let names: Vec<&str> = folders
        .iter()
        .map(|folder| folder.template.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "cdn-cache",
            "debian-ssh",
            "file-share",
            "intranet",
            "load-balancer",
            "luanti",
            "mariadb",
            "openttd",
            "php-site",
            "postgresql",
            "print-server",
            "redis",
            "scheduler",
            "shop",
            "static-site",
            "xmpp"
        ]
    );
}

#[test]
fn one_that_is_not_sound_is_told_with_its_line_and_takes_nothing_away() {
    let scratch = Scratch::new("broken");
    let other = scratch.0.join("other");
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join("Dockerfile"), "FROM scratch\n").unwrap();
    let text = TEMPLATE
        .replacen("\"example\"", "\"other\"", 1)
        .replacen("retries = ", "retries = 9", 1);
    fs::write(other.join("template.toml"), &text).unwrap();
    let catalogue = Catalogue::load(&scratch.0).unwrap();
    assert!(catalogue.get("example").is_some() && catalogue.get("other").is_none());
    let broken = &catalogue.broken()[0];
    let problem = &broken.problems[0];
    let line = text.lines().position(|line| line.starts_with("retries")).unwrap() + 1;
    assert_eq!(
        (&*broken.name, &*problem.at, problem.line),
        ("other", "health.retries", Some(line))
    );
    assert!(problem.file.ends_with("other/template.toml"), "{problem:?}");
}
