//! What all parts do with tickets, in the transaction of whoever asks.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::Who;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{TicketId, TicketPostId, UserId};

use super::super::model::{
    Author, EventKind, NewPost, NewTicket, Post, PostKind, Severity, Side, Source, State, Ticket,
    after_reply, parse_body, parse_subject, parse_tags, tidy_body, tidy_subject,
};
use super::super::store::{self, Insert};
use super::{Actor, Entry, audit, check_not_merged, happened};

fn invalid(field: &'static str) -> impl Fn(String) -> Error {
    move |why| Error::invalid(field, why)
}

/// Opens a ticket. What programs and mails say is made to fit; what people type is refused if it does not.
pub async fn open(app: &App, tx: &mut impl Scoped, who: &Who, new: NewTicket) -> Result<Ticket, Error> {
    let now = app.now();
    let id = TicketId::new(&*app.ids, now);
    let subject = match new.source {
        Source::Customer | Source::Staff => parse_subject(&new.subject).map_err(invalid("subject"))?,
        Source::Breakdown | Source::Mail => tidy_subject(&new.subject),
    };
    let insert = Insert {
        id,
        tenant: new.tenant,
        subject: &subject,
        severity: new.severity,
        source: new.source,
        opened_by: new.opened_by,
        now,
    };
    store::insert(tx, &insert).await?;
    for (position, about) in (0..).zip(new.about) {
        store::add_about(tx, id, position, about).await?;
    }
    let tags = parse_tags(new.tags.iter().map(String::as_str)).map_err(invalid("tags"))?;
    if !tags.is_empty() {
        store::save_tags(tx, id, &tags, now).await?;
    }
    let ticket = store::find(tx, id).await?;
    let actor = match &new.first {
        Some(post) => {
            let side = store::side_of(tx, &ticket, &post.by).await?;
            write(app, tx, who, (&ticket, side), post).await?.1
        }
        None => Actor::of(tx, who).await?,
    };
    happened(app, tx, &actor, &ticket, [EventKind::Opened.into()]).await?;
    let told = json!({ "severity": ticket.severity, "source": ticket.source });
    audit(app, tx, who, (&ticket, true), &Change::to("ticket.open", told)).await?;
    Ok(ticket)
}

/// Writes a post, and says which and by whom.
async fn write(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    (ticket, side): (&Ticket, Side),
    new: &NewPost,
) -> Result<(TicketPostId, Actor), Error> {
    let body = match new.by {
        Author::User(_) => parse_body(&new.body).map_err(invalid("body"))?,
        Author::Mail { .. } | Author::System => tidy_body(&new.body),
    };
    let address = match &new.by {
        Author::Mail { address, .. } => Some(address.clone()),
        Author::User(_) | Author::System => None,
    };
    let otherwise = address.as_deref().unwrap_or(&who.label);
    let actor = Actor::person(tx, new.by.user(), otherwise).await?;
    let now = app.now();
    let post = Post {
        id: TicketPostId::new(&*app.ids, now),
        ticket: ticket.id,
        kind: new.kind,
        public: new.public && !new.kind.is_internal(),
        body,
        side,
        author: actor.user,
        author_name: actor.name.clone(),
        address,
        at: now,
    };
    store::add_post(tx, &post).await?;
    Ok((post.id, actor))
}

/// Writes into a ticket, or into the one that goes on with it. An answer brings a ticket on: a customer's what waited for it or was
/// over, staff's what nobody had taken.
pub async fn add_post(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    id: TicketId,
    post: NewPost,
) -> Result<TicketPostId, Error> {
    let now = app.now();
    let ticket = store::lock_last(tx, id).await?;
    let side = store::side_of(tx, &ticket, &post.by).await?;
    let is_answer = post.kind == PostKind::Reply && post.public;
    let to = if is_answer {
        after_reply(ticket.state, side, (ticket.closed_at, now))?
    } else {
        None
    };
    let (written, actor) = write(app, tx, who, (&ticket, side), &post).await?;
    let kind = match (is_answer, side) {
        (true, Side::Customer) => EventKind::CustomerReplied,
        (true, Side::Staff) => EventKind::StaffReplied,
        _ => EventKind::Noted,
    };
    let is_public = post.public && !post.kind.is_internal();
    let mut entries: Vec<Entry> = vec![Entry {
        public: is_public,
        ..kind.into()
    }];
    if let Some(to) = to {
        store::save_state(tx, ticket.id, to, now).await?;
        if let (State::Acknowledged, Some(by)) = (to, actor.user) {
            entries.push(EventKind::Acknowledged { by }.into());
            entries.extend(assign_free(app, tx, &ticket, by).await?);
        }
        let from = ticket.state;
        entries.push(EventKind::StateChanged { from, to }.into());
    } else {
        store::touch(tx, ticket.id, now).await?;
    }
    happened(app, tx, &actor, &ticket, entries).await?;
    let change = if is_answer {
        Change::plain("ticket.reply")
    } else {
        Change::to("ticket.note", json!({ "kind": post.kind }))
    };
    audit(app, tx, who, (&ticket, is_public), &change).await?;
    Ok(written)
}

/// Gives a ticket of nobody to whoever takes care of it.
async fn assign_free(
    app: &App,
    tx: &mut impl Scoped,
    ticket: &Ticket,
    to: UserId,
) -> Result<Option<Entry>, Error> {
    if ticket.assignee.is_some() {
        return Ok(None);
    }
    store::save_assignee(tx, ticket.id, Some(to), app.now()).await?;
    Ok(Some(EventKind::Assigned { to: Some(to) }.into()))
}

/// Brings a ticket to another state, if whose hand it is may. `why` is for both sides to read.
pub async fn set_state(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    id: TicketId,
    to: State,
    why: Option<&str>,
) -> Result<Ticket, Error> {
    let now = app.now();
    let ticket = store::lock(tx, id).await?;
    if ticket.state == to {
        return Ok(ticket);
    }
    check_not_merged(&ticket)?;
    let by = who.user.map_or(Author::System, Author::User);
    let side = store::side_of(tx, &ticket, &by).await?;
    let from = ticket.state;
    from.check(to, side, (ticket.closed_at, now))?;
    if let (State::Acknowledged, Some(by)) = (to, who.user) {
        return acknowledge(app, tx, who, id, by).await;
    }
    store::save_state(tx, id, to, now).await?;
    let actor = Actor::of(tx, who).await?;
    let entry = Entry {
        why: why.map(tidy_subject),
        ..EventKind::StateChanged { from, to }.into()
    };
    happened(app, tx, &actor, &ticket, [entry]).await?;
    let change = Change::between("ticket.state", json!({ "state": from }), json!({ "state": to }));
    audit(app, tx, who, (&ticket, true), &change).await?;
    store::find(tx, id).await
}

/// Says how bad it is.
pub async fn set_severity(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    id: TicketId,
    to: Severity,
) -> Result<Ticket, Error> {
    let ticket = store::lock(tx, id).await?;
    let from = ticket.severity;
    if from == to {
        return Ok(ticket);
    }
    check_not_merged(&ticket)?;
    store::save_severity(tx, id, to, app.now()).await?;
    let actor = Actor::of(tx, who).await?;
    let entry = EventKind::SeverityChanged { from, to }.into();
    happened(app, tx, &actor, &ticket, [entry]).await?;
    let (before, after) = (json!({ "severity": from }), json!({ "severity": to }));
    let change = Change::between("ticket.severity", before, after);
    audit(app, tx, who, (&ticket, true), &change).await?;
    store::find(tx, id).await
}

/// Says that somebody takes care of a ticket, and gives it to them if nobody has it. One that does not wait for that stays as it is.
pub async fn acknowledge(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    id: TicketId,
    by: UserId,
) -> Result<Ticket, Error> {
    let ticket = store::lock(tx, id).await?;
    if !ticket.state.wants_acknowledgement() {
        return Ok(ticket);
    }
    check_not_merged(&ticket)?;
    let (from, to) = (ticket.state, State::Acknowledged);
    store::save_state(tx, id, to, app.now()).await?;
    let actor = Actor::person(tx, Some(by), &who.label).await?;
    let mut entries: Vec<Entry> = vec![EventKind::Acknowledged { by }.into()];
    entries.extend(assign_free(app, tx, &ticket, by).await?);
    entries.push(EventKind::StateChanged { from, to }.into());
    happened(app, tx, &actor, &ticket, entries).await?;
    let change = Change::between(
        "ticket.acknowledge",
        json!({ "state": from }),
        json!({ "state": to }),
    );
    audit(app, tx, who, (&ticket, true), &change).await?;
    store::find(tx, id).await
}

/// Gives a ticket to one of the staff, or to nobody.
pub async fn assign(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    id: TicketId,
    to: Option<UserId>,
) -> Result<Ticket, Error> {
    let ticket = store::lock(tx, id).await?;
    if ticket.assignee == to {
        return Ok(ticket);
    }
    check_not_merged(&ticket)?;
    if let Some(user) = to
        && store::staff_member(tx, user).await?.is_none()
    {
        return Err(Error::invalid("assignee", "Choose one of the staff."));
    }
    store::save_assignee(tx, id, to, app.now()).await?;
    let actor = Actor::of(tx, who).await?;
    happened(app, tx, &actor, &ticket, [EventKind::Assigned { to }.into()]).await?;
    let after = store::find(tx, id).await?;
    let told = |ticket: &Ticket| json!({ "assignee": ticket.assignee_name });
    let change = Change::between("ticket.assign", told(&ticket), told(&after));
    audit(app, tx, who, (&ticket, false), &change).await?;
    Ok(after)
}

/// Writes an entry of another part into a ticket's log. That part writes the audit event.
pub async fn record(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    id: TicketId,
    kind: EventKind,
    public: bool,
) -> Result<(), Error> {
    let ticket = store::lock(tx, id).await?;
    store::touch(tx, id, app.now()).await?;
    let actor = Actor::of(tx, who).await?;
    let entry = Entry {
        kind,
        public,
        why: None,
    };
    happened(app, tx, &actor, &ticket, [entry]).await
}
