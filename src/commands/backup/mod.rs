//! `berth backup` and `berth restore`: the panel itself as one file, and back.
//!
//! In it are the database, the keys of secrets, the settings and the catalogue: what it takes to find the running servers again on
//! a machine where nothing else is left of the panel. Customers' data are not: they have backups of their own.
//!
//! A backup that was cut off is no file; a restore that was cut off is begun anew, since the database comes last and at once.

mod archive;
mod manifest;
mod restore;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args as _;
use uuid::Uuid;

use crate::config::Config;
use crate::platform::clock::{Clock as _, SystemClock};
use crate::platform::db;
use crate::platform::secret::Secret;

use super::start::databases;
use archive::{Content, Contents};
use manifest::{DATABASE, KEY, Manifest, SETTINGS};

pub(super) use restore::Restore;

/// What stands for standard input and output.
const STANDARD: &str = "-";

/// Where the backup goes.
#[derive(Debug, clap::Args)]
pub(super) struct Backup {
    #[command(flatten)]
    config: Config,
    /// The new file, or `-` for standard output. Who can read it can open every secret in it: pipe it through `age` or `gpg`
    /// before it leaves the machine.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

impl Backup {
    /// Writes the backup. The panel may run meanwhile.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let config = super::ready(self.config)?;
        let is_standard = self.to.as_os_str() == STANDARD;
        if is_standard && io::stdout().is_terminal() {
            bail!("a backup on a terminal helps nobody: name a file, or pipe it to a program");
        }
        if !is_standard && self.to.exists() {
            bail!("{} is there already: choose another name", self.to.display());
        }
        let urls = databases(&config).await?;
        let admin = urls
            .admin
            .context("set BERTH_DATABASE_ADMIN_URL: reading all of the database takes an administrator")?;
        let (manifest, contents) = collect(&config, &admin).await?;
        let to = self.to;
        tokio::task::spawn_blocking(move || save(&manifest, contents, &to)).await?
    }
}

/// All that the backup consists of.
async fn collect(config: &Config, admin: &Secret) -> anyhow::Result<(Manifest, Contents)> {
    let found = db::contents(admin.expose())
        .await
        .context("reading the database")?;
    let found = found.context("this database is not a panel's: there is nothing to back up")?;
    let installation = found
        .installation
        .context("no panel has ever run on this database: there is nothing to back up")?;
    let key = config.key_file();
    let key = fs::read(&key).with_context(|| format!("reading the key file {}", key.display()))?;
    tracing::info!("dumping the database");
    let dump = nameless_file(&config.data_dir)?;
    db::dump(admin.expose(), dump.try_clone()?)
        .await
        .context("dumping the database")?;
    let mut contents = archive::catalogue(&config.catalogue_dir)?;
    contents.insert(KEY.to_owned(), Content::Bytes(key));
    contents.insert(SETTINGS.to_owned(), Content::Bytes(settings(std::env::vars())));
    contents.insert(DATABASE.to_owned(), Content::File(dump));
    let files = archive::entries(&mut contents).context("reading what is to be backed up")?;
    let now = SystemClock.now();
    let manifest = Manifest::new((found.schema, installation), &config.instance, now, files);
    Ok((manifest, contents))
}

/// A file that is gone when this program is, however it ends.
fn nameless_file(folder: &Path) -> anyhow::Result<File> {
    let path = folder.join(format!("dump-{}.tmp", Uuid::new_v4()));
    let file = archive::create(&path)?;
    fs::remove_file(&path).with_context(|| format!("taking away the name of {}", path.display()))?;
    Ok(file)
}

/// The panel's settings that the environment names. Those that are secrets are no arguments of [`Config`].
fn settings(all: impl Iterator<Item = (String, String)>) -> Vec<u8> {
    let known = Config::augment_args(clap::Command::new("berth"));
    let known: BTreeSet<&str> = known
        .get_arguments()
        .filter_map(|argument| argument.get_env()?.to_str())
        .collect();
    let mut lines: Vec<String> = all
        .filter(|(name, _)| known.contains(name.as_str()))
        .map(|(name, value)| format!("{name}={}\n", quoted(&value)))
        .collect();
    lines.sort();
    lines.concat().into_bytes()
}

/// As environment files of systemd and Compose are written: in double quotes where a value is more than a word.
fn quoted(value: &str) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "_-./:,@%+".contains(letter);
    if !value.is_empty() && value.chars().all(is_word) {
        return value.to_owned();
    }
    let escaped = value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('$', "\\$")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}

fn save(manifest: &Manifest, mut contents: Contents, to: &Path) -> anyhow::Result<()> {
    if to.as_os_str() == STANDARD {
        return archive::write(manifest, &mut contents, io::stdout().lock()).context("writing the backup");
    }
    let partial = to.with_added_extension("partial");
    // One that was cut off.
    if partial.exists() {
        fs::remove_file(&partial).with_context(|| format!("removing {}", partial.display()))?;
    }
    let mut file = archive::create(&partial)?;
    let written = archive::write(manifest, &mut contents, io::BufWriter::new(&mut file))
        .and_then(|()| Ok(file.flush()?))
        .and_then(|()| Ok(file.sync_all()?))
        .and_then(|()| Ok(fs::rename(&partial, to)?));
    if let Err(error) = written {
        // What is half written is worth nothing, and fills the disk that may be full.
        let _ = fs::remove_file(&partial);
        return Err(error).with_context(|| format!("writing {}", to.display()));
    }
    let size = fs::metadata(to).map_or(0, |data| data.len());
    println!(
        "The panel is backed up in {} ({} KiB).",
        to.display(),
        size.div_ceil(1024)
    );
    println!(
        "Its key is in it: whoever can read it can open every secret. Keep a copy on another machine, encrypted."
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_kept_and_secrets_are_not() {
        let all = [
            ("BERTH_PUBLIC_HOST", "host.example"),
            ("BERTH_SUPPORT_CONTACT", "https://a.example/?q=\"$x\""),
            ("BERTH_DATABASE_ADMIN_URL", "postgres://root:secret@db"),
            ("BERTH_OF_ANOTHER_PROGRAM", "1"),
            ("BERTH_INSTANCE", ""),
            ("DATABASE_URL", "postgres://berth:secret@db"),
            ("HOME", "/root"),
        ];
        let all = all.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let lines = String::from_utf8(settings(all.into_iter())).unwrap();
        assert_eq!(
            lines,
            "BERTH_INSTANCE=\"\"\nBERTH_PUBLIC_HOST=host.example\n\
             BERTH_SUPPORT_CONTACT=\"https://a.example/?q=\\\"\\$x\\\"\"\n"
        );
    }
}
