//! The archive: a plain tar whose first file is the manifest. Reading one checks every file against it, and writes nowhere
//! but below one folder.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read, Seek as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ignore::WalkBuilder;
use sha2::{Digest as _, Sha256};

use super::manifest::{CATALOGUE, Entry, Manifest, NAME, Unusable};

/// Larger than any manifest: whatever says that it is so large is something else.
const LARGEST_MANIFEST: u64 = 16 * 1024 * 1024;
const CHUNK: usize = 64 * 1024;

/// Something to be put into an archive.
pub(super) enum Content {
    Bytes(Vec<u8>),
    /// Read from its beginning.
    File(File),
}

/// Files by their names in the archive.
pub(super) type Contents = BTreeMap<String, Content>;

impl Content {
    fn reader(&mut self) -> io::Result<Box<dyn Read + '_>> {
        Ok(match self {
            Self::Bytes(bytes) => Box::new(bytes.as_slice()),
            Self::File(file) => {
                file.rewind()?;
                Box::new(file)
            }
        })
    }
}

/// Sizes and checksums of what is to be put into an archive.
pub(super) fn entries(contents: &mut Contents) -> io::Result<BTreeMap<String, Entry>> {
    let mut entries = BTreeMap::new();
    for (name, content) in contents {
        let entry = copy(&mut *content.reader()?, &mut io::sink())?;
        entries.insert(name.clone(), entry);
    }
    Ok(entries)
}

/// Copies all there is, and tells what it was.
fn copy(from: &mut dyn Read, to: &mut dyn Write) -> io::Result<Entry> {
    let (mut hash, mut size, mut chunk) = (Sha256::new(), 0, vec![0; CHUNK]);
    loop {
        let count = match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(&chunk[..count]);
        to.write_all(&chunk[..count])?;
        size += u64::try_from(count).unwrap_or(u64::MAX);
    }
    let mut sha256 = String::with_capacity(64);
    for byte in hash.finalize() {
        let _ = write!(sha256, "{byte:02x}");
    }
    Ok(Entry { size, sha256 })
}

/// Writes an archive.
pub(super) fn write(manifest: &Manifest, contents: &mut Contents, to: impl Write) -> anyhow::Result<()> {
    let mut archive = tar::Builder::new(to);
    let seconds = u64::try_from(manifest.made_at.timestamp()).unwrap_or_default();
    let mut append = |name: &str, size: u64, content: &mut dyn Read| {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(seconds);
        archive.append_data(&mut header, name, content)
    };
    let text = serde_json::to_vec_pretty(manifest).context("writing the manifest")?;
    append(NAME, u64::try_from(text.len())?, &mut text.as_slice())?;
    for (name, content) in contents {
        let size = manifest.files.get(name).map_or(0, |entry| entry.size);
        append(name, size, &mut *content.reader()?)?;
    }
    archive.into_inner()?.flush()?;
    Ok(())
}

/// Reads an archive into a folder that is not there yet. `judge` sees the manifest before anything is written.
pub(super) fn read(
    from: impl Read,
    folder: &Path,
    judge: impl FnOnce(&Manifest) -> anyhow::Result<()>,
) -> anyhow::Result<Manifest> {
    let mut archive = tar::Archive::new(from);
    let mut files = archive.entries().map_err(|_| Unusable::Foreign)?;
    let manifest = match files.next() {
        Some(Ok(first)) if first.path_bytes().as_ref() == NAME.as_bytes() => {
            let mut text = Vec::new();
            first.take(LARGEST_MANIFEST).read_to_end(&mut text)?;
            Manifest::read(&text)?
        }
        _ => return Err(Unusable::Foreign.into()),
    };
    judge(&manifest)?;
    let mut missing: BTreeMap<_, _> = manifest.files.iter().collect();
    for file in files {
        let mut file = file.context("reading the backup")?;
        let name = String::from_utf8_lossy(&file.path_bytes()).into_owned();
        let Some(entry) = missing.remove(&name) else {
            return Err(Unusable::Name(name).into());
        };
        let found = copy(&mut file, &mut create(&folder.join(&name))?).context("reading the backup")?;
        if found != *entry {
            return Err(Unusable::Damaged(name).into());
        }
    }
    if let Some(name) = missing.into_keys().next() {
        return Err(Unusable::Damaged(name.clone()).into());
    }
    Ok(manifest)
}

/// A new file that only its owner may read.
pub(super) fn create(path: &Path) -> anyhow::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    }
    let mut options = File::options();
    options.read(true).write(true).create_new(true).mode(0o600);
    options
        .open(path)
        .with_context(|| format!("creating {}", path.display()))
}

/// The catalogue's files.
pub(super) fn catalogue(folder: &Path) -> anyhow::Result<Contents> {
    let mut contents = Contents::new();
    for entry in WalkBuilder::new(folder).standard_filters(false).build() {
        let entry = entry.with_context(|| format!("reading the catalogue {}", folder.display()))?;
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let below = entry
            .path()
            .strip_prefix(folder)
            .context("a file of the catalogue")?;
        let name = PathBuf::from(CATALOGUE).join(below);
        let bytes = fs::read(entry.path()).with_context(|| format!("reading {}", entry.path().display()))?;
        contents.insert(name.to_string_lossy().into_owned(), Content::Bytes(bytes));
    }
    Ok(contents)
}
