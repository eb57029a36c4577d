//! What staff do with tickets.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::StaffScope;
use crate::platform::db::StaffTx;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{TenantId, TicketId, TicketPostId, UserId};

use super::super::attachments::{Upload, attach, attach_to_first};
use super::super::model::{
    Author, EventKind, NewPost, NewTicket, PostKind, Severity, Source, State, Ticket, parse_subject,
    parse_tag, parse_tags, parse_team,
};
use super::super::store;
use super::customer::answer;
use super::{
    Actor, Entry, Opening, acknowledge, add_post, assign, audit, check_not_merged, happened, open,
    set_severity, set_state,
};

/// As many tickets as are changed at once.
const MOST_AT_ONCE: usize = 100;

/// Opens a ticket for a tenant, or for nobody yet.
pub async fn open_by_staff(
    app: &App,
    scope: &StaffScope,
    tenant: Option<TenantId>,
    opening: Opening,
    files: &[Upload],
) -> Result<Ticket, Error> {
    let (subject, body) = opening.parse()?;
    let mut tx = scope.begin().await?;
    let new = NewTicket {
        tenant,
        subject,
        severity: opening.severity,
        source: Source::Staff,
        about: opening.about,
        tags: Vec::new(),
        opened_by: Some(scope.actor.user),
        first: Some(answer(scope.actor.user, &body)),
    };
    let ticket = open(app, &mut tx, &scope.who, new).await?;
    attach_to_first(app, &mut tx, &scope.who, ticket.id, files).await?;
    tx.commit().await?;
    Ok(ticket)
}

/// Answers, and brings the ticket to a state if one is named. What nobody had taken is taken.
pub async fn reply_by_staff(
    app: &App,
    scope: &StaffScope,
    id: TicketId,
    body: &str,
    then: Option<State>,
    files: &[Upload],
) -> Result<TicketPostId, Error> {
    let mut tx = scope.begin().await?;
    // It may have been merged: the answer goes on in another one then.
    store::lock_in_order(&mut tx, &[id]).await?;
    let post = answer(scope.actor.user, body);
    let written = add_post(app, &mut tx, &scope.who, id, post).await?;
    attach(app, &mut tx, &scope.who, (id, written, true), files).await?;
    if let Some(to) = then {
        set_state(app, &mut tx, &scope.who, id, to, None).await?;
    }
    tx.commit().await?;
    Ok(written)
}

/// Writes a note, which the customer never reads.
pub async fn note_by_staff(
    app: &App,
    scope: &StaffScope,
    id: TicketId,
    body: &str,
    files: &[Upload],
) -> Result<TicketPostId, Error> {
    let mut tx = scope.begin().await?;
    let post = NewPost {
        kind: PostKind::Note,
        public: false,
        body: body.to_owned(),
        by: Author::User(scope.actor.user),
    };
    let written = add_post(app, &mut tx, &scope.who, id, post).await?;
    attach(app, &mut tx, &scope.who, (id, written, false), files).await?;
    tx.commit().await?;
    Ok(written)
}

/// Takes a ticket: whoever asks takes care of it from now on.
pub async fn take(app: &App, scope: &StaffScope, id: TicketId) -> Result<Ticket, Error> {
    let mut tx = scope.begin().await?;
    let me = scope.actor.user;
    acknowledge(app, &mut tx, &scope.who, id, me).await?;
    let ticket = assign(app, &mut tx, &scope.who, id, Some(me)).await?;
    tx.commit().await?;
    Ok(ticket)
}

/// To whom a ticket is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assignee {
    /// To nobody.
    Nobody,
    /// To one of the staff.
    Person(UserId),
}

impl Assignee {
    /// `none`, or the id of one of the staff.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text.trim() {
            "" | "none" => Ok(Self::Nobody),
            id => match id.parse() {
                Ok(user) => Ok(Self::Person(user)),
                Err(_) => Err(Error::invalid("assignee", "Choose one of the staff, or none.")),
            },
        }
    }

    fn user(self) -> Option<UserId> {
        match self {
            Self::Nobody => None,
            Self::Person(user) => Some(user),
        }
    }
}

/// What is to change of a ticket; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    /// What it is about.
    pub subject: Option<String>,
    /// How bad it is.
    pub severity: Option<Severity>,
    /// How far it is.
    pub state: Option<State>,
    /// Who works on it.
    pub assignee: Option<Assignee>,
    /// Which team works on it; empty for none.
    pub team: Option<String>,
    /// All its tags.
    pub tags: Option<Vec<String>>,
    /// One tag more.
    pub add_tag: Option<String>,
}

impl Patch {
    /// The same with its texts as they are kept, or what is wrong with them.
    fn parse(self) -> Result<Self, Error> {
        let mut errors = FieldErrors::default();
        let subject = self.subject.map(|text| parse_subject(&text));
        let subject = subject.and_then(|read| errors.check("subject", read));
        let team = self.team.map(|text| parse_team(&text));
        let team = team.and_then(|read| errors.check("team", read.map(Option::unwrap_or_default)));
        let tags = self.tags.map(|tags| parse_tags(tags.iter().map(String::as_str)));
        let tags = tags.and_then(|read| errors.check("tags", read));
        let add_tag = self.add_tag.map(|tag| parse_tag(&tag));
        let add_tag = add_tag.and_then(|read| errors.check("tag", read));
        errors.into_result()?;
        Ok(Self {
            subject,
            team,
            tags,
            add_tag,
            ..self
        })
    }
}

/// Changes a ticket. `is_seen` is asked whether the version that is there may be changed.
pub async fn change_by_staff(
    app: &App,
    scope: &StaffScope,
    id: TicketId,
    patch: Patch,
    is_seen: impl FnOnce(i64) -> Result<(), Error>,
) -> Result<Ticket, Error> {
    let patch = patch.parse()?;
    let mut tx = scope.begin().await?;
    let ticket = store::lock(&mut tx, id).await?;
    is_seen(ticket.version)?;
    check_not_merged(&ticket)?;
    sort(app, &mut tx, scope, &ticket, &patch).await?;
    if let Some(to) = patch.severity {
        set_severity(app, &mut tx, &scope.who, id, to).await?;
    }
    if let Some(to) = patch.assignee {
        assign(app, &mut tx, &scope.who, id, to.user()).await?;
    }
    if let Some(to) = patch.state {
        set_state(app, &mut tx, &scope.who, id, to, None).await?;
    }
    let ticket = store::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(ticket)
}

/// Changes what a ticket is called and sorted by.
async fn sort(
    app: &App,
    tx: &mut StaffTx,
    scope: &StaffScope,
    ticket: &Ticket,
    patch: &Patch,
) -> Result<(), Error> {
    let (id, now) = (ticket.id, app.now());
    let mut entries: Vec<Entry> = Vec::new();
    let subject = patch.subject.as_ref().filter(|new| **new != ticket.subject);
    if let Some(subject) = subject {
        store::save_subject(tx, id, subject, now).await?;
        entries.push(EventKind::Tagged.into());
    }
    let team = patch.team.as_deref();
    if let Some(team) = team.filter(|team| *team != ticket.team.as_deref().unwrap_or_default()) {
        let team = Some(team).filter(|team| !team.is_empty());
        store::save_team(tx, id, team, now).await?;
        entries.push(EventKind::TeamChanged.into());
    }
    let tags = tags(ticket, patch)?;
    if tags != ticket.tags {
        store::save_tags(tx, id, &tags, now).await?;
        entries.push(EventKind::Tagged.into());
    }
    if entries.is_empty() {
        return Ok(());
    }
    let actor = Actor::of(tx, &scope.who).await?;
    happened(app, tx, &actor, ticket, entries).await?;
    let after = store::find(tx, id).await?;
    let told =
        |ticket: &Ticket| json!({ "subject": ticket.subject, "team": ticket.team, "tags": ticket.tags });
    let change = Change::between("ticket.change", told(ticket), told(&after));
    audit(app, tx, &scope.who, (ticket, false), &change).await
}

/// The tags that a ticket is to have.
fn tags(ticket: &Ticket, patch: &Patch) -> Result<Vec<String>, Error> {
    let tags = patch.tags.as_ref().unwrap_or(&ticket.tags);
    let tags = parse_tags(tags.iter().chain(&patch.add_tag).map(String::as_str));
    tags.map_err(|why| Error::invalid("tags", why))
}

/// What came of a change of one of several.
#[derive(Debug)]
pub struct BulkOutcome {
    /// Which.
    pub ticket: TicketId,
    /// It as it is now, or why it was not changed.
    pub outcome: Result<Ticket, Error>,
}

/// Changes several tickets, each by itself: one that can't be changed does not hold the others up.
pub async fn bulk(
    app: &App,
    scope: &StaffScope,
    ids: &[TicketId],
    patch: &Patch,
) -> Result<Vec<BulkOutcome>, Error> {
    if ids.is_empty() || ids.len() > MOST_AT_ONCE {
        let message = format!("Choose 1 to {MOST_AT_ONCE} tickets.");
        return Err(Error::invalid("tickets", message));
    }
    let patch = patch.clone().parse()?;
    let mut outcomes = Vec::with_capacity(ids.len());
    for id in ids {
        let outcome = change_by_staff(app, scope, *id, patch.clone(), |_| Ok(())).await;
        if let Err(error @ (Error::Internal(_) | Error::Unavailable(_))) = outcome {
            return Err(error);
        }
        outcomes.push(BulkOutcome { ticket: *id, outcome });
    }
    Ok(outcomes)
}
