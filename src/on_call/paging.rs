//! Paging for tickets: begun and ended by what happens in them, and gone on with when a level's time is over. All of it in the
//! caller's transaction, in which the ticket is locked.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::app::App;
use crate::platform::access::Who;
use crate::platform::db::{Scoped, StaffTx, SystemTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{CallId, EscalationId, RotaId, UserId};
use crate::platform::jobs;
use crate::tickets::model::{EventKind, Ticket, TicketEvent};
use crate::{tickets, webhooks};

use super::TOPIC;
use super::jobs::MailCalls;
use super::model::{Aim, Call, Level, Next, Rota, Run, USUAL_WAIT, Verdict, verdict, who};
use super::store::{self, Claimed};

/// So many pages are looked at for what needs attention.
const MOST_CALLS: i64 = 20;

/// Who is on duty by a rota.
#[derive(Debug, Clone)]
pub struct Duty {
    /// The rota.
    pub rota: RotaId,
    /// What that is called.
    pub rota_name: String,
    /// Who.
    pub user: UserId,
    /// Their name.
    pub user_name: String,
}

/// Who is on duty at a moment, by rotas in the order of their names. A rota that has nobody then is left out.
pub async fn on_duty(tx: &mut impl Scoped, at: DateTime<Utc>) -> Result<Vec<Duty>, Error> {
    let people = store::people(tx).await?;
    let rotas = store::rotas(tx, at).await?.into_iter();
    let duty = |rota: Rota| {
        let user = who(&rota, at)?;
        let person = people.iter().find(|person| person.id == user)?;
        Some(Duty {
            rota: rota.id,
            rota_name: rota.name,
            user,
            user_name: person.name.clone(),
        })
    };
    Ok(rotas.filter_map(duty).collect())
}

/// What needs somebody, each in a sentence: nobody is on duty where there are rotas or was a page, and pages that nobody has
/// acknowledged and no mail has told of.
pub async fn attention(tx: &mut StaffTx, now: DateTime<Utc>) -> Result<Vec<String>, Error> {
    let mut needs = Vec::new();
    let calls = store::page_of_calls(tx, true, None, MOST_CALLS).await?;
    let is_used = !store::rotas(tx, now).await?.is_empty() || calls.iter().any(|call| call.is_fallback);
    if is_used && on_duty(tx, now).await?.is_empty() {
        needs.push("Nobody is on call. Breakdowns page all owners and admins of the staff.".to_owned());
    }
    let lost = calls.into_iter().filter(Call::is_undelivered);
    needs.extend(lost.map(|call| {
        let why = call
            .mail_error
            .unwrap_or_else(|| "It was tried for a day.".to_owned());
        format!(
            "{} was not reached by mail about #{} {}: {why}",
            call.user_name, call.number, call.subject
        )
    }));
    Ok(needs)
}

/// Begins or ends paging by what happened in a ticket. What was done before is found done.
pub async fn ticket_changed(
    app: &App,
    tx: &mut SystemTx,
    ticket: &Ticket,
    log: &[TicketEvent],
) -> Result<(), Error> {
    let run = store::lock_run(tx, ticket.id).await?;
    match verdict(ticket, log, run.as_ref()) {
        Verdict::Stay => Ok(()),
        Verdict::End(by) => stop(app, tx, ticket, by).await,
        Verdict::Begin(begin) => start(app, tx, ticket, run, (begin.why, Some(begin.event))).await,
    }
}

/// Pages for a ticket although it may be acknowledged: the next level where paging goes on, and otherwise from the beginning. It ends
/// when somebody answers, or with the ticket.
pub async fn escalate(app: &App, tx: &mut SystemTx, ticket: &Ticket, why: &str) -> Result<(), Error> {
    if !ticket.state.is_open() {
        return Ok(());
    }
    // Pages and mails write it into sentences of their own.
    let why = why.trim_end_matches('.');
    match store::lock_run(tx, ticket.id).await? {
        Some(mut run) if run.is_running => {
            why.clone_into(&mut run.why);
            advance(app, tx, ticket, run).await
        }
        before => start(app, tx, ticket, before, (why, None)).await,
    }
}

/// Pages the next level of a run that was claimed, or ends it. Another process's is left alone.
pub(super) async fn go_on(
    app: &App,
    tx: &mut SystemTx,
    ticket: &Ticket,
    claimed: Claimed,
) -> Result<(), Error> {
    let run = store::lock_run(tx, ticket.id).await?;
    if !store::running(tx, claimed, app.now()).await? {
        return Ok(());
    }
    match run {
        Some(run) if verdict(ticket, &[], Some(&run)) == Verdict::Stay => advance(app, tx, ticket, run).await,
        _ => stop(app, tx, ticket, None).await,
    }
}

async fn stop(app: &App, tx: &mut SystemTx, ticket: &Ticket, by: Option<UserId>) -> Result<(), Error> {
    if store::stop(tx, ticket.id, by, app.now()).await? {
        events::emit(tx, None, TOPIC, Some(ticket.id.0)).await?;
    }
    Ok(())
}

/// Without an event it was asked for, and goes on although the ticket is acknowledged.
async fn start(
    app: &App,
    tx: &mut SystemTx,
    ticket: &Ticket,
    before: Option<Run>,
    (why, event): (&str, Option<i64>),
) -> Result<(), Error> {
    let now = app.now();
    let run = Run {
        ticket: ticket.id,
        chain: store::default_chain(tx).await?,
        generation: before.as_ref().map_or(1, |run| run.generation + 1),
        is_escalated: event.is_none(),
        why: why.to_owned(),
        is_running: true,
        next: Next { round: 0, level: 0 },
        next_at: now,
        event: event.or(before.map(|run| run.event)).unwrap_or_default(),
        started_at: now,
    };
    advance(app, tx, ticket, run).await
}

/// The levels of a chain, and how often it begins again. Where there is none, whoever is on duty by any rota is paged, once.
async fn levels(tx: &mut SystemTx, chain: Option<EscalationId>) -> Result<(Vec<Level>, i32), Error> {
    if let Some(id) = chain {
        let chain = store::chain(tx, id).await?;
        if !chain.levels.is_empty() {
            return Ok((chain.levels, chain.repeats));
        }
    }
    let anybody = Level {
        aim: Aim::Anybody,
        wait: USUAL_WAIT,
    };
    Ok((vec![anybody], 0))
}

/// Pages what is next, and says when what follows is. After the last level owners and admins are told that nobody acknowledged.
async fn advance(app: &App, tx: &mut SystemTx, ticket: &Ticket, mut run: Run) -> Result<(), Error> {
    let (levels, repeats) = levels(tx, run.chain).await?;
    let level = run.next.of(&levels);
    let mut aimed = match level {
        Some(level) => aimed_at(tx, level.aim, app.now()).await?,
        None => Vec::new(),
    };
    let is_fallback = aimed.is_empty();
    if is_fallback {
        let managers = store::managers(tx).await?;
        aimed.extend(managers.into_iter().map(|user| (user, None)));
        tracing::warn!(ticket = ticket.number, "nobody on call could be reached");
    }
    for whom in aimed {
        page(app, tx, (ticket, &run), (whom, is_fallback)).await?;
    }
    match level {
        Some(level) => {
            run.next = run.next.after(levels.len(), repeats);
            run.next_at = app.now() + TimeDelta::minutes(i64::from(level.wait));
        }
        None => run.is_running = false,
    }
    store::save_run(tx, &run).await
}

async fn aimed_at(
    tx: &mut SystemTx,
    aim: Aim,
    now: DateTime<Utc>,
) -> Result<Vec<(UserId, Option<RotaId>)>, Error> {
    Ok(match aim {
        Aim::Rota(id) => {
            let user = who(&store::rota(tx, id, now).await?, now);
            user.map(|user| (user, Some(id))).into_iter().collect()
        }
        Aim::Person(user) if store::is_staff(tx, user).await? => vec![(user, None)],
        Aim::Person(_) => Vec::new(),
        Aim::Anybody => {
            let duties = on_duty(tx, now).await?.into_iter();
            duties.map(|duty| (duty.user, Some(duty.rota))).collect()
        }
    })
}

/// Writes a page to somebody, with all that follows from it.
async fn page(
    app: &App,
    tx: &mut SystemTx,
    (ticket, run): (&Ticket, &Run),
    ((user, rota), is_fallback): ((UserId, Option<RotaId>), bool),
) -> Result<(), Error> {
    let now = app.now();
    let id = CallId::new(&*app.ids, now);
    let mail = if app.mailer.is_some() { "waiting" } else { "off" };
    if !store::add_call(tx, (id, run), (user, rota), (is_fallback, mail), now).await? {
        return Ok(());
    }
    let (email, name) = store::address_of(tx, user).await?.unwrap_or_default();
    let data = json!({
        "call_id": id,
        "ticket": {
            "id": ticket.id,
            "number": ticket.number,
            "tenant_id": ticket.tenant,
            "subject": ticket.subject,
            "severity": ticket.severity,
            "state": ticket.state,
        },
        "person": { "id": user, "name": name, "email": email },
        "rota_id": rota,
        "level": run.next.level,
        "round": run.next.round,
        "nobody_on_duty": is_fallback,
        "why": run.why,
        "paged_at": now,
    });
    let paged = EventKind::Paged { whom: name };
    tickets::record(app, tx, &Who::system("on call"), ticket.id, paged, false).await?;
    webhooks::tell(app, tx, None, "on_call.paged", data).await?;
    if app.mailer.is_some() {
        jobs::enqueue(tx, &MailCalls { user }, None, &MailCalls::key(user)).await?;
    }
    events::emit(tx, None, TOPIC, Some(id.0)).await
}
