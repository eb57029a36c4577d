//! Puts a month's report together, from what the caller's scope sees: outages, maintenance, and the logs of tickets.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::maintenance;
use crate::monitoring::{self, Down};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::tenants::Tenant;
use crate::tickets::{self, Ticket};

use super::clock::Story;
use super::judge::{Judgement, judge};
use super::model::{
    At, Availability, DownLine, Interval, Month, Past, Percent, Report, Served, ServerLine, TicketLine,
    Verdict, What, clip, parts, seconds, share,
};
use super::store::{self, Snapshot};

/// So many tickets are read at a time.
const AT_ONCE: usize = 200;

/// A tenant's month, as far as it has come, or until the tenant was closed. There is none before the tenant was there, none after it was
/// closed, and none that has not begun. What it is made of is the same for whoever looks: a tenant's own scope sees no less of it.
pub(super) async fn report(
    tx: &mut impl Scoped,
    tenant: &Tenant,
    month: Month,
    now: DateTime<Utc>,
) -> Result<Report, Error> {
    let zone = store::zone(tx, tenant.id).await?;
    let past = store::past(tx, tenant.id).await?;
    let (from, to) = month.bounds(zone);
    let end = past.closed_at().map_or(now, |closed| closed.min(now));
    let is_left = past.closed_at().is_some_and(|closed| closed <= from);
    if now < from || to <= tenant.created_at || is_left {
        return Err(Error::NotFound);
    }
    let within = (from, to.min(end));
    let found = availability(tx, tenant, &past, within).await?;
    let held = store::held(tx, tenant.id, within).await?;
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
        parts: parts(held, &found.all),
        servers: found.servers,
        outages: found.outages,
        tickets: ticket_lines(tx, tenant, &past, within).await?,
    };
    report.sum_up(&past.there(within));
    Ok(report)
}

/// How available a tenant's servers were.
struct Found {
    servers: Vec<ServerLine>,
    outages: Vec<DownLine>,
    all: Vec<Availability>,
}

async fn availability(
    tx: &mut impl Scoped,
    tenant: &Tenant,
    past: &Past,
    within: Interval,
) -> Result<Found, Error> {
    let downs = monitoring::downtime(tx, tenant.id, within.0, within.1).await?;
    let span = |down: &Down| (down.began, down.ended.unwrap_or(within.1));
    let mut by_server: HashMap<ServerId, Vec<Interval>> = HashMap::new();
    for down in &downs {
        by_server.entry(down.server).or_default().push(span(down));
    }
    let (mut servers, mut all) = (Vec::new(), HashMap::new());
    let served = store::served(tx, tenant.id, within).await?;
    let ids: Vec<ServerId> = served.iter().map(|server| server.id).collect();
    let mut periods = maintenance::periods_of(tx, &ids, within.0, within.1).await?;
    let active = past.active(within);
    for server in served {
        let maintenance = periods.remove(&server.id).unwrap_or_default();
        let outages = by_server.remove(&server.id).unwrap_or_default();
        let wanted: Vec<Interval> = active
            .iter()
            .flat_map(|part| clip(&server.wanted, *part))
            .collect();
        let found = Availability::new(&wanted, within, maintenance, outages);
        servers.push(server_line(&server, &found));
        all.insert(server.id, found);
    }
    let line = |down: Down| DownLine {
        counted: all
            .get(&down.server)
            .map_or(0, |found| seconds(&clip(&found.counted, span(&down)))),
        incident: down.incident,
        server: down.server,
        name: down.server_name,
        began: down.began,
        ended: down.ended,
        summary: down.summary,
    };
    Ok(Found {
        servers,
        outages: downs.into_iter().map(line).collect(),
        all: all.into_values().collect(),
    })
}

fn server_line(server: &Served, found: &Availability) -> ServerLine {
    let (counted, down) = (seconds(&found.counted), seconds(&found.down));
    ServerLine {
        server: server.id,
        name: server.name.clone(),
        counted,
        down,
        availability: share(counted, down).unwrap_or(Percent::WHOLE),
    }
}

async fn ticket_lines(
    tx: &mut impl Scoped,
    tenant: &Tenant,
    past: &Past,
    within: Interval,
) -> Result<Vec<TicketLine>, Error> {
    let closings = past.closings();
    let mut lines = Vec::new();
    for ids in store::ticket_ids(tx, tenant.id, within).await?.chunks(AT_ONCE) {
        let mut events = tickets::events_of_all(tx, ids).await?;
        let terms = store::snapshots(tx, ids).await?;
        for ticket in tickets::find_all(tx, ids).await? {
            let events = events.remove(&ticket.id).unwrap_or_default();
            let story = Story::new(&ticket, &events, &closings);
            lines.push(ticket_line(&ticket, &story, terms.get(&ticket.id), within));
        }
    }
    Ok(lines)
}

fn ticket_line(ticket: &Ticket, story: &Story, terms: Option<&Snapshot>, within: Interval) -> TicketLine {
    let judgement = match terms {
        Some(Snapshot::Terms(terms)) => judge(terms, story, within.1),
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
