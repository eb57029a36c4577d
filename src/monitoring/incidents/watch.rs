//! Watches over servers and engines, and reports what fails.
//!
//! It acts on events, so that a server that ended is reported as soon as the reconciler has written it down; and looks through all
//! that may fail twice a minute, so that nothing is missed by a panel that was not there. A report is idempotent, so it does not
//! matter how many panels see the same.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::events::Event;
use crate::platform::fault;
use crate::platform::ids::ServerId;
use crate::servers;
use crate::servers::model::Seen;

use super::engine::{Look, good, judge, judge_engine};
use super::model::{Signal, location_cause, server_cause};
use super::{CLOSED_TOPIC, actions, store};

/// How often everything is looked through.
const SWEEP: Duration = Duration::from_secs(30);
/// How soon after a failure of ours.
const RETRY: TimeDelta = TimeDelta::seconds(1);
/// Events about engines have this topic.
const ENGINE_TOPIC: &str = "engine";

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Which {
    /// These servers.
    These(BTreeSet<ServerId>),
    /// All that fail or may, and all engines.
    All,
}

/// Starts watching in the background of this process.
pub fn begin(app: &App) {
    app.tasks.spawn(run(app.clone()));
}

async fn run(app: App) {
    let scope = SystemScope::new(app.db.clone(), "incidents");
    let mut news = app.hub.subscribe();
    let mut ticks = tokio::time::interval(SWEEP);
    let mut due = None;
    loop {
        let which = tokio::select! {
            () = app.tasks.stopping() => return,
            _ = ticks.tick() => Which::All,
            () = until(&app, due) => Which::All,
            which = heard(&mut news) => which,
        };
        if which == Which::All {
            due = None;
        }
        let looked = Box::pin(look(&app, &scope, &which)).await;
        let again = looked.unwrap_or_else(|error| {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "servers were not watched over"
            );
            Some(app.now() + RETRY)
        });
        due = due.into_iter().chain(again).min();
    }
}

/// Resolves when it is time to look again.
async fn until(app: &App, due: Option<DateTime<Utc>>) {
    match due {
        Some(due) => tokio::time::sleep((due - app.now()).to_std().unwrap_or_default()).await,
        None => std::future::pending().await,
    }
}

/// What the events that are there now are about. Waits for the first.
async fn heard(news: &mut Receiver<Event>) -> Which {
    let mut servers = BTreeSet::new();
    loop {
        let next = match news.try_recv() {
            Err(TryRecvError::Empty) if servers.is_empty() => news.recv().await,
            Err(TryRecvError::Empty) => return Which::These(servers),
            Err(TryRecvError::Lagged(missed)) => Err(RecvError::Lagged(missed)),
            Err(TryRecvError::Closed) => Err(RecvError::Closed),
            Ok(event) => Ok(event),
        };
        match next {
            Ok(event) if [ENGINE_TOPIC, CLOSED_TOPIC].contains(&&*event.topic) => return Which::All,
            Ok(event) if event.topic == servers::TOPIC => servers.extend(event.target_id.map(ServerId)),
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return Which::All,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Looks, and reports what is new. Says when to look again, if something can't be told yet.
///
/// # Errors
/// The first, after the others were reported.
pub(super) async fn look(
    app: &App,
    scope: &SystemScope,
    which: &Which,
) -> Result<Option<DateTime<Utc>>, Error> {
    let (signals, again) = found(app, scope, which).await?;
    let mut outcome = Ok(again);
    for signal in signals {
        if let Err(error) = report(app, scope, signal).await {
            outcome = outcome.and(Err(error));
        }
    }
    if *which == Which::All
        && let Err(error) = actions::settle(app, scope).await
    {
        outcome = outcome.and(Err(error));
    }
    outcome
}

/// What there is to report, engines first: what they explain comes after them.
async fn found(
    app: &App,
    scope: &SystemScope,
    which: &Which,
) -> Result<(Vec<Signal>, Option<DateTime<Utc>>), Error> {
    let (now, mut tx) = (app.now(), scope.begin().await?);
    let (mut signals, mut again) = (Vec::new(), Vec::new());
    let these: Option<Vec<ServerId>> = match which {
        Which::These(ids) => Some(ids.iter().copied().collect()),
        Which::All => None,
    };
    if these.is_none() {
        let known = store::standing_engines(&mut tx).await?;
        for engine in servers::engines(&mut tx).await? {
            match (judge_engine(&engine, now), known.get(&engine.id)) {
                (Look::Bad(bad), Some(one)) if one.says(bad.signature, &bad.summary) => {}
                (Look::Bad(bad), _) => signals.push(bad),
                (Look::Good(since), Some(_)) => signals.push(good(location_cause(engine.id), since)),
                (Look::Good(_), None) => {}
                (Look::Unsure(at), _) => again.extend(at),
            }
        }
    }
    let mut known = store::standing(&mut tx, these.as_deref()).await?;
    let ids = these.unwrap_or_else(|| known.keys().copied().collect());
    let is_all = *which == Which::All;
    for server in servers::conditions(&mut tx, &ids, is_all).await? {
        match (judge(&server, now), known.remove(&server.id)) {
            (Look::Bad(bad), Some(one)) if one.says(bad.signature, &bad.summary) => {}
            (Look::Bad(bad), _) => signals.push(bad),
            (Look::Good(since), Some(_)) => signals.push(good(server_cause(server.id), since)),
            (Look::Good(_), None) => {}
            // Nobody waits for one that was well.
            (Look::Unsure(at), one) => {
                again.extend(at.filter(|_| one.is_some() || server.observed.seen != Seen::Running));
            }
        }
    }
    // What is left has no row any more: it was erased.
    signals.extend(known.into_keys().map(|id| good(server_cause(id), now)));
    Ok((signals, again.into_iter().min()))
}

async fn report(app: &App, scope: &SystemScope, signal: Signal) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    actions::report(app, &mut tx, signal).await?;
    fault::point("incidents.reported");
    tx.commit().await
}
