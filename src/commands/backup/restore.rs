//! `berth restore`: nothing that is there is written over. The key comes before the database: a database without its key would
//! make a panel that can't open its secrets, a key without its database is taken up by the next attempt.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::config::Config;
use crate::platform::db;
use crate::platform::fault;
use crate::platform::secret::Secret;

use super::archive;
use super::manifest::{CATALOGUE, DATABASE, KEY, Manifest, SETTINGS};
use super::{STANDARD, databases};

/// What is restored.
#[derive(Debug, clap::Args)]
pub(in crate::commands) struct Restore {
    #[command(flatten)]
    config: Config,
    /// The backup, or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
}

impl Restore {
    /// Puts a backup into an empty database.
    pub(in crate::commands) async fn run(self) -> anyhow::Result<()> {
        let config = super::super::ready(self.config)?;
        fs::create_dir_all(&config.data_dir)
            .with_context(|| format!("creating the data folder {}", config.data_dir.display()))?;
        let urls = databases(&config).await?;
        let admin = urls
            .admin
            .context("set BERTH_DATABASE_ADMIN_URL: making roles and tables takes an administrator")?;
        if let Some(found) = db::contents(admin.expose())
            .await
            .context("reading the database")?
        {
            let whose = found.installation.unwrap_or_else(|| "no installation".to_owned());
            bail!(
                "the database is not empty ({whose}), and nothing is written over: name another one by DATABASE_URL, \
                 or another BERTH_DATA_DIR where it is the private cluster"
            );
        }
        let (folder, manifest) = {
            let config = config.clone();
            tokio::task::spawn_blocking(move || unpack(&config, &self.from)).await??
        };
        keep_key(&folder.join(KEY), &config.key_file())?;
        fault::point("restore.after_key");
        fill(&admin, &folder.join(DATABASE)).await?;
        fault::point("restore.after_database");
        db::prepare(admin.expose(), urls.password.as_deref())
            .await
            .context("bringing the database up to date")?;
        for done in [DATABASE, KEY] {
            fs::remove_file(folder.join(done)).with_context(|| format!("removing {done}"))?;
        }
        tell(&config, &manifest, &folder);
        Ok(())
    }
}

/// The backup's files, below the data folder.
fn unpack(config: &Config, from: &Path) -> anyhow::Result<(PathBuf, Manifest)> {
    let reader: Box<dyn Read> = if from.as_os_str() == STANDARD {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(from).with_context(|| format!("opening {}", from.display()))?)
    };
    let folder = config.data_dir.join("restored");
    // Of an attempt that was cut off, or of an earlier restore: it holds nothing that its backup does not.
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("removing {}", folder.display()));
        }
        _ => {}
    }
    let manifest = archive::read(reader, &folder, |manifest| {
        if manifest.instance == config.instance {
            return Ok(());
        }
        bail!(
            "it is a backup of the instance {:?}: set BERTH_INSTANCE={}, or its servers will not be found on the engine",
            manifest.instance,
            manifest.instance
        )
    })?;
    Ok((folder, manifest))
}

/// Puts the key where the panel looks for it. One that is there has to be the same.
fn keep_key(from: &Path, to: &Path) -> anyhow::Result<()> {
    let key = fs::read(from).context("reading the key of the backup")?;
    match fs::read(to) {
        Ok(found) if found == key => return Ok(()),
        Ok(_) => bail!(
            "{} holds another key, which may be all that opens other secrets: move it away first",
            to.display()
        ),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("reading {}", to.display())),
    }
    let partial = to.with_added_extension("partial");
    let _ = fs::remove_file(&partial);
    let mut file = archive::create(&partial)?;
    let written = file.write_all(&key).and_then(|()| file.sync_all());
    written
        .and_then(|()| fs::rename(&partial, to))
        .with_context(|| format!("writing {}", to.display()))
}

async fn fill(admin: &Secret, dump: &Path) -> anyhow::Result<()> {
    db::make_roles(admin.expose()).await.context("making the roles")?;
    tracing::info!("reading the database");
    let dump = File::open(dump).context("opening the dump")?;
    let read = db::read_dump(admin.expose(), dump).await;
    read.context("reading the dump into the database")
}

fn tell(config: &Config, manifest: &Manifest, folder: &Path) {
    println!(
        "The panel is back as it was on {} (installation {}).",
        manifest.made_at.format("%Y-%m-%d %H:%M:%S UTC"),
        manifest.installation
    );
    println!("Its key is in {}.", config.key_file().display());
    println!(
        "Its settings are in {}, its catalogue in {}: compare them with yours, then start the panel.",
        folder.join(SETTINGS).display(),
        folder.join(CATALOGUE).display()
    );
}
