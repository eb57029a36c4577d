//! What a tenant's people do with its tickets.

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{TicketId, TicketPostId, UserId};

use super::super::attachments::{Upload, attach, attach_to_first};
use super::super::model::{Author, NewPost, NewTicket, PostKind, Source, State, Ticket};
use super::super::store;
use super::{Opening, add_post, open, set_state};

/// An answer of a person, which both sides read.
pub(super) fn answer(user: UserId, body: &str) -> NewPost {
    NewPost {
        kind: PostKind::Reply,
        public: true,
        body: body.to_owned(),
        by: Author::User(user),
    }
}

/// Opens a ticket. Files that come with what is said first are there with it, or nothing is.
pub async fn open_by_customer(
    app: &App,
    scope: &TenantScope,
    opening: Opening,
    files: &[Upload],
) -> Result<Ticket, Error> {
    let (subject, body) = opening.parse()?;
    let mut tx = scope.begin().await?;
    let new = NewTicket {
        tenant: Some(scope.tenant()),
        subject,
        severity: opening.severity,
        source: Source::Customer,
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

/// Answers, with files or without. What waited for the customer goes on, and what was over is open again.
pub async fn reply_by_customer(
    app: &App,
    scope: &TenantScope,
    id: TicketId,
    body: &str,
    files: &[Upload],
) -> Result<TicketPostId, Error> {
    let mut tx = scope.begin().await?;
    let post = answer(scope.actor.user, body);
    let written = add_post(app, &mut tx, &scope.who, id, post).await?;
    attach(app, &mut tx, &scope.who, (id, written, true), files).await?;
    tx.commit().await?;
    Ok(written)
}

/// Says that it works again. `is_seen` is asked whether the version that is there may be changed.
pub async fn resolve_by_customer(
    app: &App,
    scope: &TenantScope,
    id: TicketId,
    is_seen: impl FnOnce(i64) -> Result<(), Error>,
) -> Result<Ticket, Error> {
    let mut tx = scope.begin().await?;
    is_seen(store::lock(&mut tx, id).await?.version)?;
    let ticket = set_state(app, &mut tx, &scope.who, id, State::Resolved, None).await?;
    tx.commit().await?;
    Ok(ticket)
}
