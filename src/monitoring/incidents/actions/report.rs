//! What signals do to incidents.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::app::App;
use crate::breakdowns;
use crate::maintenance;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::IncidentId;
use crate::webhooks;

use super::super::group::{self, Group, Place, TOGETHER};
use super::super::model::{
    Act, Around, Incident, IncidentState, Kept, Kind, News, Signal, Signature, decide, end_of,
};
use super::super::{TOPIC, store};

/// Takes in what a look found. Told twice it does nothing the second time, and what changes nothing writes nothing.
pub async fn report(app: &App, tx: &mut SystemTx, mut signal: Signal) -> Result<(), Error> {
    let now = app.now();
    let known = store::newest(tx, &signal.cause).await?;
    if decide(known.as_ref(), &signal, &Around::default(), now) == Act::Nothing {
        return Ok(());
    }
    store::serialize(tx).await?;
    if let (None, Some(server)) = (signal.location, signal.server) {
        signal.location = store::location_of(tx, server).await?;
    }
    // Somebody may have been first.
    let known = store::newest(tx, &signal.cause).await?;
    let is_open = known
        .as_ref()
        .is_some_and(|kept| kept.incident.state == IncidentState::Open);
    let around = if signal.failing && !is_open {
        look_around(tx, &signal, now).await?
    } else {
        Around::default()
    };
    match (decide(known.as_ref(), &signal, &around, now), known) {
        (Act::Open, _) => {
            let id = open(app, tx, &signal, &around).await?;
            settle_in(app, tx, id, News::Opened).await
        }
        (Act::Relapse, Some(kept)) => {
            store::relapse(tx, &kept.incident, &signal, &around, now).await?;
            let news = if kept.told.is_some() {
                News::Relapsed
            } else {
                News::Opened
            };
            settle_in(app, tx, kept.incident.id, news).await
        }
        (Act::Update(is_news), Some(kept)) => {
            store::update(tx, kept.incident.id, &signal, now).await?;
            changed(app, tx, kept.incident.id, is_news.then_some(News::Updated)).await
        }
        (Act::Recover, Some(kept)) => {
            let began = store::spans(tx, kept.incident.id).await?;
            let began = began.last().map_or(kept.incident.began_at, |(began, _)| *began);
            recover(app, tx, &kept.incident, end_of(began, signal.since, now)).await
        }
        (Act::Forgive, Some(kept)) => store::forgive(tx, kept.incident.id).await,
        _ => Ok(()),
    }
}

/// What explains that it fails.
async fn look_around(tx: &mut SystemTx, signal: &Signal, now: DateTime<Utc>) -> Result<Around, Error> {
    Ok(Around {
        parent: store::parent(tx, &signal.cause, signal.location, signal.server).await?,
        maintenance: maintenance::covering(tx, (signal.server, signal.location), now).await?,
    })
}

async fn open(app: &App, tx: &mut SystemTx, signal: &Signal, around: &Around) -> Result<IncidentId, Error> {
    let now = app.now();
    let new = Incident {
        id: IncidentId::new(&*app.ids, now),
        tenant: signal.tenant,
        location: signal.location,
        server: signal.server,
        check: signal.check,
        cause: signal.cause.clone(),
        signature: signal.signature,
        summary: signal.summary.clone(),
        detail: signal.detail.clone(),
        state: IncidentState::Open,
        began_at: signal.since.min(now),
        opened_at: now,
        ended_at: None,
        flaps: 0,
        parent: around.parent,
        maintenance: around.maintenance,
    };
    store::insert(tx, &new, now).await?;
    Ok(new.id)
}

/// Finds what an incident that has just opened belongs to, and tells it.
pub(super) async fn settle_in(app: &App, tx: &mut SystemTx, id: IncidentId, news: News) -> Result<(), Error> {
    let (one, now) = (store::find(tx, id).await?.incident, app.now());
    let is_alone = one.parent.is_none() && one.maintenance.is_none();
    let kind = one.signature.kind().filter(|_| is_alone && one.server.is_some());
    if let Some(kind) = kind {
        gather(app, tx, &one, kind).await?;
    }
    if let (Signature::EngineAway, Some(location)) = (one.signature, one.location) {
        store::adopt(tx, id, location, now - TOGETHER).await?;
    }
    changed(app, tx, id, Some(news)).await
}

/// Makes it a part of a group, if several servers of its place began to fail alike together.
async fn gather(app: &App, tx: &mut SystemTx, one: &Incident, kind: Kind) -> Result<(), Error> {
    let Some(location) = one.location else {
        return Ok(());
    };
    let (place, now) = (Place::from(store::place(tx, location).await?), app.now());
    // A group that grows right now takes it without a look at all that it has.
    for cause in group::Level::ALL
        .iter()
        .filter_map(|level| level.cause(&place, kind))
    {
        let known = store::open_by_cause(tx, &cause).await?;
        if let Some(known) = known.filter(|known| now - known.changed_at <= TOGETHER) {
            return store::join(tx, known.incident.id, &[one.id], now).await;
        }
    }
    let fresh = store::fresh(tx, &place, kind, now - TOGETHER).await?;
    match group::group_of(&place, kind, &fresh) {
        Some(found) => form(app, tx, &found, one).await,
        None => Ok(()),
    }
}

/// Opens a group, opens it again, or lets a smaller one become it.
async fn form(app: &App, tx: &mut SystemTx, found: &Group, one: &Incident) -> Result<(), Error> {
    let now = app.now();
    let signal = Signal {
        cause: found.cause.clone(),
        tenant: None,
        location: one.location.filter(|_| found.level == group::Level::Node),
        server: None,
        check: None,
        signature: Signature::NodeDown,
        summary: group::told(&found.name, found.servers),
        failing: true,
        since: one.began_at,
        detail: json!({ "name": found.name, "servers": found.servers }),
    };
    // One that somebody closed says nothing about what fails now.
    let known = store::newest(tx, &found.cause)
        .await?
        .filter(|kept| !kept.is_dismissed);
    let act = decide(known.as_ref(), &signal, &Around::default(), now);
    let (id, news) = match (act, known, found.known) {
        (Act::Update(_) | Act::Nothing, Some(kept), _) => (kept.incident.id, None),
        (_, _, Some(smaller)) => {
            store::widen(tx, smaller, (found, &signal), now).await?;
            (smaller, Some(News::Updated))
        }
        (Act::Relapse, Some(kept), _) => {
            store::relapse(tx, &kept.incident, &signal, &Around::default(), now).await?;
            (kept.incident.id, Some(News::Relapsed))
        }
        _ => (
            open(app, tx, &signal, &Around::default()).await?,
            Some(News::Opened),
        ),
    };
    store::join(tx, id, &found.members, now).await?;
    changed(app, tx, id, news).await
}

/// Says to pages that an incident changed, and to people, if it is news for them.
pub(super) async fn changed(
    app: &App,
    tx: &mut SystemTx,
    id: IncidentId,
    news: Option<News>,
) -> Result<(), Error> {
    let kept = store::find(tx, id).await?;
    let one = &kept.incident;
    events::emit(tx, one.tenant, TOPIC, Some(id.0)).await?;
    let Some(news) = news.filter(|_| kept.is_public()) else {
        return Ok(());
    };
    store::told(tx, id, &one.summary).await?;
    // Boxed: they open tickets.
    Box::pin(breakdowns::on_incident(app, tx, one, news)).await?;
    Box::pin(breakdowns::on_provider_incident(app, tx, one, news)).await?;
    webhooks::incident_changed(app, tx, one, news).await
}

/// Closes an incident, and the group that it was the last of.
pub(super) async fn recover(
    app: &App,
    tx: &mut SystemTx,
    one: &Incident,
    ended: DateTime<Utc>,
) -> Result<(), Error> {
    let now = app.now();
    store::close(tx, one.id, ended, now).await?;
    let kept = store::find(tx, one.id).await?;
    // What nobody was told of ends in silence.
    let news = kept.told.is_some().then_some(News::Recovered);
    changed(app, tx, one.id, news).await?;
    let Some(parent) = one.parent else { return Ok(()) };
    let parent = store::find(tx, parent).await?;
    let is_group = parent.incident.signature == Signature::NodeDown;
    if is_group && parent.incident.state == IncidentState::Open {
        end_group(app, tx, &parent, ended).await?;
    }
    Ok(())
}

pub(super) async fn end_group(
    app: &App,
    tx: &mut SystemTx,
    group: &Kept,
    ended: DateTime<Utc>,
) -> Result<(), Error> {
    let id = group.incident.id;
    if store::has_open_children(tx, id).await? {
        return Ok(());
    }
    store::close(tx, id, ended, app.now()).await?;
    changed(app, tx, id, group.told.is_some().then_some(News::Recovered)).await
}
