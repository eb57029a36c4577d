//! `berth pool`: making a pool of storage, and looking after it. What changes volumes goes through the driver that serves the
//! pool; looking needs no driver.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::drivers::pool::{
    self, Client, Setup, SnapshotName, Status, TenantName, Usage, VolumeName, parse_size, show_size,
};

/// Where the engine looks for our plugin.
pub(super) const SOCKET: &str = "/run/docker/plugins/berth.sock";

/// Where a pool is.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Place {
    /// Where the pool is mounted.
    #[arg(long, env = "BERTH_POOL", default_value = "/srv/berth-pool")]
    pub(super) pool: PathBuf,
    /// The block device or the file that it lies on. By default a file beside it: /srv/berth-pool.img
    #[arg(long, env = "BERTH_POOL_SOURCE")]
    source: Option<PathBuf>,
}

impl Place {
    pub(super) fn source(&self) -> PathBuf {
        self.source.clone().unwrap_or_else(|| {
            let mut beside = self.pool.as_os_str().to_owned();
            beside.push(".img");
            PathBuf::from(beside)
        })
    }
}

/// The driver that serves it.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Served {
    /// The driver's socket.
    #[arg(long, env = "BERTH_POOL_SOCKET", default_value = SOCKET)]
    socket: PathBuf,
}

/// What to do with the pool.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Pool {
    /// Make a pool on an empty block device or in a new file, and mount it. What holds something is never overwritten.
    Init {
        #[command(flatten)]
        place: Place,
        /// How large its file may get, such as 100GiB. It takes space as it fills.
        #[arg(long, value_parser = size)]
        size: Option<u64>,
        /// Plain folders, where there is no btrfs: a soft quota, measured and not enforced.
        #[arg(long)]
        soft: bool,
    },
    /// Tell how the pool is, and what to do about what is wrong. Exits with 1 if volumes suffer.
    Status {
        #[command(flatten)]
        place: Place,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make the pool larger while it is used: to the size of its device, or its file to --size.
    Grow {
        #[command(flatten)]
        place: Place,
        /// How large its file may get.
        #[arg(long, value_parser = size)]
        size: Option<u64>,
    },
    /// Tell what every volume and tenant holds.
    Usage {
        #[command(flatten)]
        served: Served,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Change what a volume may hold, at once. Less than it holds is refused.
    Resize {
        #[command(flatten)]
        served: Served,
        /// The volume.
        volume: String,
        /// What it may hold, such as 20GiB.
        #[arg(value_parser = size)]
        size: u64,
    },
    /// Change what a tenant's volumes may hold together, at once.
    Tenant {
        #[command(flatten)]
        served: Served,
        /// The tenant.
        tenant: String,
        /// What they may hold, such as 100GiB, or `none`.
        #[arg(value_parser = limit)]
        limit: Limit,
    },
    /// Make a read-only snapshot of a volume. It counts for the volume.
    Snapshot {
        #[command(flatten)]
        served: Served,
        /// The volume.
        volume: String,
        /// The snapshot's name.
        name: String,
        /// Remove it instead.
        #[arg(long)]
        remove: bool,
    },
}

fn size(text: &str) -> Result<u64, String> {
    parse_size(text).map_err(|error| error.to_string())
}

/// A limit, or that there is none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(Option<u64>);

fn limit(text: &str) -> Result<Limit, String> {
    match text {
        "none" => Ok(Limit(None)),
        _ => size(text).map(|size| Limit(Some(size))),
    }
}

impl Pool {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Init { place, size, soft } => init(&place, size, soft)?,
            Self::Status { place, json } => return status(&place, json),
            Self::Grow { place, size } => {
                let total = pool::grow(&place.pool, &place.source(), size)?;
                println!("The pool at {} has {}.", place.pool.display(), show_size(total));
            }
            Self::Usage { served, json } => usage(&served.client().usage(true).await?, json)?,
            Self::Resize { served, volume, size } => {
                let name = VolumeName::parse(&volume)?;
                served.client().resize(&name, size).await?;
                println!("The volume {name} may hold {}.", show_size(size));
            }
            Self::Tenant {
                served,
                tenant,
                limit: Limit(limit),
            } => {
                let name = TenantName::parse(&tenant)?;
                served.client().limit_tenant(&name, limit).await?;
                let may = limit.map_or_else(|| "what there is room for".to_owned(), show_size);
                println!("The volumes of {name} may hold {may} together.");
            }
            Self::Snapshot {
                served,
                volume,
                name,
                remove,
            } => snapshot(&served, &volume, &name, remove).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Served {
    fn client(&self) -> Client {
        Client::at(&self.socket)
    }
}

fn init(place: &Place, size: Option<u64>, soft: bool) -> anyhow::Result<()> {
    let setup = Setup {
        root: place.pool.clone(),
        source: place.source(),
        size,
        soft,
    };
    let is_new = pool::init(&setup)?;
    let status = pool::look_at(&setup.root, &setup.source)?;
    let what = if is_new {
        "A new pool is"
    } else {
        "There is a pool"
    };
    println!("{what} at {}: {}.", setup.root.display(), status.label);
    println!(
        "Serve it with: berth volume-driver --pool {}",
        setup.root.display()
    );
    Ok(())
}

fn status(place: &Place, json: bool) -> anyhow::Result<ExitCode> {
    let status = pool::look_at(&place.pool, &place.source())?;
    if json {
        println!(
            "{}",
            serde_json::to_string_pretty(&status).context("writing JSON")?
        );
    } else {
        print_status(&status);
    }
    let is_bad = status.problems.iter().any(|problem| problem.is_urgent);
    Ok(if is_bad {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn print_status(status: &Status) {
    println!(
        "pool      {} on {}",
        status.root.display(),
        status.source.display()
    );
    println!("quota     {}", status.label);
    if status.quota.is_some() {
        let (left, total) = (show_size(status.available), show_size(status.total));
        println!("space     {left} of {total} left");
        let promised = show_size(status.promised);
        println!("volumes   {}, which may hold {promised} together", status.volumes);
    }
    for problem in &status.problems {
        let mark = if problem.is_urgent { "BROKEN" } else { "warning" };
        println!("{mark:<9} {}", problem.says);
        println!("     fix: {}", problem.fix);
    }
}

fn usage(usage: &Usage, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(usage).context("writing JSON")?);
        return Ok(());
    }
    for volume in &usage.volumes {
        let whose = volume.tenant.as_deref().unwrap_or("-");
        let (used, size) = (show_size(volume.used), show_size(volume.size));
        println!("volume  {:<48} {used:>10} of {size:>10}  {whose}", volume.name);
    }
    for tenant in &usage.tenants {
        let limit = tenant.limit.map_or_else(|| "no limit".to_owned(), show_size);
        println!(
            "tenant  {:<48} {:>10} of {limit:>10}",
            tenant.tenant,
            show_size(tenant.used)
        );
    }
    Ok(())
}

async fn snapshot(served: &Served, volume: &str, name: &str, remove: bool) -> anyhow::Result<()> {
    let (volume, name) = (VolumeName::parse(volume)?, SnapshotName::parse(name)?);
    if remove {
        served.client().remove_snapshot(&volume, &name).await?;
        println!("The snapshot {name} of {volume} is removed.");
    } else {
        served.client().snapshot(&volume, &name).await?;
        println!("The snapshot {name} of {volume} is made.");
    }
    Ok(())
}
