//! Tickets of incidents that are the provider's own and touch no tenant, such as of the mail service: so that they page, too.
//!
//! An incident has one ticket, without a tenant, which goes on if the incident comes back, and ends with it unless a person works on
//! it. Nothing is gathered for it: there is no server to look at. What staff merged or gave to a tenant is left alone.

use crate::app::App;
use crate::monitoring::{self, Incident, IncidentState, News};
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::TicketId;
use crate::tickets::{self, EventKind, NewTicket, PostKind, Severity, Source, State, Ticket};

use super::incident::{said, system};
use super::{model, store};

/// Opens, goes on with, or ends the ticket of an incident, if that is the provider's own. Told twice it says nothing twice.
pub async fn on_provider_incident(
    app: &App,
    tx: &mut SystemTx,
    incident: &Incident,
    news: News,
) -> Result<(), Error> {
    if incident.tenant.is_some() {
        return Ok(());
    }
    if news == News::Recovered {
        return recovered(app, tx, incident).await;
    }
    if incident.state != IncidentState::Open {
        return Ok(());
    }
    match store::provider_ticket(tx, incident.id).await? {
        Some((ticket, true)) => again(app, tx, incident, ticket).await,
        None if is_ours(tx, incident).await? => open(app, tx, incident).await,
        Some((_, false)) | None => Ok(()),
    }
}

/// Whether it is grave enough to page, and no tenant has a ticket of it.
async fn is_ours(tx: &mut SystemTx, incident: &Incident) -> Result<bool, Error> {
    let is_grave = matches!(model::severity(incident.signature), Severity::P1 | Severity::P2);
    let place = incident
        .location
        .filter(|_| model::is_of_place(incident.signature));
    Ok(is_grave && store::touched(tx, incident, place).await?.is_empty())
}

fn is_left_alone(ticket: &Ticket) -> bool {
    ticket.tenant.is_some() || ticket.merged_into.is_some()
}

async fn open(app: &App, tx: &mut SystemTx, incident: &Incident) -> Result<(), Error> {
    let subject = model::subject(incident, &[]);
    let body = format!(
        "{subject}.\n\nIt began at {}. It is the installation's own, and no organisation has a ticket of it.",
        model::moment(incident.began_at)
    );
    let new = NewTicket {
        tenant: None,
        subject,
        severity: model::severity(incident.signature),
        source: Source::Breakdown,
        about: Vec::new(),
        tags: vec![incident.signature.word().replace('_', "-")],
        opened_by: None,
        first: Some(said(PostKind::System, true, body)),
    };
    let ticket = tickets::open(app, tx, &system(), new).await?;
    store::provider_broken(tx, incident.id, ticket.id).await
}

async fn again(app: &App, tx: &mut SystemTx, incident: &Incident, id: TicketId) -> Result<(), Error> {
    let (who, ticket) = (system(), tickets::lock(tx, id).await?);
    if is_left_alone(&ticket) || !model::goes_on(&ticket, app.now()) {
        return open(app, tx, incident).await;
    }
    store::provider_broken(tx, incident.id, id).await?;
    tickets::record(app, tx, &who, id, EventKind::Relapsed, true).await?;
    if !ticket.state.is_open() {
        let why = Some("It fails again.");
        tickets::set_state(app, tx, &who, id, State::Reopened, why).await?;
    }
    Ok(())
}

async fn recovered(app: &App, tx: &mut SystemTx, incident: &Incident) -> Result<(), Error> {
    let Some(id) = store::provider_recovered(tx, incident.id, app.now()).await? else {
        return Ok(());
    };
    let (who, ticket) = (system(), tickets::lock(tx, id).await?);
    if is_left_alone(&ticket) || !ticket.state.is_open() {
        return Ok(());
    }
    let how = monitoring::end_of(tx, incident).await?;
    let is_taken_over = model::is_taken_over(ticket.state);
    let since = incident.ended_at.unwrap_or_else(|| app.now());
    let body = model::over_post(&how, (incident.began_at, since), is_taken_over);
    tickets::add_post(app, tx, &who, id, said(PostKind::System, true, body)).await?;
    if !is_taken_over {
        let why = Some(model::why_over(&how));
        tickets::set_state(app, tx, &who, id, State::Resolved, why).await?;
    }
    Ok(())
}
