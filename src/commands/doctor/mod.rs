//! `berth doctor`: looks at everything the panel rests on, and says how to mend what is wrong.
//!
//! Changes nothing. Exits with 1 if something is broken; a warning alone is no failure.

mod checks;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::pool::Place;
use crate::config::Config;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Good,
    Warning,
    Broken,
}

/// What one check found.
#[derive(Debug)]
struct Finding {
    what: &'static str,
    verdict: Verdict,
    says: String,
    fix: Cow<'static, str>,
}

impl Finding {
    fn good(what: &'static str, says: impl Into<String>) -> Self {
        Self {
            what,
            verdict: Verdict::Good,
            says: says.into(),
            fix: Cow::Borrowed(""),
        }
    }

    fn warning(what: &'static str, says: impl Into<String>, fix: impl Into<Cow<'static, str>>) -> Self {
        Self {
            what,
            verdict: Verdict::Warning,
            says: says.into(),
            fix: fix.into(),
        }
    }

    fn broken(what: &'static str, says: impl Into<String>, fix: impl Into<Cow<'static, str>>) -> Self {
        Self {
            what,
            verdict: Verdict::Broken,
            says: says.into(),
            fix: fix.into(),
        }
    }

    fn print(&self) {
        let mark = match self.verdict {
            Verdict::Good => "ok     ",
            Verdict::Warning => "warning",
            Verdict::Broken => "BROKEN ",
        };
        println!("{mark}  {:<18} {}", self.what, self.says);
        if self.verdict != Verdict::Good {
            println!("{:>29}{}", "fix: ", self.fix);
        }
    }
}

/// What to look at.
#[derive(Debug, clap::Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    config: Config,
    /// A mail server whose port 25 is tried.
    #[arg(long, value_name = "HOST")]
    mail_probe: Option<String>,
    #[command(flatten)]
    place: Place,
    /// The volume driver's socket.
    #[arg(long, env = "BERTH_POOL_SOCKET", default_value = super::pool::SOCKET)]
    pool_socket: PathBuf,
}

/// Runs all checks, one after another, so that the order tells what rests on what.
pub(super) async fn run(doctor: Doctor) -> anyhow::Result<ExitCode> {
    let quotas = checks::quotas(&doctor.place, &doctor.pool_socket).await;
    let config = &doctor.config.with_secrets()?;
    let mut findings = vec![
        checks::data_folder(config),
        checks::key_file(config),
        checks::public_url(config),
    ];
    findings.push(checks::database(config).await);
    findings.extend(checks::engine(config).await);
    findings.extend(checks::dead_plugins(Path::new(checks::PLUGINS)).await);
    findings.push(checks::base_image(config).await);
    findings.push(checks::network_guard(config).await);
    findings.extend(checks::listen_addresses(config).await);
    findings.push(checks::published_ports(config).await);
    findings.extend(quotas);
    findings.push(checks::clock(config).await);
    findings.extend(checks::names(config).await);
    findings.extend(checks::mail_server(config).await);
    findings.extend(checks::mail_service(config).await);
    findings.push(checks::mail_port(doctor.mail_probe.as_deref()).await);
    findings.iter().for_each(Finding::print);
    let worst = findings.iter().map(|finding| finding.verdict).max();
    let is_broken = worst == Some(Verdict::Broken);
    Ok(if is_broken {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

#[cfg(test)]
mod testing {
    use crate::config::Config;

    /// The settings of somebody who set nothing.
    pub(super) fn config() -> Config {
        use clap::Parser as _;
        #[derive(clap::Parser)]
        struct Settings {
            #[command(flatten)]
            config: Config,
        }
        Settings::parse_from(["berth"]).config
    }
}
