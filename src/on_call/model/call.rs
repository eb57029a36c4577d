//! When a ticket pages people and when that ends, and what their mails say.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use crate::platform::ids::{CallId, EscalationId, TicketId, UserId};
use crate::tickets::model::{EventKind, Severity, Source, State, Ticket, TicketEvent};

use super::chain::Next;

/// So many tickets stand in a mail; the others are counted.
pub const IN_MAIL: usize = 10;

/// Where the paging for a ticket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// For which.
    pub ticket: TicketId,
    /// By which chain; by nobody's if there is none.
    pub chain: Option<EscalationId>,
    /// How often it was begun.
    pub generation: i32,
    /// Whether it was asked for although the ticket may be acknowledged.
    pub is_escalated: bool,
    /// What for.
    pub why: String,
    /// Whether it goes on.
    pub is_running: bool,
    /// What is paged next.
    pub next: Next,
    /// When.
    pub next_at: DateTime<Utc>,
    /// The event that it began with.
    pub event: i64,
    /// When it began.
    pub started_at: DateTime<Utc>,
}

/// What paging begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begin {
    /// The event.
    pub event: i64,
    /// What for.
    pub why: &'static str,
}

/// What becomes of a ticket's paging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It begins.
    Begin(Begin),
    /// It ends, by somebody's acknowledgement or without.
    End(Option<UserId>),
    /// It stays as it is.
    Stay,
}

/// Who acknowledged, by the newest entry that says so.
fn acknowledged(events: &[TicketEvent]) -> Option<UserId> {
    events.iter().rev().find_map(|event| match event.kind {
        EventKind::Acknowledged { by } => Some(by),
        _ => None,
    })
}

/// Whether somebody has dealt with it since paging was asked for although it was acknowledged.
fn is_answered(run: &Run, events: &[TicketEvent]) -> bool {
    let mut since = events.iter().filter(|event| event.at > run.started_at);
    since.any(|event| {
        matches!(
            event.kind,
            EventKind::Acknowledged { .. } | EventKind::StaffReplied
        )
    })
}

fn beginning(ticket: &Ticket, events: &[TicketEvent], after: i64) -> Option<Begin> {
    let is_grave = matches!(ticket.severity, Severity::P1 | Severity::P2);
    if ticket.source != Source::Breakdown || !is_grave {
        return None;
    }
    let mut fresh = events.iter().rev().filter(|event| event.id > after);
    fresh.find_map(|event| {
        let why = match event.kind {
            EventKind::Opened => "A new breakdown",
            EventKind::StateChanged {
                to: State::Reopened, ..
            } => "It failed again",
            EventKind::SeverityChanged { .. } => "It is worse than was thought",
            _ => return None,
        };
        Some(Begin { event: event.id, why })
    })
}

/// What becomes of the paging for a ticket by what happened in it. What was found before is found again and changes nothing.
pub fn verdict(ticket: &Ticket, events: &[TicketEvent], run: Option<&Run>) -> Verdict {
    let running = run.filter(|run| run.is_running);
    let is_over = !ticket.state.is_open() || ticket.merged_into.is_some();
    if is_over {
        return Verdict::End(None);
    }
    match running {
        Some(run) if run.is_escalated && is_answered(run, events) => Verdict::End(acknowledged(events)),
        Some(run) if run.is_escalated => Verdict::Stay,
        _ if !ticket.state.wants_acknowledgement() => Verdict::End(acknowledged(events)),
        Some(_) => Verdict::Stay,
        None => {
            beginning(ticket, events, run.map_or(0, |run| run.event)).map_or(Verdict::Stay, Verdict::Begin)
        }
    }
}

/// A page to a person.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// The ticket.
    pub ticket: TicketId,
    /// The ticket's number.
    pub number: i64,
    /// Its line.
    pub subject: String,
    /// How bad it is.
    pub severity: Severity,
    /// How far it is.
    pub state: State,
    /// Who was paged.
    pub user: UserId,
    /// Their name.
    pub user_name: String,
    /// By which rota.
    pub rota_name: Option<String>,
    /// Which level, from 0.
    pub level: i32,
    /// Whether it went to them because nobody was on duty.
    pub is_fallback: bool,
    /// What for.
    pub why: String,
    /// When.
    pub paged_at: DateTime<Utc>,
    /// What became of the mail: `waiting`, `sent`, `failed`, `skipped` or `off`.
    pub mail: String,
    /// Why it did not go at the last try.
    pub mail_error: Option<String>,
    /// When it went.
    pub mailed_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub ended_at: Option<DateTime<Utc>>,
    /// Who acknowledged.
    pub ended_by: Option<String>,
}

impl Call {
    /// For people.
    pub fn words(&self) -> String {
        match (&self.ended_at, &self.ended_by) {
            (None, _) => "Not acknowledged".to_owned(),
            (Some(_), Some(name)) => format!("Acknowledged by {name}"),
            (Some(_), None) => "Ended".to_owned(),
        }
    }

    /// Which look a page gives it.
    pub fn tone(&self) -> &'static str {
        if self.ended_at.is_none() { "bad" } else { "good" }
    }

    /// Whether nobody has acknowledged, and its mail did not go at the last try.
    pub fn is_undelivered(&self) -> bool {
        self.ended_at.is_none() && (self.mail == "failed" || self.mail_error.is_some())
    }

    /// What became of the mail, for people.
    pub fn mail_words(&self) -> &'static str {
        match self.mail.as_str() {
            "sent" => "mailed",
            "waiting" => "mail waits",
            "failed" => "mail failed",
            "skipped" => "no mail was needed",
            _ => "no mail server",
        }
    }
}

/// A page as it stands in a mail.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its id.
    pub id: CallId,
    /// The ticket.
    pub ticket: TicketId,
    /// The ticket's number.
    pub number: i64,
    /// Its line.
    pub subject: String,
    /// How bad it is.
    pub severity: Severity,
    /// Whose it is.
    pub tenant: Option<String>,
    /// What for.
    pub why: String,
    /// Whether nobody was on duty.
    pub is_fallback: bool,
}

/// What a mail says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// A line.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// The mail of pages to one person: the worst first, and only a number of those that a storm has too many of.
pub fn mail(lines: &[Line], link: &str, ticket_link: impl Fn(TicketId) -> String) -> Mail {
    let mut sorted: Vec<&Line> = lines.iter().collect();
    sorted.sort_by_key(|line| (line.severity, line.number));
    let code = |line: &Line| line.severity.word().to_uppercase();
    let more = |shown: usize| match sorted.len().saturating_sub(shown) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let subject = sorted.first().map_or_else(String::new, |first| {
        let whose = first
            .tenant
            .as_ref()
            .map_or_else(String::new, |name| format!(" ({name})"));
        format!(
            "[{}] #{} {}{whose}{}",
            code(first),
            first.number,
            first.subject,
            more(1)
        )
    });
    let mut text = String::new();
    if sorted.iter().any(|line| line.is_fallback) {
        text.push_str(
            "Nobody on call could be reached, so this goes to all owners and admins of the staff.\n\n",
        );
    }
    for line in sorted.iter().take(IN_MAIL) {
        let whose = line.tenant.as_deref().unwrap_or("no organisation");
        let href = ticket_link(line.ticket);
        let (number, subject, why) = (line.number, &line.subject, &line.why);
        let _ = write!(
            text,
            "[{}] #{number} {subject} ({whose})\n    {why}. {href}\n",
            code(line)
        );
    }
    if sorted.len() > IN_MAIL {
        let _ = writeln!(text, "…{}", more(IN_MAIL));
    }
    let _ = write!(
        text,
        "\nAcknowledge here, without signing in (the link is yours alone and works for 24 hours):\n{link}\n\nIf nobody \
         acknowledges, the next person is paged.\n"
    );
    Mail { subject, text }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;

    fn ticket(state: State) -> Ticket {
        Ticket {
            id: TicketId(Uuid::nil()),
            number: 12,
            tenant: None,
            tenant_name: None,
            subject: "web-1 does not answer".to_owned(),
            severity: Severity::P1,
            state,
            source: Source::Breakdown,
            assignee: None,
            assignee_name: None,
            team: None,
            tags: Vec::new(),
            opened_by: None,
            opened_at: DateTime::UNIX_EPOCH,
            changed_at: DateTime::UNIX_EPOCH,
            resolved_at: None,
            closed_at: None,
            due_at: None,
            due_what: None,
            merged_into: None,
            version: 1,
        }
    }

    fn event(id: i64, kind: EventKind) -> TicketEvent {
        TicketEvent {
            id,
            ticket: TicketId(Uuid::nil()),
            at: DateTime::UNIX_EPOCH + TimeDelta::seconds(id),
            kind,
            actor: None,
            public: true,
        }
    }

    fn run(event: i64, is_running: bool, is_escalated: bool) -> Run {
        Run {
            ticket: TicketId(Uuid::nil()),
            chain: None,
            generation: 1,
            is_escalated,
            why: String::new(),
            is_running,
            next: Next { round: 0, level: 0 },
            next_at: DateTime::UNIX_EPOCH,
            event,
            started_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(event),
        }
    }

    const ADA: UserId = UserId(Uuid::from_u128(1));

    #[test]
    fn grave_breakdowns_page_once_for_each_beginning() {
        let opened = [event(3, EventKind::Opened)];
        let begin = Verdict::Begin(Begin {
            event: 3,
            why: "A new breakdown",
        });
        assert_eq!(verdict(&ticket(State::New), &opened, None), begin);
        assert_eq!(
            verdict(&ticket(State::New), &opened, Some(&run(3, true, false))),
            Verdict::Stay
        );
        assert_eq!(
            verdict(&ticket(State::New), &opened, Some(&run(3, false, false))),
            Verdict::Stay
        );
        for mild in [
            Ticket {
                severity: Severity::P3,
                ..ticket(State::New)
            },
            Ticket {
                source: Source::Customer,
                ..ticket(State::New)
            },
        ] {
            assert_eq!(verdict(&mild, &opened, None), Verdict::Stay);
        }
        let again = EventKind::StateChanged {
            from: State::Resolved,
            to: State::Reopened,
        };
        let again = verdict(
            &ticket(State::Reopened),
            &[event(9, again)],
            Some(&run(3, false, false)),
        );
        assert!(
            matches!(again, Verdict::Begin(Begin { event: 9, .. })),
            "{again:?}"
        );
    }

    #[test]
    fn an_acknowledgement_or_an_end_ends_it() {
        let acknowledged = [event(4, EventKind::Acknowledged { by: ADA })];
        let running = run(3, true, false);
        let end = |state| verdict(&ticket(state), &acknowledged, Some(&running));
        assert_eq!(end(State::Acknowledged), Verdict::End(Some(ADA)));
        assert_eq!(end(State::Resolved), Verdict::End(None));
        let merged = Ticket {
            merged_into: Some(TicketId(Uuid::nil())),
            ..ticket(State::New)
        };
        assert_eq!(verdict(&merged, &[], Some(&running)), Verdict::End(None));
    }

    #[test]
    fn an_escalation_goes_on_until_somebody_answers() {
        let running = run(5, true, true);
        let said = |kind| verdict(&ticket(State::Acknowledged), &[event(6, kind)], Some(&running));
        assert_eq!(said(EventKind::Noted), Verdict::Stay);
        assert_eq!(said(EventKind::StaffReplied), Verdict::End(None));
        assert_eq!(said(EventKind::Acknowledged { by: ADA }), Verdict::End(Some(ADA)));
        let before = verdict(
            &ticket(State::Acknowledged),
            &[event(4, EventKind::StaffReplied)],
            Some(&running),
        );
        assert_eq!(before, Verdict::Stay);
    }

    #[test]
    fn a_storm_is_one_mail_that_counts() {
        let line = |number: i64| Line {
            id: CallId(Uuid::nil()),
            ticket: TicketId(Uuid::nil()),
            number,
            subject: "down".to_owned(),
            severity: if number == 7 { Severity::P1 } else { Severity::P2 },
            tenant: Some("Acme".to_owned()),
            why: "A new breakdown".to_owned(),
            is_fallback: false,
        };
        let lines: Vec<_> = (1..=38).map(line).collect();
        let said = mail(&lines, "https://panel/page-links/x", |id| id.to_string());
        assert_eq!(said.subject, "[P1] #7 down (Acme) and 37 more");
        assert!(said.text.contains("… and 28 more\n"), "{}", said.text);
        assert_eq!(said.text.matches("A new breakdown").count(), IN_MAIL);
        let one = mail(&lines[..1], "https://panel/page-links/x", |id| id.to_string());
        assert_eq!(one.subject, "[P2] #1 down (Acme)");
        assert!(one.text.contains("\nhttps://panel/page-links/x\n"));
    }
}
