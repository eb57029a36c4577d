//! What webhooks are told: written in the transaction in which it becomes true, as messages that a job sends.
//!
//! A tenant's webhooks are told what the tenant may read. What is told of tickets and incidents is chosen here field by field, so that
//! what is added to them one day is not told by itself.

use serde_json::{Value, json};

use crate::app::App;
use crate::monitoring::{Incident, News};
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{TenantId, WebhookDeliveryId, WebhookId};
use crate::platform::jobs;
use crate::tickets::model::{EventKind, State, Ticket, TicketEvent};

use super::TOPIC;
use super::jobs::{SendDelivery, queue};
use super::model::message;
use super::store::{self, NewDelivery};

/// Tells the provider's webhooks, and those of a tenant if one is named, each that chose the event. `data` is for both: nothing of it
/// may be what the tenant does not read.
pub async fn tell(
    app: &App,
    tx: &mut SystemTx,
    tenant: Option<TenantId>,
    event: &str,
    data: Value,
) -> Result<(), Error> {
    let about = app.ids.uuid(app.now()).to_string();
    tell_once(app, tx, tenant, (event, &about), data).await
}

/// The same, once for each thing that it is about, however often it is said and for whichever tenants.
pub async fn tell_once(
    app: &App,
    tx: &mut SystemTx,
    tenant: Option<TenantId>,
    (event, about): (&str, &str),
    data: Value,
) -> Result<(), Error> {
    let hears = store::hears(tx, tenant, event).await?;
    if hears.is_empty() {
        return Ok(());
    }
    let body = message(event, app.now(), &data);
    for to in hears {
        write(app, tx, to, (event, about), &body).await?;
    }
    Ok(())
}

/// Writes a message to one webhook, and the job that sends it.
pub(super) async fn write(
    app: &App,
    tx: &mut impl Scoped,
    (webhook, tenant): (WebhookId, Option<TenantId>),
    (event, about): (&str, &str),
    body: &str,
) -> Result<WebhookDeliveryId, Error> {
    let now = app.now();
    let id = WebhookDeliveryId::new(&*app.ids, now);
    let new = NewDelivery {
        id,
        to: (webhook, tenant),
        event,
        about,
        body,
        now,
    };
    if store::insert_delivery(tx, &new).await? {
        enqueue(tx, id, (webhook, tenant)).await?;
    }
    Ok(id)
}

/// Has a message sent.
pub(super) async fn enqueue(
    tx: &mut impl Scoped,
    id: WebhookDeliveryId,
    (webhook, tenant): (WebhookId, Option<TenantId>),
) -> Result<(), Error> {
    let job = SendDelivery { delivery: id };
    jobs::enqueue(tx, &job, Some(&queue(webhook)), &id.to_string()).await?;
    events::emit(tx, tenant, TOPIC, Some(webhook.0)).await
}

/// What a tenant reads of its ticket.
fn shown(ticket: &Ticket) -> Value {
    json!({
        "id": ticket.id,
        "number": ticket.number,
        "tenant_id": ticket.tenant,
        "subject": ticket.subject,
        "severity": ticket.severity,
        "state": ticket.state,
        "source": ticket.source,
        "opened_at": ticket.opened_at,
        "resolved_at": ticket.resolved_at,
    })
}

/// The events that an entry of a ticket's log is told as, with what is said besides.
fn told_as(kind: &EventKind) -> Vec<(&'static str, Value)> {
    match kind {
        EventKind::Opened => vec![("ticket.opened", Value::Null)],
        EventKind::CustomerReplied => vec![("ticket.replied", json!({ "by": "customer" }))],
        EventKind::StaffReplied => vec![("ticket.replied", json!({ "by": "staff" }))],
        EventKind::StateChanged { from, to } => {
            let change = json!({ "from": from, "to": to });
            let mut all = vec![("ticket.state_changed", change.clone())];
            if *to == State::Resolved {
                all.push(("ticket.resolved", change));
            }
            all
        }
        EventKind::SlaWarned { what } => vec![("sla.warned", json!({ "what": what }))],
        EventKind::SlaBreached { what } => vec![("sla.breached", json!({ "what": what }))],
        _ => Vec::new(),
    }
}

/// Tells what happened in a ticket. An entry that was told before is not told again.
pub async fn ticket_changed(
    app: &App,
    tx: &mut SystemTx,
    ticket: &Ticket,
    log: &[TicketEvent],
) -> Result<(), Error> {
    for entry in log {
        // What is internal is for the provider's alone. The clocks of its tickets a tenant reads beside them.
        let is_clock = matches!(
            entry.kind,
            EventKind::SlaWarned { .. } | EventKind::SlaBreached { .. }
        );
        let tenant = ticket.tenant.filter(|_| entry.public || is_clock);
        for (event, said) in told_as(&entry.kind) {
            let mut data = json!({ "ticket": shown(ticket), "at": entry.at });
            if let (Value::Object(data), Value::Object(said)) = (&mut data, said) {
                data.extend(said);
            }
            let about = format!("ticket:{}:{event}", entry.id);
            tell_once(app, tx, tenant, (event, &about), data).await?;
        }
    }
    Ok(())
}

/// Tells that something does not work, or works again.
pub async fn incident_changed(
    app: &App,
    tx: &mut SystemTx,
    incident: &Incident,
    news: News,
) -> Result<(), Error> {
    let event = match news {
        News::Opened | News::Relapsed => "incident.opened",
        News::Recovered => "incident.recovered",
        News::Updated => return Ok(()),
    };
    let data = json!({
        "incident": {
            "id": incident.id,
            "tenant_id": incident.tenant,
            "server_id": incident.server,
            "check_id": incident.check,
            "signature": incident.signature.word(),
            "summary": incident.summary,
            "began_at": incident.began_at,
            "ended_at": incident.ended_at,
        },
        "came_back": incident.flaps,
    });
    let about = format!("incident:{}:{}:{event}", incident.id, incident.flaps);
    tell_once(app, tx, incident.tenant, (event, &about), data).await
}
