//! The checks, each of one thing.

use std::net::TcpListener;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};

use crate::commands::start;
use crate::config::{Config, NetworkGuard};
use crate::drivers::engine::GuardState;
use crate::platform::clock::{Clock as _, SystemClock};
use crate::platform::db::{self, Db, EmbeddedPostgres};
use crate::platform::secret::Keyring;

use super::Finding;

const PATIENCE: Duration = Duration::from_secs(5);
/// Sessions and tokens are judged by the panel's clock, rows by the database's; they may differ by this much.
const MAX_SKEW_SECONDS: i64 = 5;

pub(super) fn data_folder(config: &Config) -> Finding {
    let folder = &config.data_dir;
    let probe = folder.join(".doctor");
    match std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&probe, b"")) {
        Ok(()) => {
            let _ = std::fs::remove_file(&probe);
            Finding::good("data folder", folder.display().to_string())
        }
        Err(error) => Finding::broken(
            "data folder",
            format!("{}: {error}", folder.display()),
            "give it to the panel's user, or choose another with BERTH_DATA_DIR",
        ),
    }
}

pub(super) fn key_file(config: &Config) -> Finding {
    let path = config.key_file();
    if !path.exists() {
        return Finding::warning(
            "key file",
            format!("{} is not there yet", path.display()),
            "the first start makes it; if servers have secrets already, put the old file back",
        );
    }
    match Keyring::open_or_create(&path) {
        Ok(_) => Finding::good("key file", format!("{} (keep a copy elsewhere)", path.display())),
        Err(error) => Finding::broken(
            "key file",
            error.to_string(),
            "chmod 600, or put back the copy that you kept",
        ),
    }
}

pub(super) fn public_url(config: &Config) -> Finding {
    let is_local = config.public_url.contains("://127.0.0.1") || config.public_url.contains("://localhost");
    if config.is_https() || is_local {
        return Finding::good("address", config.public_url.clone());
    }
    Finding::broken(
        "address",
        format!(
            "{} is neither https nor this machine: browsers will refuse the session's cookie",
            config.public_url
        ),
        "put a TLS proxy in front and set BERTH_PUBLIC_URL to its https address",
    )
}

/// The database as the panel would reach it. A private cluster that does not run is not started.
async fn reach(config: &Config) -> Result<Db, String> {
    let url = match &config.database_url {
        Some(url) => url.clone(),
        None => EmbeddedPostgres::running(&config.postgres_dir(), "postgres")
            .await
            .map_err(|error| error.to_string())?
            .ok_or("the private cluster does not run")?,
    };
    let db = Db::connect(url.expose(), 1).map_err(|error| error.to_string())?;
    db.ping().await.map_err(|error| error.to_string())?;
    Ok(db)
}

pub(super) async fn database(config: &Config) -> Finding {
    let db = match reach(config).await {
        Ok(db) => db,
        Err(error) => {
            let fix =
                "start PostgreSQL and check DATABASE_URL; without it, `berth serve` starts a private cluster";
            return Finding::broken("database", error, fix);
        }
    };
    match db::is_current(&db).await {
        Ok(true) => Finding::good("database", "answers, and its schema fits this binary"),
        Ok(false) => Finding::broken(
            "database",
            "its schema is older than this binary",
            "run `berth migrate`",
        ),
        Err(error) => Finding::broken("database", error.to_string(), "run `berth migrate`"),
    }
}

pub(super) async fn engine(config: &Config) -> Vec<Finding> {
    let info = match start::engine(config) {
        Ok(engine) => engine.info().await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let info = match info {
        Ok(info) => info,
        Err(error) => {
            let fix =
                "start Docker, give the panel's user its socket (group docker), or set BERTH_DOCKER_HOST";
            return vec![Finding::broken("engine", error, fix)];
        }
    };
    let memory = info.memory_bytes / (1024 * 1024 * 1024);
    let (version, cpus) = (&info.version, info.cpus);
    let summary = format!(
        "Docker {version}, {cpus} CPUs, {memory} GiB, {}, cgroup v{}",
        info.storage_driver, info.cgroup_version
    );
    let mut findings = vec![Finding::good("engine", summary)];
    if !info.live_restore {
        findings.push(Finding::warning(
            "live restore",
            "off: restarting the engine stops every server for a moment",
            "set \"live-restore\": true in /etc/docker/daemon.json and reload the engine",
        ));
    }
    findings.extend(info.warnings.into_iter().map(|warning| {
        Finding::warning(
            "engine's warning",
            warning,
            "see the engine's own documentation; a limit may not hold",
        )
    }));
    findings
}

pub(super) async fn base_image(config: &Config) -> Finding {
    let there = match start::engine(config) {
        Ok(engine) => engine.image_exists(&config.base_image).await.unwrap_or(false),
        Err(_) => false,
    };
    if there {
        return Finding::good("base image", config.base_image.clone());
    }
    let fix = "docker pull it, or run scripts/base-image.sh, which makes it from Debian's packages";
    Finding::broken(
        "base image",
        format!("{} is not on the engine", config.base_image),
        fix,
    )
}

pub(super) async fn network_guard(config: &Config) -> Finding {
    const WHAT: &str = "network guard";
    if config.network_guard == NetworkGuard::Off {
        return Finding::warning(
            WHAT,
            "off: servers reach this host and all that it reaches, unless a firewall of yours says otherwise",
            "set BERTH_NETWORK_GUARD=required, or filter what comes from tenants' networks",
        );
    }
    let state = match start::engine(config) {
        Ok(engine) => engine.observe_guard().await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let fix = "look at `docker logs` of it and at the panel's log; until it holds, no server is started";
    match state {
        Ok(GuardState::Holds) => {
            Finding::good(WHAT, "holds: servers are kept from this host and from each other")
        }
        Ok(GuardState::Absent) => {
            Finding::warning(WHAT, "is not there yet", "the panel makes it when it starts")
        }
        Ok(GuardState::Fails(reason)) | Err(reason) => Finding::broken(WHAT, reason, fix),
    }
}

pub(super) fn published_ports(config: &Config) -> Finding {
    let (first, last) = config.ports;
    match TcpListener::bind((config.publish_address, 0)) {
        Ok(_) => Finding::good(
            "servers' ports",
            format!("{first}-{last} on {}", config.publish_address),
        ),
        Err(error) => Finding::broken(
            "servers' ports",
            format!(
                "{} is no address of this machine: {error}",
                config.publish_address
            ),
            "set BERTH_PUBLISH_ADDRESS to one of this machine's addresses",
        ),
    }
}

/// Whether the kernel could enforce quotas. Volumes are plain so far, and pages say so.
pub(super) fn quotas(_config: &Config) -> Finding {
    let filesystems = std::fs::read_to_string("/proc/filesystems").unwrap_or_default();
    if filesystems.lines().any(|line| line.trim() == "btrfs") {
        Finding::good(
            "disk quotas",
            "the kernel has btrfs; volumes are measured, not yet limited",
        )
    } else {
        Finding::warning(
            "disk quotas",
            "the kernel has no btrfs: disk limits can only be measured",
            "load the module btrfs",
        )
    }
}

pub(super) async fn clock(config: &Config) -> Finding {
    let theirs = match reach(config).await {
        Ok(db) => db.now().await.ok(),
        Err(_) => None,
    };
    match theirs.map(|theirs| (SystemClock.now() - theirs).num_seconds().abs()) {
        Some(skew) if skew <= MAX_SKEW_SECONDS => Finding::good("clock", "agrees with the database's"),
        Some(skew) => Finding::broken(
            "clock",
            format!("{skew} s away from the database's"),
            "run NTP on both machines",
        ),
        None => Finding::warning(
            "clock",
            "can't be compared while the database is away",
            "mend the database first",
        ),
    }
}

pub(super) async fn names(config: &Config) -> Finding {
    let host = config.public_url.split("://").nth(1).unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    match tokio::time::timeout(PATIENCE, lookup_host((host, 443))).await {
        Ok(Ok(mut found)) => {
            let address = found
                .next()
                .map(|address| address.ip().to_string())
                .unwrap_or_default();
            Finding::good("DNS", format!("{host} is {address}"))
        }
        _ => Finding::broken(
            "DNS",
            format!("{host} has no address"),
            "publish an A or AAAA record for it",
        ),
    }
}

/// Connects to port 25 of `host`, a mail server of the operator's choice; sends nothing.
pub(super) async fn mail_port(host: Option<&str>) -> Finding {
    let Some(host) = host else {
        return Finding::good("port 25 out", "not tried: name a mail server with --mail-probe");
    };
    let fix = "ask your network's provider to open port 25; only sending mail needs it";
    let reached = tokio::time::timeout(PATIENCE, TcpStream::connect((host, 25)));
    match reached.await {
        Ok(Ok(_)) => Finding::good("port 25 out", format!("open to {host}")),
        _ => Finding::warning("port 25 out", format!("closed to {host}"), fix),
    }
}
