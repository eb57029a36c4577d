//! Template folders on disk: what is in them, the hash that names their image, and the build context.
//!
//! Only what git keeps counts: paths, contents and the executable bit. The same folder gives the same hash and
//! the same bytes of build context on every machine, whoever checked it out and when.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::model::Template;
use super::parse::{Problem, Problems};

/// The description; it is no part of the image.
const TEMPLATE_FILE: &str = "template.toml";
/// The folder that is no template: the blueprints of stacks, a file each.
pub(super) const BLUEPRINTS: &str = "blueprints";
const DOCKERFILE: &str = "Dockerfile";
/// What a Dockerfile finds the authorities under that builds trust besides Debian's.
const AUTHORITIES_FILE: &str = "berth-ca.crt";
/// A build context travels through memory; data belongs into volumes.
const LARGEST_FOLDER: u64 = 16 * 1024 * 1024;
const IMAGE_HASH_DIGITS: usize = 12;

/// Why the catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A file or folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A template is not sound.
    #[error("{}", located(path, problems))]
    Template {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        problems: Problems,
    },
}

fn located(path: &Path, problems: &Problems) -> String {
    let lines: Vec<String> = problems
        .0
        .iter()
        .map(|problem| format!("{}: {problem}", path.display()))
        .collect();
    lines.join("\n")
}

/// A template with its files.
#[derive(Debug, Clone)]
pub struct Folder {
    /// What its `template.toml` says.
    pub template: Arc<Template>,
    /// Hash of everything in the folder: the same hash, the same template.
    pub content_hash: String,
    image_hash: String,
    files: Vec<File>,
}

#[derive(Debug, Clone)]
struct File {
    /// Relative to the folder, with `/` between.
    path: String,
    executable: bool,
    bytes: Vec<u8>,
}

/// Every template below `dir`, by name: those that are sound, and why the others are not. The one must not shut out the
/// other, or a slip in a new template would take the old ones away with the panel's next start.
pub fn load_each(dir: &Path) -> Result<(Vec<Folder>, Vec<CatalogueError>), CatalogueError> {
    let (mut folders, mut broken) = (Vec::new(), Vec::new());
    let is_template = |path: &PathBuf| path.is_dir() && !path.ends_with(BLUEPRINTS);
    for path in entries(dir)?.into_iter().filter(is_template) {
        match Folder::load(&path) {
            Ok(folder) => folders.push(folder),
            Err(error) => broken.push(error),
        }
    }
    Ok((folders, broken))
}

/// The texts of a folder's TOML files, by name; a folder that is not there has none.
pub(super) fn texts(dir: &Path) -> Vec<(PathBuf, Result<String, CatalogueError>)> {
    let paths = entries(dir).unwrap_or_default();
    let is_text = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).map_err(|source| unreadable(&path, source));
        (path, text)
    };
    paths.into_iter().filter(is_text).map(read).collect()
}

impl Folder {
    /// Reads one template's folder.
    pub fn load(dir: &Path) -> Result<Self, CatalogueError> {
        let mut files = Vec::new();
        collect(dir, dir, &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let name = dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let template = describe(name, &files).map_err(|problems| CatalogueError::Template {
            path: dir.join(TEMPLATE_FILE),
            problems,
        })?;
        let content_hash = hash(files.iter());
        files.retain(|file| file.path != TEMPLATE_FILE);
        let image_hash = hash(files.iter());
        Ok(Self {
            template: Arc::new(template),
            content_hash,
            image_hash,
            files,
        })
    }

    /// The image's name: `berth/static-site:3f1c0ad2b4e6`. It changes when a file of the image does, and not when
    /// only the description does.
    pub fn image_tag(&self) -> String {
        format!(
            "berth/{}:{}",
            self.template.name,
            &self.image_hash[..IMAGE_HASH_DIGITS]
        )
    }

    /// The build context for the engine: a tar archive, the same bytes for the same folder and the same `authorities`
    /// (PEM, for the build's own downloads; they are no part of what names the image).
    pub fn build_context(&self, authorities: Option<&[u8]>) -> io::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(Vec::new());
        for file in &self.files {
            append(&mut archive, &file.path, file.executable, &file.bytes)?;
        }
        if let Some(authorities) = authorities {
            append(&mut archive, AUTHORITIES_FILE, false, authorities)?;
        }
        archive.into_inner()
    }
}

fn append(archive: &mut tar::Builder<Vec<u8>>, path: &str, executable: bool, bytes: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(if executable { 0o755 } else { 0o644 });
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    archive.append_data(&mut header, path, bytes)
}

fn describe(name: &str, files: &[File]) -> Result<Template, Problems> {
    let missing = |file: &str| {
        Problems(vec![Problem {
            at: file.to_owned(),
            message: "is missing from the template's folder".to_owned(),
        }])
    };
    let find = |path: &str| {
        files
            .iter()
            .find(|file| file.path == path)
            .ok_or_else(|| missing(path))
    };
    find(DOCKERFILE)?;
    let text = std::str::from_utf8(&find(TEMPLATE_FILE)?.bytes).map_err(|error| {
        let at = format!("byte {}", error.valid_up_to());
        Problems(vec![Problem {
            at,
            message: "is not UTF-8".to_owned(),
        }])
    })?;
    Template::parse(name, text)
}

fn collect(root: &Path, dir: &Path, files: &mut Vec<File>) -> Result<(), CatalogueError> {
    for path in entries(dir)? {
        let meta = fs::symlink_metadata(&path).map_err(|source| unreadable(&path, source))?;
        let refuse = |message: &str| CatalogueError::Template {
            path: path.clone(),
            problems: Problems(vec![Problem {
                at: "file".to_owned(),
                message: message.to_owned(),
            }]),
        };
        if meta.is_dir() {
            collect(root, &path, files)?;
        } else if meta.is_file() {
            let held: u64 = files.iter().map(|file| file.bytes.len() as u64).sum();
            if held + meta.len() > LARGEST_FOLDER {
                return Err(refuse(
                    "makes the folder larger than 16 MiB; data belongs into volumes",
                ));
            }
            let relative = path.strip_prefix(root).ok().and_then(Path::to_str);
            files.push(File {
                path: relative
                    .ok_or_else(|| refuse("has a name that is not UTF-8"))?
                    .to_owned(),
                executable: meta.permissions().mode() & 0o100 != 0,
                bytes: fs::read(&path).map_err(|source| unreadable(&path, source))?,
            });
        } else {
            return Err(refuse("is a link or a device; only files and folders are taken"));
        }
    }
    Ok(())
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, CatalogueError> {
    let read = || {
        fs::read_dir(dir)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()
    };
    let mut paths = read().map_err(|source| unreadable(dir, source))?;
    paths.sort();
    Ok(paths)
}

fn unreadable(path: &Path, source: io::Error) -> CatalogueError {
    CatalogueError::Read {
        path: path.to_owned(),
        source,
    }
}

/// Each part with its length before it, so that no two folders can run together into the same bytes.
fn hash<'a>(files: impl Iterator<Item = &'a File>) -> String {
    let mut hash = Sha256::new();
    for file in files {
        for part in [file.path.as_bytes(), &[u8::from(file.executable)], &file.bytes] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
