//! What staff do with mail of tickets, and what the clock does.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{StaffScope, SystemScope};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{OutboundMailId, TicketId};
use crate::platform::web::{Cursor, ListQuery, Listing};
use crate::tickets::{self, State, Ticket, attachments};

use super::model::{Logged, Outcome, Outgoing, UNSEEN};
use super::{TOPIC, jobs, store};

/// How long is remembered what came and went.
const KEPT: TimeDelta = TimeDelta::days(90);
/// So many tickets of triage are thrown away in one go.
const BATCH: i64 = 200;

fn check_sort(query: &ListQuery, known: &'static str) -> Result<(), Error> {
    match query.sort.as_deref() {
        None => Ok(()),
        Some(sort) if sort == known => Ok(()),
        Some(_) => Err(Error::invalid("sort", format!("Use {known}, or nothing."))),
    }
}

/// What came in, the newest first.
pub(super) async fn came_in(scope: &StaffScope, query: &ListQuery) -> Result<Listing<Logged>, Error> {
    check_sort(query, "-created")?;
    let before = Cursor::decode(query.after.as_deref())?;
    let (pattern, limit) = (query.pattern()?, query.fetch()?);
    let found = store::list(&mut scope.begin().await?, pattern.as_deref(), before, limit).await?;
    Listing::new(found, query, |one| (one.at, one.id.0))
}

/// What waits for somebody to say whose it is, the oldest first.
pub(super) async fn triage(scope: &StaffScope, query: &ListQuery) -> Result<Listing<Logged>, Error> {
    let (after, limit) = (Cursor::decode(query.after.as_deref())?, query.fetch()?);
    let found = store::triage(&mut scope.begin().await?, after, limit).await?;
    Listing::new(found, query, |one| (one.at, one.id.0))
}

/// What went out, the newest first.
pub(super) async fn went_out(scope: &StaffScope, query: &ListQuery) -> Result<Listing<Outgoing>, Error> {
    check_sort(query, "-created")?;
    let before = Cursor::decode(query.after.as_deref())?;
    let (pattern, limit) = (query.pattern()?, query.fetch()?);
    let found = store::list_out(&mut scope.begin().await?, pattern.as_deref(), before, limit).await?;
    Listing::new(found, query, |one| (one.created_at, one.id.0))
}

/// When the inbox was looked into last, and what went wrong.
pub(super) async fn last_look(scope: &StaffScope) -> Result<Option<(DateTime<Utc>, Option<String>)>, Error> {
    store::last_look(&mut scope.begin().await?).await
}

/// Sends one again that has failed.
pub(super) async fn retry(app: &App, scope: &StaffScope, id: OutboundMailId) -> Result<Outgoing, Error> {
    if app.mailer.is_none() {
        return Err(Error::conflict(
            "no-mail-server",
            "No mail server is set. Name one by BERTH_SMTP_URL and start the panel again.",
        ));
    }
    let mut tx = scope.begin().await?;
    let found = store::find(&mut tx, id).await?;
    found.check_failed()?;
    store::renew(&mut tx, id, app.now()).await?;
    jobs::enqueue(&mut tx, id).await?;
    let target = Target {
        kind: "ticket",
        id: Some(found.ticket.0.0),
        label: &found.subject,
        tenant: None,
    };
    let change = Change::to("ticket.mail_retry", json!({ "recipient": found.recipient }));
    app.audit(&mut tx, &scope.who, &target, &change).await?;
    let found = store::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(found)
}

/// Throws a ticket of triage away: it is closed, and nobody is told.
pub(super) async fn discard(app: &App, scope: &StaffScope, id: TicketId) -> Result<Ticket, Error> {
    let mut tx = scope.begin().await?;
    let ticket = tickets::lock(&mut tx, id).await?;
    if ticket.tenant.is_some() {
        return Err(Error::conflict(
            "ticket-has-tenant",
            "This ticket is an organisation's. Close it instead.",
        ));
    }
    let ticket =
        tickets::set_state(app, &mut tx, &scope.who, id, State::Closed, Some("Thrown away.")).await?;
    store::discard(&mut tx, id, Outcome::Discarded).await?;
    events::emit(&mut tx, None, TOPIC, Some(id.0)).await?;
    tx.commit().await?;
    Ok(ticket)
}

/// Has late mail sent, throws away what strangers wrote and nobody looked at, and forgets what came and went long ago. Says how many.
pub async fn clean_up(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let late = jobs::send_late(app, scope).await?;
    let expired = expire(app, scope).await?;
    Ok(late + expired + forget(app, scope).await?)
}

/// A stranger's ticket that nobody looked at for long is closed, without its files, and nobody is told. It would keep out others.
async fn expire(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let before = app.now() - UNSEEN;
    let due = store::unseen(&mut scope.begin().await?, before, BATCH).await?;
    let mut count = 0;
    for id in due {
        let mut tx = scope.begin().await?;
        let ticket = tickets::lock(&mut tx, id).await?;
        // Somebody came to it meanwhile.
        if ticket.tenant.is_some() || ticket.state != State::New || ticket.changed_at >= before {
            continue;
        }
        let why = format!("Nobody looked at it for {} days.", UNSEEN.num_days());
        tickets::set_state(app, &mut tx, &scope.who, id, State::Closed, Some(why.as_str())).await?;
        attachments::forget(&mut tx, id).await?;
        store::discard(&mut tx, id, Outcome::Expired).await?;
        events::emit(&mut tx, None, TOPIC, Some(id.0)).await?;
        tx.commit().await?;
        count += 1;
    }
    Ok(count)
}

async fn forget(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let before = app.now() - KEPT;
    let mut tx = scope.begin().await?;
    let count = store::forget_in(&mut tx, before).await? + store::forget_out(&mut tx, before).await?;
    tx.commit().await?;
    Ok(count)
}
