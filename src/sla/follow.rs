//! Keeping a ticket's clocks, and telling what is due soon and what is late.
//!
//! - Everything is computed anew from the ticket's log, so nothing is lost that was not seen, and twice comes to the same.
//! - Only what was told is remembered: each warning once, each breach once, for each time that a clock began. The ticket is locked
//!   meanwhile, so of two who look one tells.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::on_call;
use crate::platform::access::Who;
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{TenantId, TicketId};
use crate::tickets::{self, EventKind, Ticket, TicketEvent};

use super::clock::{Clock, Story};
use super::judge::{Judged, Judgement, judge};
use super::model::{Terms, What};
use super::store::{self, Line, Snapshot};

/// What is remembered of a clock whose breach was told.
const BREACH: i16 = 99;

/// The clocks of tickets, each ticket's in order. What has none is not in it.
pub async fn clocks(
    tx: &mut impl Scoped,
    tickets: &[TicketId],
) -> Result<HashMap<TicketId, Vec<Clock>>, Error> {
    store::clocks(tx, tickets).await
}

/// Keeps a ticket's clocks after something happened in it.
pub async fn ticket_changed(
    app: &App,
    tx: &mut SystemTx,
    ticket: &Ticket,
    _events: &[TicketEvent],
) -> Result<(), Error> {
    settle(app, tx, ticket.id).await
}

/// Computes a ticket's clocks, writes them, and tells what is to be told.
pub(super) async fn settle(app: &App, tx: &mut SystemTx, id: TicketId) -> Result<(), Error> {
    let ticket = tickets::lock(tx, id).await?;
    // Nobody was promised anything about what waits in triage.
    let Some(tenant) = ticket.tenant else {
        return Ok(());
    };
    let now = app.now();
    let judgement = judged(tx, &ticket, tenant, now).await?;
    let before = store::lines(tx, id).await?;
    let after: Vec<(Line, Option<News>)> = judgement
        .clocks
        .iter()
        .map(|judged| {
            line(
                judged,
                before.iter().find(|line| line.clock.what == judged.clock.what),
                now,
            )
        })
        .collect();
    let late = after
        .iter()
        .filter_map(|(line, news)| Some((line.clock.what, (*news)?)));
    let news: Vec<(What, News)> = lost(&before, &judgement).into_iter().chain(late).collect();
    for news in news {
        tell(app, tx, &ticket, news).await?;
    }
    let after: Vec<Line> = after.into_iter().map(|(line, _)| line).collect();
    if after != before {
        store::write_lines(tx, (id, tenant), &after).await?;
        // Pages drew the ticket before its clocks were known.
        events::emit(tx, Some(tenant), tickets::TOPIC, Some(id.0)).await?;
    }
    let due = after
        .iter()
        .map(|line| line.clock)
        .filter(Clock::runs)
        .min_by_key(|clock| clock.due_at);
    tickets::set_due(tx, id, due.map(|clock| (clock.due_at, spoken(clock.what)))).await
}

/// What a ticket's log comes to by now. It is read under the ticket's lock, so no answer comes in between, and none that another
/// process has written with a clock that is ahead is left out.
async fn judged(
    tx: &mut SystemTx,
    ticket: &Ticket,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<Judgement, Error> {
    let Some(terms) = terms(tx, ticket, tenant).await? else {
        return Ok(Judgement::default());
    };
    let events = tickets::events_of(tx, ticket.id).await?;
    let now = events.iter().map(|event| event.at).fold(now, Ord::max);
    let past = store::past(tx, tenant).await?;
    Ok(judge(&terms, &Story::new(ticket, &events, &past.closings()), now))
}

/// The terms that a ticket was opened under. Whoever looks first writes them down: those that held when it was opened.
async fn terms(tx: &mut SystemTx, ticket: &Ticket, tenant: TenantId) -> Result<Option<Terms>, Error> {
    let mut found = store::snapshot(tx, ticket.id).await?;
    if matches!(found, Snapshot::Unknown) {
        let policy = store::in_force(tx, tenant, ticket.opened_at).await?;
        store::keep_terms(tx, (ticket.id, tenant), policy).await?;
        found = store::snapshot(tx, ticket.id).await?;
    }
    Ok(match found {
        Snapshot::Terms(terms) => Some(*terms),
        Snapshot::Nothing | Snapshot::Unknown => None,
    })
}

/// What is to be told of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    /// It is due soon.
    Warning,
    /// It is late, and still to be done.
    Breach,
    /// It was late, and is done.
    LateAfterAll,
}

/// A clock as it is to be written, and what is to be told of it.
fn line(judged: &Judged, before: Option<&Line>, now: DateTime<Utc>) -> (Line, Option<News>) {
    let told = before
        .filter(|line| line.began_at == judged.began_at)
        .map_or(0, |line| line.told);
    let passed = judged.stages.iter().filter(|at| **at <= now).count();
    let reached = match (judged.clock.breached, judged.stages.is_empty()) {
        (true, _) => BREACH,
        // One that stands still keeps what was told of it; one whose due time moved away is warned of again.
        (false, true) => told,
        (false, false) => i16::try_from(passed).unwrap_or(BREACH),
    };
    let news = (reached > told).then_some(match (reached, judged.clock.met_at) {
        (BREACH, None) => News::Breach,
        (BREACH, Some(_)) => News::LateAfterAll,
        _ => News::Warning,
    });
    let line = Line {
        clock: judged.clock,
        began_at: judged.began_at,
        told: reached,
        next_at: judged.stages.get(passed).copied(),
    };
    (line, news)
}

/// An update that was late, and came before anybody had looked.
fn lost(before: &[Line], judgement: &Judgement) -> Option<(What, News)> {
    let update = before.iter().find(|line| line.clock.what == What::Update)?;
    let is_lost = update.told != BREACH && judgement.late_updates.contains(&update.clock.due_at);
    is_lost.then_some((What::Update, News::LateAfterAll))
}

/// Within a sentence.
fn spoken(what: What) -> &'static str {
    match what {
        What::FirstAnswer => "first answer",
        What::Update => "update",
        What::Restore => "restore",
    }
}

async fn tell(
    app: &App,
    tx: &mut SystemTx,
    ticket: &Ticket,
    (what, news): (What, News),
) -> Result<(), Error> {
    let (who, said) = (Who::system("sla"), spoken(what).to_owned());
    let kind = match news {
        News::Warning => EventKind::SlaWarned { what: said },
        News::Breach | News::LateAfterAll => EventKind::SlaBreached { what: said },
    };
    tickets::record(app, tx, &who, ticket.id, kind, false).await?;
    if news == News::Breach {
        let why = format!("The {} is late.", spoken(what));
        on_call::escalate(app, tx, ticket, &why).await?;
    }
    Ok(())
}
