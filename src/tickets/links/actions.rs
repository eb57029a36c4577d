//! Linking, merging and splitting tickets: each one transaction.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::{StaffScope, Who};
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::ids::{TicketId, TicketPostId};
use crate::tickets;
use crate::tickets::extras::tell_staff;
use crate::tickets::model::{Author, EventKind, NewPost, NewTicket, PostKind, Source, Ticket, parse_subject};
use crate::tickets::store::copy_watchers;

use super::model::{Kind, Named};
use super::store;

/// As many posts as one split moves.
const MAX_MOVED: usize = 200;

/// The ticket that was named in a field.
async fn named(tx: &mut StaffTx, field: &str, name: Result<Named, String>) -> Result<Ticket, Error> {
    let found = match name.map_err(|message| Error::invalid(field, message))? {
        Named::Number(number) => tickets::by_number(tx, number).await,
        Named::Id(id) => tickets::find(tx, id).await,
    };
    found.map_err(|error| match error {
        Error::NotFound => Error::invalid(field, "There is no such ticket."),
        error => error,
    })
}

/// Two tickets, locked in one order, so that two who do this do not wait for each other.
async fn lock_both(tx: &mut StaffTx, one: TicketId, other: TicketId) -> Result<(Ticket, Ticket), Error> {
    if one < other {
        let one = tickets::lock(tx, one).await?;
        Ok((one, tickets::lock(tx, other).await?))
    } else {
        let other = tickets::lock(tx, other).await?;
        Ok((tickets::lock(tx, one).await?, other))
    }
}

async fn note(
    app: &App,
    tx: &mut StaffTx,
    scope: &StaffScope,
    (one, other): (&Ticket, &Ticket),
    change: &Change,
) -> Result<(), Error> {
    for ticket in [one, other] {
        tickets::record(app, tx, &scope.who, ticket.id, EventKind::Linked, false).await?;
    }
    tell_staff(app, tx, &scope.who, one, change).await
}

/// Links a ticket with another one of the same tenant.
pub(super) async fn link(
    app: &App,
    scope: &StaffScope,
    id: TicketId,
    other: Result<Named, String>,
    kind: Result<Kind, String>,
) -> Result<(), Error> {
    let kind = kind.map_err(|message| Error::invalid("kind", message))?;
    let mut tx = scope.begin().await?;
    let other = named(&mut tx, "ticket", other).await?.id;
    let (one, other) = lock_both(&mut tx, id, other).await?;
    if one.id == other.id || one.tenant != other.tenant {
        let message = "Choose another ticket of the same organisation.";
        return Err(Error::invalid("ticket", message));
    }
    store::lock_links(&mut tx, one.tenant).await?;
    if kind.has_direction() && store::leads(&mut tx, (other.id, one.id), kind).await? {
        let message = "The other ticket leads back to this one, so this would make a circle.";
        return Err(Error::conflict("ticket-link-loop", message));
    }
    store::insert(&mut tx, (one.id, other.id), kind, &scope.who.label, app.now()).await?;
    let change = Change::to("ticket.link", json!({ "to": other.label(), "kind": kind }));
    note(app, &mut tx, scope, (&one, &other), &change).await?;
    tx.commit().await
}

/// Takes the link of two tickets away.
pub(super) async fn unlink(
    app: &App,
    scope: &StaffScope,
    id: TicketId,
    other: TicketId,
) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let (one, other) = lock_both(&mut tx, id, other).await?;
    if !store::delete(&mut tx, (one.id, other.id)).await? {
        return Err(Error::NotFound);
    }
    let change = Change {
        action: "ticket.unlink",
        before: Some(json!({ "to": other.label() })),
        after: None,
    };
    note(app, &mut tx, scope, (&one, &other), &change).await?;
    tx.commit().await
}

/// Ends a ticket that another one of the same tenant goes on with. Gives that.
pub(super) async fn merge(
    app: &App,
    scope: &StaffScope,
    id: TicketId,
    into: Result<Named, String>,
) -> Result<Ticket, Error> {
    let mut tx = scope.begin().await?;
    let into = named(&mut tx, "into", into).await?.id;
    tickets::merge_into(app, &mut tx, &scope.who, id, into).await?;
    let into = tickets::find(&mut tx, into).await?;
    tx.commit().await?;
    Ok(into)
}

/// Says in both tickets that posts went from one to the other.
async fn tell_moved(
    app: &App,
    tx: &mut StaffTx,
    scope: &StaffScope,
    (from, into): (&Ticket, &Ticket),
    moved: &[bool],
) -> Result<(), Error> {
    let public = moved.contains(&true);
    let posts = match moved.len() {
        1 => "A post".to_owned(),
        many => format!("{many} posts"),
    };
    // By the panel, or the customer would read whose hand it was.
    let panel = Who::system("tickets");
    for (ticket, body) in [
        (from.id, format!("{posts} moved to ticket {}.", into.label())),
        (
            into.id,
            format!("{posts} moved here from ticket {}.", from.label()),
        ),
    ] {
        let said = NewPost {
            kind: PostKind::System,
            public,
            body,
            by: Author::System,
        };
        tickets::add_post(app, tx, &panel, ticket, said).await?;
    }
    tickets::record(
        app,
        tx,
        &scope.who,
        from.id,
        EventKind::Split { into: into.id },
        public,
    )
    .await?;
    Ok(())
}

/// Makes some of a ticket's posts a ticket of their own. Gives that.
pub(super) async fn split(
    app: &App,
    scope: &StaffScope,
    id: TicketId,
    subject: &str,
    posts: &[TicketPostId],
) -> Result<Ticket, Error> {
    let subject = parse_subject(subject).map_err(|message| Error::invalid("subject", message))?;
    let mut tx = scope.begin().await?;
    let from = tickets::lock(&mut tx, id).await?;
    if from.merged_into.is_some() {
        let message = "This ticket was merged into another one. Split that.";
        return Err(Error::conflict("ticket-merged", message));
    }
    let all = usize::try_from(store::count_posts(&mut tx, id).await?).unwrap_or(usize::MAX);
    if !(1..=MAX_MOVED).contains(&posts.len()) || posts.len() >= all {
        let message = format!("Choose 1 to {MAX_MOVED} posts, and leave at least one here.");
        return Err(Error::invalid("posts", message));
    }
    let new = NewTicket {
        tenant: from.tenant,
        subject,
        severity: from.severity,
        source: Source::Staff,
        about: tickets::about(&mut tx, id).await?,
        tags: from.tags.clone(),
        opened_by: from.opened_by,
        first: None,
    };
    let into = tickets::open(app, &mut tx, &scope.who, new).await?;
    let moved = store::move_posts(&mut tx, (id, into.id), posts).await?;
    if moved.len() != posts.len() {
        return Err(Error::invalid("posts", "Choose posts of this ticket, each once."));
    }
    copy_watchers(&mut tx, id, into.id, app.now()).await?;
    tell_moved(app, &mut tx, scope, (&from, &into), &moved).await?;
    let change = Change::to(
        "ticket.split",
        json!({ "into": into.label(), "posts": moved.len() }),
    );
    tell_staff(app, &mut tx, &scope.who, &from, &change).await?;
    let into = tickets::find(&mut tx, into.id).await?;
    tx.commit().await?;
    Ok(into)
}
