//! What a breakdown means for its customer's ticket: how bad it is, what is said about it, when it goes on. Pure.

mod pack;
mod picture;
mod redact;

use chrono::{DateTime, TimeDelta, Utc};

use crate::monitoring::{End, Incident, Signature};
use crate::platform::access::{Permission, TenantRole, tenant_may};
use crate::platform::ids::{ServerId, TenantId};
use crate::tickets::model::MAX_SUBJECT;
use crate::tickets::{Severity, State, Ticket};

pub use pack::{Ending, Pack, escaped, late_log};
pub use picture::{Drawn, draw};
pub use redact::{clean, mask};

/// How long after its end a ticket goes on with what fails again. Later it is another story, which names the first.
pub const WINDOW: TimeDelta = TimeDelta::hours(24);
/// The time that a picture of metrics shows. What comes back sooner after its evidence was gathered is seen there from its beginning, so
/// it has none of its own.
pub const PICTURE: TimeDelta = TimeDelta::minutes(15);
/// So many servers are named in a ticket.
const NAMED: usize = 20;

/// A server that an incident touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Whose.
    pub tenant: TenantId,
    /// The server.
    pub server: ServerId,
    /// What people call it.
    pub name: String,
}

/// How bad a failure is for whoever uses what failed.
pub fn severity(signature: Signature) -> Severity {
    use Signature as S;
    match signature {
        // It does not run, and nothing brings it back by itself.
        S::NodeDown | S::CrashLoop | S::Stopped | S::ExitOom | S::ExitCode => Severity::P1,
        // It does not answer, or can't be steered.
        S::EngineAway
        | S::Unhealthy
        | S::Http
        | S::Tcp
        | S::Udp
        | S::Dns
        | S::Mail
        | S::Ping
        | S::DiskFull => Severity::P2,
        // It works, and badly, or not for long any more.
        S::Certificate | S::Cpu | S::Memory => Severity::P3,
    }
}

/// Whether all servers of a location are concerned, and not only those that were seen to fail.
pub fn is_of_place(signature: Signature) -> bool {
    signature == Signature::EngineAway
}

/// Whether a person works on it, who then says when it is over. To have acknowledged it is only to know of it.
pub fn is_taken_over(state: State) -> bool {
    matches!(
        state,
        State::InProgress | State::WaitingCustomer | State::WaitingProvider
    )
}

/// Whether a ticket goes on with what fails again.
pub fn goes_on(ticket: &Ticket, now: DateTime<Utc>) -> bool {
    let over = ticket.resolved_at.or(ticket.closed_at);
    ticket.state.is_open() || over.is_none_or(|at| now - at <= WINDOW)
}

/// Whether what failed then wants evidence, of which the newest was gathered at that time.
pub fn wants_evidence(failed: DateTime<Utc>, newest: Option<DateTime<Utc>>) -> bool {
    newest.is_none_or(|newest| failed - newest >= PICTURE)
}

/// Whether everybody of a tenant who reads its tickets may read its servers' logs, too.
pub fn readers_read_logs() -> bool {
    let reads = |permission| move |role: &&TenantRole| tenant_may(**role, permission);
    TenantRole::ALL
        .iter()
        .filter(reads(Permission::TicketRead))
        .all(|role| tenant_may(*role, Permission::ServerLogs))
}

/// Names, the first of them.
fn named(servers: &[Touched]) -> String {
    let shown: Vec<String> = servers
        .iter()
        .take(NAMED)
        .map(|server| escaped(&server.name))
        .collect();
    match servers.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// What customers read of it in a line. Which of the provider's places is down, and how many servers others have there, they don't.
pub fn told(incident: &Incident) -> &str {
    match incident.signature {
        Signature::NodeDown => "Several servers at one place failed together",
        _ => &incident.summary,
    }
}

/// A ticket's line: `web-1: It ended by itself: exit code 1.`
pub fn subject(incident: &Incident, servers: &[Touched]) -> String {
    let summary = clean(told(incident));
    let whole = match servers {
        [only] if !summary.contains(&only.name) => format!("{}: {summary}", only.name),
        [] | [_] => summary,
        several => format!("{} servers: {summary}", several.len()),
    };
    let whole = whole.trim().trim_end_matches('.');
    let cut: String = whole.chars().take(MAX_SUBJECT).collect();
    if cut.is_empty() {
        "Something does not work".to_owned()
    } else {
        cut
    }
}

/// A moment as people in a ticket read it.
pub fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// What is said first.
pub fn first_post(incident: &Incident, servers: &[Touched], before: Option<i64>) -> String {
    let who = match servers {
        [] => String::new(),
        [only] => format!("\n\nServer: {}", escaped(&only.name)),
        several => format!("\n\nServers: {}", named(several)),
    };
    let before = before.map_or_else(String::new, |number| {
        format!("\n\nIt failed before: see #{number}.")
    });
    format!(
        "We noticed a failure: {} It began at {}.{who}{before}\n\nWhat was found out about it follows here by itself.",
        sentence(told(incident)),
        moment(incident.began_at)
    )
}

/// What is said when it fails again.
pub fn again_post(incident: &Incident) -> String {
    format!("It fails again: {}", sentence(told(incident)))
}

/// What staff are told when it turns out to be a part of something larger.
pub fn part_post(incident: &Incident) -> String {
    format!(
        "It is a part of something larger: {}",
        sentence(&incident.summary)
    )
}

/// Why a ticket is resolved by itself, in a sentence.
pub fn why_over(end: &End) -> &'static str {
    match end {
        End::Works => "It works again, and its checks have confirmed that.",
        End::Deleted => "The server was deleted.",
        End::Moved => "The server belongs to another organisation now.",
        End::Closed(_) => "One of us has closed the failure.",
    }
}

/// What is said when it is over.
pub fn over_post(end: &End, (began, since): (DateTime<Utc>, DateTime<Utc>), is_taken_over: bool) -> String {
    let ends = if is_taken_over {
        " Somebody of us is working on it, so this ticket stays open until they have finished."
    } else {
        ""
    };
    match end {
        End::Works => format!(
            "It works again since {}. It was down for {}.{ends}",
            moment(since),
            lasted(since - began)
        ),
        End::Deleted | End::Moved => format!("{}{ends}", why_over(end)),
        End::Closed(reason) => format!("{} {}{ends}", why_over(end), sentence(reason)),
    }
}

/// Text with an end.
fn sentence(text: &str) -> String {
    let text = escaped(clean(text).trim());
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{text}{end}")
}

/// How long something lasted.
pub fn lasted(time: TimeDelta) -> String {
    let seconds = time.num_seconds().max(0);
    let unit = |amount: i64, word: &str| match amount {
        1 => format!("1 {word}"),
        _ => format!("{amount} {word}s"),
    };
    match seconds {
        0..60 => unit(seconds, "second"),
        60..3_600 => unit(seconds / 60, "minute"),
        3_600..86_400 if seconds % 3_600 < 60 => unit(seconds / 3_600, "hour"),
        3_600..86_400 => format!(
            "{} and {}",
            unit(seconds / 3_600, "hour"),
            unit(seconds % 3_600 / 60, "minute")
        ),
        _ => format!(
            "{} and {}",
            unit(seconds / 86_400, "day"),
            unit(seconds % 86_400 / 3_600, "hour")
        ),
    }
}

/// A verb of what can be done from a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Start the server.
    Start,
    /// Stop it.
    Stop,
    /// Restart it.
    Restart,
    /// End its process at once.
    Kill,
    /// Suspend it.
    Suspend,
    /// Let a suspended one go on.
    Resume,
    /// Give it another size.
    Resize,
    /// Make it what a backup holds.
    Restore,
}

impl Verb {
    /// As the database and pages write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Kill => "kill",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Resize => "resize",
            Self::Restore => "restore",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_works_is_said_to_work() {
        let (began, since) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + TimeDelta::minutes(1));
        let said = |end: End| over_post(&end, (began, since), false);
        assert!(said(End::Works).starts_with("It works again since"));
        assert_eq!(
            said(End::Moved),
            "The server belongs to another organisation now."
        );
        assert_eq!(
            said(End::Closed("They rebuild it".to_owned())),
            "One of us has closed the failure. They rebuild it."
        );
    }

    #[test]
    fn how_long_it_lasted_is_told_as_people_do() {
        let told = [
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (3_600, "1 hour"),
            (5_430, "1 hour and 30 minutes"),
            (90_000, "1 day and 1 hour"),
            (-5, "0 seconds"),
        ];
        for (seconds, words) in told {
            assert_eq!(lasted(TimeDelta::seconds(seconds)), words);
        }
    }

    #[test]
    fn to_know_of_it_is_not_to_work_on_it() {
        let taken: Vec<_> = State::ALL
            .into_iter()
            .filter(|state| is_taken_over(*state))
            .collect();
        assert_eq!(
            taken,
            [State::InProgress, State::WaitingCustomer, State::WaitingProvider]
        );
        assert!(readers_read_logs(), "the redacted post would have no log");
    }
}
