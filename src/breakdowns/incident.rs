//! What becomes of tickets when an incident opens, changes, comes back and ends. All of it is in the incident's own transaction,
//! and says nothing twice if it is told twice.

use crate::app::App;
use crate::monitoring::{self, End, Incident, IncidentState, News};
use crate::platform::access::Who;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::{TenantId, TicketId};
use crate::platform::jobs;
use crate::tickets::{self, About, Author, EventKind, NewPost, NewTicket, PostKind, Source, State, Ticket};

use super::gather::GatherEvidence;
use super::model::{self, Touched};
use super::store;

/// As many servers are a ticket's things.
const MOST_ABOUT: usize = 50;
/// A chain of merged tickets is not followed further.
const MOST_MERGED: usize = 8;

pub(super) fn system() -> Who {
    Who::system("breakdowns")
}

/// What the panel says in a ticket.
pub(super) fn said(kind: PostKind, public: bool, body: String) -> NewPost {
    NewPost {
        kind,
        public,
        body,
        by: Author::System,
    }
}

/// Opens, goes on with, or ends the tickets of an incident.
pub async fn on_incident(app: &App, tx: &mut SystemTx, incident: &Incident, news: News) -> Result<(), Error> {
    match news {
        News::Recovered => recovered(app, tx, incident).await,
        News::Opened | News::Updated | News::Relapsed if incident.state == IncidentState::Open => {
            broken(app, tx, incident).await
        }
        News::Opened | News::Updated | News::Relapsed => Ok(()),
    }
}

/// The tenants that are touched, each with their servers.
async fn touched(tx: &mut SystemTx, incident: &Incident) -> Result<Vec<(TenantId, Vec<Touched>)>, Error> {
    let place = incident
        .location
        .filter(|_| model::is_of_place(incident.signature));
    let mut tenants: Vec<(TenantId, Vec<Touched>)> = Vec::new();
    for server in store::touched(tx, incident, place).await? {
        match tenants.last_mut() {
            Some((tenant, servers)) if *tenant == server.tenant => servers.push(server),
            _ => tenants.push((server.tenant, vec![server])),
        }
    }
    match incident.tenant {
        // A check of something that is no server.
        Some(tenant) if tenants.is_empty() => Ok(vec![(tenant, Vec::new())]),
        _ => Ok(tenants),
    }
}

async fn broken(app: &App, tx: &mut SystemTx, incident: &Incident) -> Result<(), Error> {
    let mut news = Vec::new();
    for (tenant, servers) in touched(tx, incident).await? {
        let before = match store::current(tx, (incident.id, tenant)).await? {
            Some(told) if !told.is_recovered => continue,
            Some(told) => Some(told),
            None => store::before(tx, incident, tenant).await?,
        };
        news.push((tenant, servers, before));
    }
    let known = news.iter().filter_map(|(_, _, before)| before.as_ref());
    let known: Vec<TicketId> = known.map(|told| told.ticket).collect();
    tickets::lock_in_order(tx, &known).await?;
    for (tenant, servers, before) in news {
        let before = match before {
            Some(told) => Some((followed(tx, told.ticket).await?, told.is_recovered)),
            None => None,
        };
        // A ticket that was given to somebody else meanwhile tells this tenant nothing.
        let before = before.filter(|(ticket, _)| ticket.tenant == Some(tenant));
        match before {
            Some((ticket, is_relapse)) if model::goes_on(&ticket, app.now()) => {
                store::replace(tx, incident.id, (ticket.id, tenant)).await?;
                store::insert(tx, incident, (ticket.id, tenant), app.now()).await?;
                again(app, tx, incident, &ticket, is_relapse).await?;
            }
            before => {
                let before = before.map(|(ticket, _)| ticket);
                open(app, tx, incident, (tenant, &servers), before).await?;
            }
        }
        let job = GatherEvidence {
            incident: incident.id,
        };
        jobs::enqueue(tx, &job, None, &format!("evidence:{}", incident.id)).await?;
    }
    Ok(())
}

/// A ticket, or the one that goes on with it.
async fn followed(tx: &mut SystemTx, id: TicketId) -> Result<Ticket, Error> {
    let mut ticket = tickets::lock(tx, id).await?;
    for _ in 0..MOST_MERGED {
        match ticket.merged_into {
            Some(into) => ticket = tickets::lock(tx, into).await?,
            None => break,
        }
    }
    Ok(ticket)
}

/// A ticket goes on with an incident: the same one again, or another of the same cause; or what it tells of was found to be a part
/// of something larger.
async fn again(
    app: &App,
    tx: &mut SystemTx,
    incident: &Incident,
    ticket: &Ticket,
    is_relapse: bool,
) -> Result<(), Error> {
    let who = system();
    if !is_relapse {
        let post = said(PostKind::System, false, model::part_post(incident));
        tickets::add_post(app, tx, &who, ticket.id, post).await?;
        return Ok(());
    }
    tickets::record(app, tx, &who, ticket.id, EventKind::Relapsed, true).await?;
    if ticket.state.is_open() {
        return Ok(());
    }
    let post = said(PostKind::System, true, model::again_post(incident));
    tickets::add_post(app, tx, &who, ticket.id, post).await?;
    let why = Some("It fails again.");
    tickets::set_state(app, tx, &who, ticket.id, State::Reopened, why).await?;
    Ok(())
}

async fn open(
    app: &App,
    tx: &mut SystemTx,
    incident: &Incident,
    (tenant, servers): (TenantId, &[Touched]),
    before: Option<Ticket>,
) -> Result<(), Error> {
    let who = system();
    let number = before.as_ref().map(|before| before.number);
    let first = model::first_post(incident, servers, number);
    let about = servers.iter().take(MOST_ABOUT);
    let new = NewTicket {
        tenant: Some(tenant),
        subject: model::subject(incident, servers),
        severity: model::severity(incident.signature),
        source: Source::Breakdown,
        about: about.map(|server| About::Server(server.server)).collect(),
        tags: vec![incident.signature.word().replace('_', "-")],
        opened_by: None,
        first: Some(said(PostKind::System, true, first)),
    };
    let ticket = tickets::open(app, tx, &who, new).await?;
    if let Some(before) = before {
        let body = format!(
            "It failed again, later than a day after its end: #{} goes on with it.",
            ticket.number
        );
        let post = said(PostKind::System, false, body);
        tickets::add_post(app, tx, &who, before.id, post).await?;
        tickets::record(app, tx, &who, before.id, EventKind::Linked, false).await?;
        tickets::record(app, tx, &who, ticket.id, EventKind::Linked, false).await?;
    }
    store::replace(tx, incident.id, (ticket.id, tenant)).await?;
    store::insert(tx, incident, (ticket.id, tenant), app.now()).await
}

async fn recovered(app: &App, tx: &mut SystemTx, incident: &Incident) -> Result<(), Error> {
    let how = monitoring::end_of(tx, incident).await?;
    let told = store::recover(tx, incident.id, app.now()).await?;
    tickets::lock_in_order(tx, &told).await?;
    for id in told {
        let ticket = followed(tx, id).await?;
        end(app, tx, (incident, &ticket), &how).await?;
    }
    Ok(())
}

/// Says how it ended, and resolves the ticket unless somebody works on it.
async fn end(
    app: &App,
    tx: &mut SystemTx,
    (incident, ticket): (&Incident, &Ticket),
    how: &End,
) -> Result<(), Error> {
    let who = system();
    if *how == End::Works {
        tickets::record(app, tx, &who, ticket.id, EventKind::Recovered, true).await?;
    }
    if !ticket.state.is_open() {
        return Ok(());
    }
    let is_taken_over = model::is_taken_over(ticket.state);
    let since = incident.ended_at.unwrap_or_else(|| app.now());
    let body = model::over_post(how, (incident.began_at, since), is_taken_over);
    let post = said(PostKind::System, true, body);
    tickets::add_post(app, tx, &who, ticket.id, post).await?;
    if !is_taken_over {
        let why = Some(model::why_over(how));
        tickets::set_state(app, tx, &who, ticket.id, State::Resolved, why).await?;
    }
    Ok(())
}
