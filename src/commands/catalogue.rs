//! `berth catalogue`: images and templates, without a database: before the panel's first start, and in an author's hands.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, stream};

use crate::catalogue::{Catalogue as Shelf, Folder, start as start_build};
use crate::config::Config;
use crate::drivers::engine::{BuildEvent, Engine, Installation};

use super::{ready, start};

/// What to do with the catalogue.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Catalogue {
    /// Build images: of the templates that are named, or of all. Progress goes to standard error.
    Build(Box<Build>),
    /// Say all that is wrong with the templates of a folder.
    Check {
        /// The folder with the templates' folders.
        #[arg(default_value = "catalogue", env = "BERTH_CATALOGUE_DIR")]
        dir: PathBuf,
    },
}

/// What to build.
#[derive(Debug, clap::Args)]
pub(super) struct Build {
    /// The templates' names; all, if none is given.
    names: Vec<String>,
    /// Do every step again, with packages of today, even if the image is there.
    #[arg(long)]
    fresh: bool,
    /// How many are built at once.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=16))]
    jobs: u8,
    #[command(flatten)]
    config: Config,
}

impl Catalogue {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Build(build) => build.run().await,
            Self::Check { dir } => check(&dir),
        }
    }
}

fn check(dir: &std::path::Path) -> anyhow::Result<ExitCode> {
    ensure!(dir.is_dir(), "{} is not a folder", dir.display());
    let shelf = Shelf::load(dir).context("reading the catalogue")?;
    for problem in shelf.broken().iter().flat_map(|one| &one.problems) {
        println!("{problem}");
    }
    let (sound, broken) = (shelf.all().len(), shelf.broken().len());
    eprintln!("{sound} sound, {broken} not");
    Ok(if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Build {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let config = ready(self.config)?;
        let all = Shelf::load(&config.catalogue_dir).context("reading the catalogue")?;
        let folders = chosen(&all, &self.names)?;
        let engine = start::engine(&config, Installation::default())?;
        let mut failed = 0_usize;
        let mut builds = stream::iter(folders)
            .map(async |folder| (folder, build(&*engine, &config, folder, self.fresh).await))
            .buffer_unordered(self.jobs.into());
        while let Some((folder, built)) = builds.next().await {
            match built {
                Ok(()) => println!("{}", folder.image_tag()),
                Err(error) => {
                    eprintln!("{}: {error:#}", folder.template.name);
                    failed += 1;
                }
            }
        }
        // One that could not be loaded was not built either.
        let all_loaded = !self.names.is_empty() || all.broken().is_empty();
        Ok(if failed == 0 && all_loaded {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

fn chosen<'a>(shelf: &'a Shelf, names: &[String]) -> anyhow::Result<Vec<&'a Folder>> {
    if names.is_empty() {
        return Ok(shelf.all());
    }
    let find = |name: &String| {
        let folder = shelf.get(name);
        folder.with_context(|| format!("there is no sound template {name} in the catalogue"))
    };
    names.iter().map(find).collect()
}

async fn build(engine: &dyn Engine, config: &Config, folder: &Folder, fresh: bool) -> anyhow::Result<()> {
    let (name, tag) = (&folder.template.name, folder.image_tag());
    if !fresh && engine.image_exists(&tag).await? {
        eprintln!("{name}: {tag} is there");
        return Ok(());
    }
    eprintln!("{name}: building {tag}");
    let mut output = start_build(engine, folder, config, fresh).await?;
    while let Some(event) = output.next().await {
        if let BuildEvent::Line(line) = event? {
            eprintln!("{name}: {line}");
        }
    }
    ensure!(
        engine.image_exists(&tag).await?,
        "the build ended without an image"
    );
    Ok(())
}
