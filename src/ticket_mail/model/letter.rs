//! How what happened in a ticket is worded in a mail: plain text, in which Markdown reads well as it is.

use crate::platform::ids::UserId;
use crate::tickets::{EventKind, State, Ticket, TicketEvent};

use super::cut::MARK;

/// So many answers stand in one mail; the rest is for the page.
const MOST_POSTS: usize = 10;

/// What of a ticket's entries is worth a mail. Notes are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct News {
    /// The newest entry.
    pub newest: i64,
    /// How many of the newest public posts are told of.
    pub posts: i64,
    /// Whether the ticket was opened.
    pub is_new: bool,
    /// Whether it is resolved now, and by whom.
    pub is_resolved: bool,
    /// Who resolved it.
    pub resolved_by: Option<UserId>,
    /// To whom of the staff it was given by somebody else.
    pub assigned: Option<UserId>,
}

impl News {
    /// What is worth a mail, if anything is.
    pub fn of(ticket: &Ticket, events: &[TicketEvent]) -> Option<Self> {
        let is_post = |event: &&TicketEvent| match event.kind {
            EventKind::Opened | EventKind::CustomerReplied | EventKind::StaffReplied => true,
            EventKind::Noted => event.public,
            _ => false,
        };
        let resolved = events.iter().rev().find(|event| {
            matches!(
                event.kind,
                EventKind::StateChanged {
                    to: State::Resolved,
                    ..
                }
            ) && event.public
        });
        let resolved = resolved.filter(|_| ticket.state == State::Resolved);
        let assigned = events.iter().rev().find_map(|event| match event.kind {
            EventKind::Assigned { to } => Some(to.filter(|to| event.actor != Some(*to))),
            _ => None,
        });
        let news = Self {
            newest: events.iter().map(|event| event.id).max()?,
            posts: i64::try_from(events.iter().filter(is_post).count()).unwrap_or(i64::MAX),
            is_new: events.iter().any(|event| event.kind == EventKind::Opened),
            is_resolved: resolved.is_some(),
            resolved_by: resolved.and_then(|event| event.actor),
            assigned: assigned.flatten().filter(|to| ticket.assignee == Some(*to)),
        };
        (news.posts > 0 || news.is_resolved || news.assigned.is_some()).then_some(news)
    }
}

/// A public post.
#[derive(Debug, Clone)]
pub struct Said {
    /// The person, if it is one whom the panel knows.
    pub author: Option<UserId>,
    /// What they are called.
    pub name: String,
    /// Where it came from by mail.
    pub address: Option<String>,
    /// Markdown.
    pub body: String,
}

/// What one mail says.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a sentence of the mail")]
pub struct Draft<'a> {
    /// The ticket.
    pub ticket: &'a Ticket,
    /// What was written, the oldest first.
    pub said: &'a [&'a Said],
    /// Whether it is resolved now.
    pub is_resolved: bool,
    /// Whether it was given to whoever reads this.
    pub is_assigned: bool,
    /// Where it is read, by whoever has an account.
    pub link: Option<String>,
    /// Whether an answer to the mail arrives.
    pub can_answer: bool,
    /// Whether this is the last for now, because there were many.
    pub is_last: bool,
}

/// Its subject and its text.
pub fn letter(draft: &Draft<'_>) -> (String, String) {
    let mut parts: Vec<String> = Vec::new();
    if draft.can_answer {
        parts.push(MARK.to_owned());
    }
    if draft.is_assigned {
        parts.push("This ticket was given to you.".to_owned());
    }
    let shown = &draft.said[draft.said.len().saturating_sub(MOST_POSTS)..];
    if shown.len() < draft.said.len() {
        parts.push(format!(
            "{} answers before these are on the page of the ticket.",
            draft.said.len() - shown.len()
        ));
    }
    for said in shown {
        parts.push(format!("{} wrote:\n\n{}", said.name, said.body));
    }
    if draft.is_resolved {
        let how = if draft.can_answer {
            "answer this mail"
        } else {
            "open it again"
        };
        parts.push(format!(
            "The ticket is resolved. If it still does not work, {how} within a week."
        ));
    }
    if draft.is_last {
        parts.push("So much happens in this ticket that we mail you no more of it for an hour.".to_owned());
    }
    let label = draft.ticket.label();
    parts.push(match &draft.link {
        Some(link) => format!("-- \n{label}\n{link}"),
        None => format!("-- \n{label}"),
    });
    (
        format!("[#{}] {}", draft.ticket.number, draft.ticket.subject),
        parts.join("\n\n") + "\n",
    )
}
