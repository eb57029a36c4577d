//! One look: where to, what was found, and what that means.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::drivers::engine::ServerKey;
use crate::drivers::probe::{Ask, Found, Probe, Verdict};

use super::super::model::{CheckKind, Hour, Looked, Memory, next_at};
use super::super::store::{Claimed, Outcome, UsageQuestion, Used};

/// What takes longer does not answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// So much of a message is kept.
const LONGEST: usize = 300;

const NOT_WANTED: &str = "The server is not meant to run.";
const ENGINE_AWAY: &str = "Nobody looked: the engine at its location does not answer.";
const NOT_UP: &str = "Nobody looked: the server does not run yet.";
const NO_PORT: &str = "The server has no port of this name any more.";
const NO_ADDRESS: &str = "The engine tells no address of the server's container.";
const NOT_MEASURED: &str = "There are too few measurements.";

/// A look at something outside of the panel.
pub(super) struct Look<'a> {
    app: &'a App,
    due: &'a Claimed,
}

impl<'a> Look<'a> {
    pub(super) fn new(app: &'a App, due: &'a Claimed) -> Self {
        Self { app, due }
    }

    /// Looks.
    pub(super) async fn at_it(&self) -> Outcome {
        let found = self
            .find()
            .await
            .unwrap_or_else(|says| Found::new(Verdict::Unknown, says));
        outcome(self.due, &found, self.app.now())
    }

    async fn find(&self) -> Result<Found, &'static str> {
        let ask = self.due.kind.ask(&self.authority()).ok_or(NO_PORT)?;
        let (at, port) = self.address(&ask).await?;
        let probe = Probe {
            at,
            port,
            ask,
            timeout: TIMEOUT,
            now: self.app.now(),
        };
        Ok(self.app.prober.probe(&probe).await)
    }

    /// Where the probe goes: to where the server's own port is bound, or to its own container. Nothing that somebody typed.
    async fn address(&self, ask: &Ask) -> Result<(IpAddr, u16), &'static str> {
        match ask {
            Ask::Dns { .. } => Ok((Ipv4Addr::UNSPECIFIED.into(), 0)),
            Ask::Ping => {
                let key = ServerKey::new(self.due.server.to_string()).map_err(|_| NO_ADDRESS)?;
                let observed = tokio::time::timeout(TIMEOUT, self.app.engine.observe(&key)).await;
                let observed = observed.map_err(|_| NO_ADDRESS)?.map_err(|_| NO_ADDRESS)?;
                let address = observed.ip_addresses.first().ok_or(NO_ADDRESS)?;
                Ok((*address, 0))
            }
            _ => {
                let address = self.due.address.parse().map_err(|_| NO_PORT)?;
                Ok((address, self.due.host_port.ok_or(NO_PORT)?))
            }
        }
    }

    /// Host and port as customers know them.
    fn authority(&self) -> String {
        let (host, port) = (&self.due.public_host, self.due.host_port.unwrap_or_default());
        if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        }
    }
}

/// What becomes of one that nobody looks at: its server is not meant to run, or something larger is in the way that is told by itself.
pub(super) fn left_out(due: &Claimed, now: DateTime<Utc>) -> Option<Outcome> {
    let (memory, says) = if !due.is_wanted {
        (due.memory.forgotten(now), NOT_WANTED)
    } else if due.is_engine_away {
        (due.memory, ENGINE_AWAY)
    } else if !due.is_up {
        (due.memory, NOT_UP)
    } else {
        return None;
    };
    Some(Outcome {
        next_at: next_at(due.id, due.rule.interval(), now),
        message: says.to_owned(),
        ..unchanged(due, memory)
    })
}

fn unchanged(due: &Claimed, memory: Memory) -> Outcome {
    Outcome {
        of: (due.id, due.tenant, due.lease),
        next_at: due.due_at,
        has_turned: memory.state != due.memory.state,
        memory,
        is_asked: due.is_asked,
        looked: None,
        message: String::new(),
        hour: due.hour,
        past: None,
    }
}

/// What a look changes.
pub(super) fn outcome(due: &Claimed, found: &Found, now: DateTime<Utc>) -> Outcome {
    let looked = match found.verdict {
        Verdict::Good => Looked::Good,
        Verdict::Bad => Looked::Bad,
        Verdict::Certificate => Looked::Certificate,
        Verdict::Unknown => Looked::Unknown,
    };
    let memory = due.memory.after(looked, due.rule, due.is_held, now);
    let took = i32::try_from(found.took.as_millis()).unwrap_or(i32::MAX);
    let (hour, past) = match looked {
        Looked::Unknown => (due.hour, None),
        looked => {
            let (hour, past) = Hour::count(due.hour, looked == Looked::Good, took, now);
            (Some(hour), past)
        }
    };
    Outcome {
        next_at: next_at(due.id, memory.step(due.rule), now),
        looked: Some((now, took)),
        message: plain(&found.says),
        hour,
        past,
        ..unchanged(due, memory)
    }
}

/// What others said, fit to be kept and shown: one line without control characters.
fn plain(says: &str) -> String {
    says.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST)
        .collect()
}

/// What has to be asked of the panel's own measurements.
pub(super) fn question(due: &Claimed) -> Option<UsageQuestion> {
    let minutes = match due.kind {
        CheckKind::Disk { .. } => 0,
        CheckKind::Cpu { minutes, .. } | CheckKind::Memory { minutes, .. } => minutes,
        _ => return None,
    };
    Some(UsageQuestion {
        check: due.id,
        server: due.server,
        minutes,
    })
}

/// What was measured, as a look.
#[expect(clippy::cast_precision_loss, reason = "whole percents are shown")]
pub(super) fn measured(due: &Claimed, used: Option<&Used>) -> Found {
    const MIB: f64 = 1024.0 * 1024.0;
    // Six a minute; half of them will do.
    let enough = |minutes: u8| used.filter(|used| used.samples >= 3 * i64::from(minutes));
    let (share, percent, what) = match due.kind {
        CheckKind::Disk { percent } => {
            let bytes = used.and_then(|used| used.disk).map(|bytes| bytes as f64);
            (
                bytes.map(|bytes| bytes / (due.disk_mib as f64 * MIB)),
                percent,
                "of the disk is full.".to_owned(),
            )
        }
        CheckKind::Cpu { percent, minutes } => {
            let cpu = enough(minutes).and_then(|used| used.cpu);
            let share = cpu.map(|cpu| cpu * 1000.0 / due.cpu_millis as f64);
            (share, percent, format!("of the processors in {minutes} min."))
        }
        CheckKind::Memory { percent, minutes } => {
            let memory = enough(minutes).and_then(|used| used.memory);
            let share = memory.map(|memory| memory / (due.memory_mib as f64 * MIB));
            (share, percent, format!("of the memory in {minutes} min."))
        }
        _ => (None, 0, String::new()),
    };
    let Some(share) = share else {
        return Found::new(Verdict::Unknown, NOT_MEASURED);
    };
    let is_too_much = share * 100.0 >= f64::from(percent);
    let verdict = if is_too_much { Verdict::Bad } else { Verdict::Good };
    Found::new(verdict, format!("{:.0} % {what}", share * 100.0))
}
