//! A server's state in words, as pages and the API tell it.

use chrono::{DateTime, Utc};

use crate::platform::web::page::Tone;

use super::{Condition, Goal, Power, Seen, Server, ending};

/// The state in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Being made for the first time.
    Creating,
    /// On its way up.
    Starting,
    /// As wanted.
    Running,
    /// Running, and its check fails.
    Unhealthy,
    /// On its way down and up again, with other settings perhaps.
    Restarting,
    /// Taking another image, or going back to the one before.
    Updating,
    /// On its way down.
    Stopping,
    /// As wanted.
    Stopped,
    /// Stopped by Berth, because it ended by itself too often.
    Crashed,
    /// Stopped because it or its organisation is suspended.
    Suspended,
    /// Not as wanted, and the last attempt to change that failed.
    Failing,
    /// On its way out.
    Deleting,
    /// Put away: it can be restored for a while.
    Deleted,
}

impl Phase {
    /// All of them, in the order of a server's life.
    pub const ALL: &'static [Self] = &[
        Self::Creating,
        Self::Starting,
        Self::Running,
        Self::Unhealthy,
        Self::Restarting,
        Self::Updating,
        Self::Stopping,
        Self::Stopped,
        Self::Crashed,
        Self::Suspended,
        Self::Failing,
        Self::Deleting,
        Self::Deleted,
    ];

    /// The word on pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Creating => "Creating",
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Unhealthy => "Unhealthy",
            Self::Restarting => "Restarting",
            Self::Updating => "Updating",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
            Self::Crashed => "Crashed",
            Self::Suspended => "Suspended",
            Self::Failing => "Failing",
            Self::Deleting => "Deleting",
            Self::Deleted => "Deleted",
        }
    }

    /// The word in the API and in class names.
    pub fn word(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Unhealthy => "unhealthy",
            Self::Restarting => "restarting",
            Self::Updating => "updating",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Crashed => "crashed",
            Self::Suspended => "suspended",
            Self::Failing => "failing",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
        }
    }

    /// How it is meant.
    pub fn tone(self) -> Tone {
        match self {
            Self::Running => Tone::Good,
            Self::Unhealthy | Self::Suspended => Tone::Warn,
            Self::Failing | Self::Crashed => Tone::Bad,
            _ => Tone::Info,
        }
    }

    /// The word for its shape and colour, as the status macro of templates takes it.
    pub fn look(self) -> &'static str {
        match self.tone() {
            _ if self.is_moving() => "busy",
            Tone::Good => "good",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
            Tone::Info => "idle",
        }
    }

    /// What it means, in a sentence for the help page.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Creating => "It was asked for and has never run yet. Its image may have to be built first.",
            Self::Starting => "It is on its way up, or runs and its check has not succeeded yet.",
            Self::Running => "It runs as wanted, and its check succeeds.",
            Self::Unhealthy => "It runs, but its check fails. Its log may say why.",
            Self::Restarting => {
                "It goes down and comes up again: because somebody asked, or to take other settings."
            }
            Self::Updating => {
                "It takes a newer image of its template, and keeps the one before until its check has succeeded. If the \
                 check fails it goes back by itself."
            }
            Self::Stopping => "It was asked to end and gets the time that its template allows.",
            Self::Stopped => "It does not run, as wanted. Its data stays.",
            Self::Crashed => {
                "It ended by itself too often in a short time, so Berth stopped it. Its page says how it ended and what \
                 to do; it runs again when somebody starts it."
            }
            Self::Suspended => {
                "It does not run because the provider has suspended it, or because its organisation is not active. Its data \
                 stays, and it comes back as it was."
            }
            Self::Failing => {
                "It is not as wanted, and the last attempt to change that failed. Its page says what is wrong and \
                 when the next attempt is made."
            }
            Self::Deleting => {
                "It is being removed: its container and its ports, and if it is being erased, its data too."
            }
            Self::Deleted => {
                "It is out of sight, without container and ports. Its data and settings are kept until the day that its \
                 page names, and until then it can be restored."
            }
        }
    }

    /// Whether it will change by itself soon.
    pub fn is_moving(self) -> bool {
        matches!(
            self,
            Self::Creating
                | Self::Starting
                | Self::Restarting
                | Self::Updating
                | Self::Stopping
                | Self::Deleting
        )
    }
}

/// The state in a word and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The word.
    pub phase: Phase,
    /// The sentence.
    pub sentence: String,
}

/// A time of day as sentences tell it, with the date if it is another day's.
pub fn clock_time(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let format = if at.date_naive() == now.date_naive() {
        "%H:%M UTC"
    } else {
        "%Y-%m-%d %H:%M UTC"
    };
    at.format(format).to_string()
}

impl Status {
    /// Tells the state of `server`. While the engine does not answer, what it said last is all that is known.
    pub(super) fn of(server: &Server, now: DateTime<Utc>) -> Self {
        let goal = server.goal();
        let phase = phase(server, goal);
        Self {
            phase,
            sentence: sentence(server, goal, phase, now),
        }
    }
}

fn phase(server: &Server, goal: Goal) -> Phase {
    let (seen, failed) = (server.observed.seen, server.notes.error.is_some());
    match goal {
        Goal::Delete => Phase::Deleting,
        Goal::Keep if failed || server.is_pending() || seen != Seen::Absent => Phase::Deleting,
        Goal::Keep => Phase::Deleted,
        Goal::Run if !failed && server.is_pending() && (server.is_on_trial() || server.is_rolling_back()) => {
            Phase::Updating
        }
        Goal::Run if seen == Seen::Running && server.is_pending() => {
            if failed {
                Phase::Failing
            } else {
                Phase::Restarting
            }
        }
        Goal::Run if seen == Seen::Running => match server.observed.health {
            Condition::Unhealthy => Phase::Unhealthy,
            Condition::Starting => Phase::Starting,
            Condition::None | Condition::Healthy => Phase::Running,
        },
        _ if failed => Phase::Failing,
        Goal::Run if server.observed_generation == 0 => Phase::Creating,
        Goal::Run => Phase::Starting,
        Goal::Stop | Goal::Kill if seen.is_alive() => Phase::Stopping,
        Goal::Stop | Goal::Kill if server.suspension.is_some() => Phase::Suspended,
        Goal::Stop if server.power == Power::Running && !server.is_tenant_active => Phase::Suspended,
        Goal::Stop | Goal::Kill if server.stop_reason.is_some() => Phase::Crashed,
        Goal::Stop | Goal::Kill => Phase::Stopped,
    }
}

/// What is wrong with a server whose check fails. The kernel's words for a server that has as many processes as it may have
/// (EAGAIN of fork(2)) say nothing to a customer.
fn ill(complaint: Option<&str>) -> String {
    match complaint {
        Some(words) if words.to_lowercase().contains("resource temporarily unavailable") => {
            "It is running, but it has as many processes as it may have, so that its check cannot even begin. \
             Restart it, and look in its log for what starts so many."
                .to_owned()
        }
        Some(words) => format!("It is running, but its check fails: {words}"),
        None => "It is running, but its check fails. Its log may say why.".to_owned(),
    }
}

fn sentence(server: &Server, goal: Goal, phase: Phase, now: DateTime<Utc>) -> String {
    if let Some(trouble) = trouble(server, goal, phase, now) {
        return trouble;
    }
    if let Some(step) = server.notes.step {
        return step.doing().to_owned();
    }
    match phase {
        Phase::Running => match server.observed.running_since {
            Some(since) => format!("It has been running since {}.", clock_time(since, now)),
            None => "It is running.".to_owned(),
        },
        Phase::Unhealthy => ill(server.observed.complaint.as_deref()),
        Phase::Starting if server.observed.seen == Seen::Running => {
            "It is running; its check has not succeeded yet.".to_owned()
        }
        Phase::Stopped | Phase::Crashed => stopped(server),
        Phase::Deleted => kept(server, now),
        Phase::Suspended if server.suspension.is_some() => {
            "It is stopped because the provider has suspended it. Its data stays.".to_owned()
        }
        Phase::Suspended => {
            "It is stopped because the organisation is not active. It comes back by itself.".to_owned()
        }
        Phase::Updating if server.is_rolling_back() => {
            "The update failed; it goes back to the image before.".to_owned()
        }
        Phase::Updating if server.is_awaiting_check() => {
            "It runs the new image, which stays if its check succeeds.".to_owned()
        }
        _ => "It waits for its turn.".to_owned(),
    }
}

fn kept(server: &Server, now: DateTime<Utc>) -> String {
    match server.kept_until() {
        Some(until) => format!(
            "Kept until {}, then erased. Until then it can be restored.",
            clock_time(until, now)
        ),
        None => "It is deleted.".to_owned(),
    }
}

fn stopped(server: &Server) -> String {
    if server.still_for.is_some() && server.power == Power::Running {
        let what = if server.still_for == Some(server.id) {
            "restored"
        } else {
            "copied"
        };
        return format!("It is stopped while it is {what}, and starts again by itself when that is done.");
    }
    if let Some(reason) = &server.stop_reason {
        return reason.clone();
    }
    match (server.observed.seen, server.power) {
        (Seen::Absent, _) => "It is stopped; its container is made when it starts.".to_owned(),
        (_, Power::Killed) => "It was killed and stays stopped.".to_owned(),
        (Seen::Exited, _) if server.observed.exit_code != Some(0) => {
            format!(
                "It is stopped ({}).",
                ending(server.observed.exit_code, server.observed.out_of_memory)
            )
        }
        _ => "It is stopped.".to_owned(),
    }
}

/// `Wanted running, is stopped: image missing, next try 14:03 UTC.`
fn trouble(server: &Server, goal: Goal, phase: Phase, now: DateTime<Utc>) -> Option<String> {
    let is_waiting = phase.is_moving() || phase == Phase::Failing;
    let wanted = match goal {
        Goal::Run => "running",
        Goal::Stop | Goal::Kill => "stopped",
        Goal::Keep => "put away",
        Goal::Delete => "gone",
    };
    let is = server.observed.seen.label();
    if server.is_engine_away && is_waiting {
        return Some(format!(
            "Wanted {wanted}, was {is}: the engine does not answer; this goes on when it does."
        ));
    }
    let error = server.notes.error.as_deref()?;
    let next = server
        .notes
        .retry_at
        .filter(|at| *at > now)
        .map(|at| format!(", next try {}", clock_time(at, now)))
        .unwrap_or_default();
    Some(format!("Wanted {wanted}, is {is}: {error}{next}."))
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::super::{Step, testing::server};
    use super::*;

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 23, 14, 2, 0).unwrap()
    }

    fn told(change: impl FnOnce(&mut Server)) -> String {
        let mut server = server();
        change(&mut server);
        let status = server.status(now());
        format!("{}. {}", status.phase.label(), status.sentence)
    }

    fn kept(until: DateTime<Utc>) -> super::super::Deletion {
        super::super::Deletion {
            at: now(),
            by: None,
            kept_until: Some(until),
        }
    }

    fn failing(server: &mut Server) {
        server.observed.seen = Seen::Exited;
        server.notes.error = Some("image missing".to_owned());
        server.notes.retry_at = Some(now() + chrono::Duration::minutes(1));
    }

    #[test]
    fn says_what_is_wanted_what_is_and_what_stands_between() {
        assert_eq!(
            told(failing),
            "Failing. Wanted running, is stopped: image missing, next try 14:03 UTC."
        );
        assert_eq!(
            told(|server| {
                failing(server);
                server.is_engine_away = true;
            }),
            "Failing. Wanted running, was stopped: the engine does not answer; this goes on when it does."
        );
    }

    #[test]
    fn tells_the_way_from_creation_to_running() {
        assert_eq!(
            told(|server| server.observed_generation = 0),
            "Creating. It waits for its turn."
        );
        assert_eq!(
            told(|server| {
                server.observed_generation = 0;
                server.notes.step = Some(Step::Image);
            }),
            "Creating. The image is being prepared."
        );
        assert_eq!(
            told(|server| {
                server.observed.seen = Seen::Running;
                server.observed.running_since = Some(now() - chrono::Duration::days(2));
            }),
            "Running. It has been running since 2026-11-21 14:02 UTC."
        );
        assert_eq!(
            told(|server| {
                server.observed.seen = Seen::Running;
                server.observed.health = Condition::Unhealthy;
            }),
            "Unhealthy. It is running, but its check fails. Its log may say why."
        );
    }

    #[test]
    fn tells_what_its_check_complained_of() {
        let ill = |words: &str| {
            told(|server| {
                server.observed.seen = Seen::Running;
                server.observed.health = Condition::Unhealthy;
                server.observed.complaint = Some(words.to_owned());
            })
        };
        assert_eq!(
            ill("curl: (7) Failed to connect to 127.0.0.1 port 80"),
            "Unhealthy. It is running, but its check fails: curl: (7) Failed to connect to 127.0.0.1 port 80"
        );
        assert!(
            ill("can't fork: Resource temporarily unavailable").contains("as many processes as it may have")
        );
    }

    #[test]
    fn tells_why_a_server_is_stopped() {
        assert_eq!(
            told(|server| {
                server.is_tenant_active = false;
                server.observed.seen = Seen::Exited;
            }),
            "Suspended. It is stopped because the organisation is not active. It comes back by itself."
        );
        assert_eq!(
            told(|server| {
                server.power = Power::Stopped;
                server.observed.seen = Seen::Exited;
                server.observed.exit_code = Some(143);
            }),
            "Stopped. It is stopped (exit code 143 (signal 15))."
        );
        assert_eq!(
            told(|server| server.power = Power::Stopped),
            "Stopped. It is stopped; its container is made when it starts."
        );
        assert_eq!(
            told(|server| {
                server.power = Power::Stopped;
                server.observed.seen = Seen::Exited;
                server.stop_reason = Some("Stopped after 5 crashes in 10 minutes.".to_owned());
            }),
            "Crashed. Stopped after 5 crashes in 10 minutes."
        );
        assert_eq!(
            told(|server| {
                server.deletion = Some(kept(now() + chrono::Duration::days(7)));
                server.observed.seen = Seen::Exited;
                server.notes.step = Some(Step::RemoveContainer);
            }),
            "Deleting. The container is being removed."
        );
        assert_eq!(
            told(|server| server.deletion = Some(kept(now() + chrono::Duration::days(7)))),
            "Deleted. Kept until 2026-11-30 14:02 UTC, then erased. Until then it can be restored."
        );
        assert_eq!(
            told(|server| {
                server.deleting_at = Some(now());
                server.notes.step = Some(Step::RemoveVolumes);
            }),
            "Deleting. The volumes are being removed."
        );
    }
}
