//! The checks, each of one thing.

mod listening;
mod mail;
mod plugins;
mod quotas;

use std::time::Duration;

use rustix::fs::{Access, access};
use tokio::net::{TcpStream, lookup_host};

use crate::commands::start;
use crate::config::{Config, NetworkGuard};
use crate::drivers::engine::{GuardState, Installation};
use crate::platform::clock::{Clock as _, SystemClock};
use crate::platform::db::{self, Db, EmbeddedPostgres};
use crate::platform::secret::Keyring;

use super::Finding;

pub(super) use listening::{listen_addresses, published_ports};
pub(super) use mail::{mail_server, mail_service};
pub(super) use plugins::{FOLDER as PLUGINS, dead_plugins};
pub(super) use quotas::quotas;

const PATIENCE: Duration = Duration::from_secs(5);
/// Sessions and tokens are judged by the panel's clock, rows by the database's; they may differ by this much.
const MAX_SKEW_SECONDS: i64 = 5;

/// Whether the panel could keep its data there. Looked at, never made: that is for the first start to do.
pub(super) fn data_folder(config: &Config) -> Finding {
    let folder = &config.data_dir;
    let place = folder.ancestors().find(|place| place.exists());
    let place = place.unwrap_or(folder);
    let needs = Access::WRITE_OK | Access::EXEC_OK;
    let usable = match access(place, needs) {
        Ok(()) if place.is_dir() => Ok(()),
        Ok(()) => Err("is no folder".to_owned()),
        Err(error) => Err(std::io::Error::from(error).to_string()),
    };
    match usable {
        Ok(()) if place == folder => Finding::good("data folder", folder.display().to_string()),
        Ok(()) => Finding::warning(
            "data folder",
            format!("{} is not there yet", folder.display()),
            "the first start makes it; if this is an old installation, set BERTH_DATA_DIR to where its data is",
        ),
        Err(error) => Finding::broken(
            "data folder",
            format!("{}: {} {error}", folder.display(), place.display()),
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
pub(super) async fn reach(config: &Config) -> Result<Db, String> {
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
    let info = match start::engine(config, Installation::default()) {
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
    let there = match start::engine(config, Installation::default()) {
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
    let state = match start::engine(config, Installation::default()) {
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

pub(super) async fn clock(config: &Config) -> Finding {
    let theirs = match reach(config).await {
        Ok(db) => db.now().await.ok(),
        Err(_) => None,
    };
    skew(theirs.map(|theirs| (SystemClock.now() - theirs).num_seconds().abs()))
}

/// Judges how many seconds lie between the two clocks, if both could be read.
fn skew(seconds: Option<i64>) -> Finding {
    match seconds {
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

/// The names that people are sent to: the panel's and the servers'.
pub(super) async fn names(config: &Config) -> Vec<Finding> {
    let panel = host(&config.public_url);
    let mut findings = vec![
        name(
            panel,
            "publish an A or AAAA record for it, or correct BERTH_PUBLIC_URL",
        )
        .await,
    ];
    if config.public_host != panel {
        let fix = "publish an A or AAAA record for it, or correct BERTH_PUBLIC_HOST";
        findings.push(name(&config.public_host, fix).await);
    }
    findings
}

/// The host of an address, without port and without the brackets of IPv6.
fn host(url: &str) -> &str {
    let host = url.split_once("://").map_or(url, |(_, host)| host);
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(host, _)| host),
    }
}

async fn name(host: &str, fix: &'static str) -> Finding {
    match tokio::time::timeout(PATIENCE, lookup_host((host, 443))).await {
        Ok(Ok(mut found)) => {
            let address = found
                .next()
                .map(|address| address.ip().to_string())
                .unwrap_or_default();
            Finding::good("DNS", format!("{host} is {address}"))
        }
        _ => Finding::broken("DNS", format!("{host} has no address"), fix),
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

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::super::testing::config;
    use super::*;

    #[test]
    fn a_data_folder_that_is_not_there_is_told_and_not_made() {
        let folder = std::env::temp_dir().join(format!("berth-doctor-{}/data", std::process::id()));
        let (mut config, path) = (config(), folder.clone());
        config.data_dir = path;
        let finding = data_folder(&config);
        assert_eq!(finding.verdict, Verdict::Warning, "{finding:?}");
        assert!(!folder.exists());
        config.data_dir = std::env::temp_dir();
        assert_eq!(data_folder(&config).verdict, Verdict::Good);
        config.data_dir = "/dev/null/data".into();
        let finding = data_folder(&config);
        assert_eq!(finding.verdict, Verdict::Broken, "{finding:?}");
    }

    #[test]
    fn the_host_of_an_address_is_found_in_every_form() {
        for (url, wanted) in [
            ("https://panel.example.com", "panel.example.com"),
            ("http://127.0.0.1:8080", "127.0.0.1"),
            ("http://[::1]:8080", "::1"),
            ("http://[::1]", "::1"),
        ] {
            assert_eq!(host(url), wanted);
        }
    }

    #[tokio::test]
    async fn names_of_the_panel_and_of_servers_are_both_looked_up() {
        let mut config = config();
        config.public_url = "http://127.0.0.1:8080".to_owned();
        config.public_host = "servers.invalid".to_owned();
        let verdicts: Vec<_> = names(&config)
            .await
            .into_iter()
            .map(|finding| (finding.verdict, finding.fix))
            .collect();
        assert_eq!(verdicts[0], (Verdict::Good, "".into()));
        let (verdict, fix) = &verdicts[1];
        assert!(
            *verdict == Verdict::Broken && fix.contains("BERTH_PUBLIC_HOST"),
            "{fix}"
        );
    }

    #[test]
    fn clocks_may_differ_a_little() {
        assert_eq!(skew(Some(MAX_SKEW_SECONDS)).verdict, Verdict::Good);
        assert_eq!(skew(Some(MAX_SKEW_SECONDS + 1)).verdict, Verdict::Broken);
        assert_eq!(skew(None).verdict, Verdict::Warning);
    }
}
