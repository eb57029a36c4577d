//! Puts a month's report together, from what the caller's scope sees: outages, maintenance, and the logs of tickets.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::maintenance;
use crate::monitoring::{self, Down};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::tenants::Tenant;
use crate::tickets::{self, Ticket, TicketEvent};

use super::clock::Story;
use super::judge::{Judgement, judge};
use super::model::{
    At, Availability, DownLine, Interval, Month, Percent, Report, ServerLine, TicketLine, Verdict, What,
    clip, seconds,
};
use super::store::{self, Snapshot};

/// So many tickets are read at a time.
const AT_ONCE: usize = 200;

/// A tenant's month, as far as it has come. There is none before the tenant was there, and none that has not begun.
pub(super) async fn report(
    tx: &mut impl Scoped,
    tenant: &Tenant,
    month: Month,
    now: DateTime<Utc>,
) -> Result<Report, Error> {
    let zone = store::zone(tx, tenant.id).await?;
    let (from, to) = month.bounds(zone);
    if now < from || to <= tenant.created_at {
        return Err(Error::NotFound);
    }
    let within = (from, to.min(now));
    let terms = store::terms_of_tenant(tx, tenant.id).await?;
    let (servers, outages) = availability(tx, tenant, within).await?;
    let mut tickets = Vec::new();
    for ids in store::ticket_ids(tx, tenant.id, within).await?.chunks(AT_ONCE) {
        let mut events = tickets::events_of_all(tx, ids).await?;
        let terms = store::snapshots(tx, ids).await?;
        for ticket in tickets::find_all(tx, ids).await? {
            let events = events.remove(&ticket.id).unwrap_or_default();
            tickets.push(ticket_line(&ticket, &events, terms.get(&ticket.id), within));
        }
    }
    let mut report = Report {
        tenant: tenant.id,
        tenant_name: tenant.name.clone(),
        month,
        time_zone: zone.name().to_owned(),
        from,
        until: within.1,
        policy: None,
        promised: None,
        availability: None,
        credit: 0,
        servers,
        outages,
        tickets,
    };
    report.sum_up(terms.as_ref());
    Ok(report)
}

async fn availability(
    tx: &mut impl Scoped,
    tenant: &Tenant,
    within: Interval,
) -> Result<(Vec<ServerLine>, Vec<DownLine>), Error> {
    let downs = monitoring::downtime(tx, tenant.id, within.0, within.1).await?;
    let span = |down: &Down| (down.began, down.ended.unwrap_or(within.1));
    let mut by_server: HashMap<ServerId, Vec<Interval>> = HashMap::new();
    for down in &downs {
        by_server.entry(down.server).or_default().push(span(down));
    }
    let (mut servers, mut counted) = (Vec::new(), HashMap::new());
    let all = store::servers(tx, tenant.id, within).await?;
    let ids: Vec<ServerId> = all.iter().map(|server| server.id).collect();
    let mut periods = maintenance::periods_of(tx, &ids, within.0, within.1).await?;
    for server in all {
        let maintenance = periods.remove(&server.id).unwrap_or_default();
        let life = (server.created_at, server.deleted_at.unwrap_or(within.1));
        let outages = by_server.remove(&server.id).unwrap_or_default();
        let found = Availability::new(life, within, maintenance, outages);
        let (all, down) = (seconds(&found.counted), seconds(&found.down));
        servers.push(ServerLine {
            server: server.id,
            name: server.name,
            counted: all,
            down,
            availability: Percent::of(TimeDelta::seconds(all - down), TimeDelta::seconds(all)),
        });
        counted.insert(server.id, found.counted);
    }
    let line = |down: Down| DownLine {
        counted: counted
            .get(&down.server)
            .map_or(0, |counted| seconds(&clip(counted, span(&down)))),
        incident: down.incident,
        server: down.server,
        name: down.server_name,
        began: down.began,
        ended: down.ended,
        summary: down.summary,
    };
    Ok((servers, downs.into_iter().map(line).collect()))
}

fn ticket_line(
    ticket: &Ticket,
    events: &[TicketEvent],
    terms: Option<&Snapshot>,
    within: Interval,
) -> TicketLine {
    let judgement = match terms {
        Some(Snapshot::Terms(terms)) => judge(terms, &Story::new(ticket, events), within.1),
        Some(Snapshot::Nothing | Snapshot::Unknown) | None => Judgement::default(),
    };
    let answered_after = judgement
        .answered_at
        .map(|at| (at - ticket.opened_at).num_seconds());
    TicketLine {
        ticket: ticket.id,
        number: ticket.number,
        subject: ticket.subject.clone(),
        severity: ticket.severity.word().to_owned(),
        opened_at: ticket.opened_at,
        answered_after,
        first_answer: verdict(&judgement, What::FirstAnswer, within.0),
        update: updates(&judgement, within.0),
        restore: verdict(&judgement, What::Restore, within.0),
    }
}

/// What was decided before `from` was told in an earlier month.
fn verdict(judgement: &Judgement, what: What, from: At) -> Verdict {
    let Some(clock) = judgement.clock(what) else {
        return Verdict::None;
    };
    match clock.met_at {
        _ if clock.breached && clock.due_at < from => Verdict::None,
        _ if clock.breached => Verdict::Missed,
        Some(at) if at < from => Verdict::None,
        Some(_) => Verdict::Met,
        None => Verdict::Open,
    }
}

fn updates(judgement: &Judgement, from: At) -> Verdict {
    let present = verdict(judgement, What::Update, from);
    let since = |times: &[At]| times.iter().any(|at| *at >= from);
    if present == Verdict::Missed || since(&judgement.late_updates) {
        Verdict::Missed
    } else if since(&judgement.timely_updates) {
        Verdict::Met
    } else {
        present
    }
}
