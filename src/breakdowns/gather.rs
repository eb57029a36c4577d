//! The job that gathers the evidence of a breakdown and writes it into its tickets.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use graphile_worker::WorkerOptions;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::audit;
use crate::monitoring::{self, Incident};
use crate::platform::access::SystemScope;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::fault;
use crate::platform::ids::{IncidentId, ServerId, TenantId, TicketId};
use crate::platform::jobs::{IntoTaskHandlerResult, TaskHandler, WorkerContext};
use crate::runbooks;
use crate::servers::{self, model::Server};
use crate::tickets::{self, PostKind};
use crate::usage::{self, model::Span};

use super::incident::{said, system};
use super::model::{self, Drawn, Ending, PICTURE, Pack, Touched};
use super::store;

/// So many lines of a log.
const LINES: u32 = 200;
/// An engine that takes longer is told as one that does not answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// As many points as the picture has at most.
const POINTS: i64 = 120;
/// How far back changes and other incidents are of interest.
const CHANGES: TimeDelta = TimeDelta::days(1);
const RELATED: TimeDelta = TimeDelta::days(7);
const MOST: i64 = 20;

/// A second run finds the evidence in its place: it and the posts are written in one transaction, under a key. What comes back long
/// after its evidence was gathered has some of its own.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct GatherEvidence {
    /// Of which.
    pub(super) incident: IncidentId,
}

impl TaskHandler for GatherEvidence {
    const IDENTIFIER: &'static str = "gather_evidence";

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let app = ctx
            .get_ext::<App>()
            .cloned()
            .ok_or_else(|| "the worker has no app".to_owned())?;
        let scope = SystemScope::new(app.db.clone(), "breakdowns");
        let done = work(&app, &scope, self.incident).await;
        done.map_err(|error| error.to_string())
    }
}

/// Adds the job to a worker.
pub fn register(worker: WorkerOptions) -> WorkerOptions {
    worker.define_job::<GatherEvidence>()
}

/// What was read in one look at the database.
struct Found {
    incident: Incident,
    /// When it began to fail, or did again.
    since: DateTime<Utc>,
    touched: Vec<Touched>,
    server: Option<Server>,
    secrets: Vec<String>,
    drawn: Drawn,
    changes: Vec<(DateTime<Utc>, String)>,
    related: Vec<(DateTime<Utc>, String)>,
}

/// Gathers what is yet to be gathered of an incident. The engine is asked with no transaction open.
pub(super) async fn work(app: &App, scope: &SystemScope, id: IncidentId) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    if store::without_evidence(&mut tx, id).await?.is_empty() {
        return Ok(());
    }
    let found = read(app, &mut tx, id).await?;
    drop(tx);
    let log = match &found.server {
        Some(server) => log(app, server.id, &found.secrets).await,
        None => Err("Several servers are touched. Each has its own log.".to_owned()),
    };
    fault::point("breakdowns.gathered");
    write(app, scope, &found, log).await?;
    fault::point("breakdowns.evidence_written");
    Ok(())
}

async fn read(app: &App, tx: &mut SystemTx, id: IncidentId) -> Result<Found, Error> {
    let incident = monitoring::find_incident(tx, id).await?;
    let place = incident
        .location
        .filter(|_| model::is_of_place(incident.signature));
    let touched = store::touched(tx, &incident, place).await?;
    let since = monitoring::failing_since(tx, &incident).await?;
    let mut found = Found {
        touched,
        since,
        server: None,
        secrets: Vec::new(),
        drawn: model::draw(&[], (app.now(), app.now()), (1.0, 1)),
        changes: Vec::new(),
        related: Vec::new(),
        incident,
    };
    let Some(id) = found.incident.server else {
        return Ok(found);
    };
    let server = match servers::find(tx, id).await {
        // It was erased meanwhile; what is known of its incident is told.
        Err(Error::NotFound) => return Ok(found),
        // It is another organisation's by now, and so is its log.
        Ok(server) if found.incident.tenant.is_some_and(|own| own != server.tenant) => return Ok(found),
        other => other?,
    };
    let now = app.now();
    let to = now.min(found.since + TimeDelta::minutes(1));
    let span = Span::fitted(to - PICTURE, to, now, POINTS);
    let points = usage::points(tx, id, &span).await?;
    let limits = (server.resources.cpus(), server.resources.memory_mib);
    found.drawn = model::draw(&points, (to - PICTURE, to), limits);
    found.secrets = servers::secret_values(app, tx, id).await?;
    found.changes = audit::changes_of(tx, id.0, now - CHANGES, MOST).await?;
    let others = monitoring::incidents_of(tx, id, now - RELATED, now).await?;
    found.related = related(&found.incident, others);
    found.server = Some(server);
    Ok(found)
}

fn related(own: &Incident, mut others: Vec<Incident>) -> Vec<(DateTime<Utc>, String)> {
    others.retain(|other| other.id != own.id);
    others.sort_by_key(|other| std::cmp::Reverse(other.began_at));
    let told = others.into_iter().map(|other| {
        let ended = match other.ended_at {
            Some(ended) => format!("lasted {}", model::lasted(ended - other.began_at)),
            None => "goes on".to_owned(),
        };
        (
            other.began_at,
            format!("{} ({ended})", model::clean(&other.summary)),
        )
    });
    told.take(usize::try_from(MOST).unwrap_or_default()).collect()
}

/// The newest lines of a server's log, without what is secret; or why there are none.
pub(super) async fn log(app: &App, server: ServerId, secrets: &[String]) -> Result<Vec<String>, String> {
    let asked = tokio::time::timeout(PATIENCE, servers::newest_log(app, server, LINES)).await;
    match asked {
        Ok(Ok(lines)) => {
            let lines: Vec<String> = lines.iter().map(|line| model::clean(&line.text)).collect();
            Ok(model::mask(&lines, secrets))
        }
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, %server, "no log for the evidence");
            Err("The container engine did not answer, so the log could not be read.".to_owned())
        }
        Err(_) => {
            Err("The container engine did not answer in time, so the log could not be read.".to_owned())
        }
    }
}

fn ending(found: &Found) -> Ending {
    let incident = &found.incident;
    let (exit_code, oom) = runbooks::ended(incident.signature, &incident.detail);
    let seen = found.server.as_ref().map(|server| &server.observed);
    Ending {
        exit_code: exit_code.or_else(|| seen.and_then(|seen| seen.exit_code)),
        // What the row says may be of a later end, so it counts only where the incident knows nothing of its own.
        out_of_memory: oom || (exit_code.is_none() && seen.is_some_and(|seen| seen.out_of_memory)),
    }
}

async fn write(
    app: &App,
    scope: &SystemScope,
    found: &Found,
    log: Result<Vec<String>, String>,
) -> Result<(), Error> {
    let (incident, who) = (&found.incident, system());
    let runbooks = runbooks::matching(incident.signature, &incident.detail);
    // An engine that is away is asked again later.
    let log_next_at = (log.is_err() && found.server.is_some()).then(|| app.now());
    let mut pack = Pack {
        incident,
        since: found.since,
        what: String::new(),
        ending: ending(found),
        log,
        metrics: found.drawn.text.clone(),
        changes: found.changes.clone(),
        related: found.related.clone(),
        runbooks: runbooks.iter().map(|runbook| runbook.title.clone()).collect(),
    };
    let with_log = model::readers_read_logs();
    let mut tx = scope.begin().await?;
    let wanted = store::without_evidence(&mut tx, incident.id).await?;
    // The locks come first, as everywhere: of two runs the second finds what the first wrote.
    let told: Vec<TicketId> = wanted.iter().map(|one| one.ticket).collect();
    tickets::lock_in_order(&mut tx, &told).await?;
    for one in wanted {
        let what_was = (pack.ending, &found.drawn, log_next_at);
        if !store::add_evidence(&mut tx, (incident, &one), what_was, app.now()).await? {
            continue;
        }
        let ticket = one.ticket;
        pack.what = what(&found.touched, one.tenant, found.server.as_ref());
        let all = said(PostKind::Evidence, false, pack.internal());
        tickets::add_post(app, &mut tx, &who, ticket, all).await?;
        let part = said(PostKind::System, true, pack.public(with_log));
        tickets::add_post(app, &mut tx, &who, ticket, part).await?;
    }
    tx.commit().await
}

/// What failed for a tenant. What others have is not named.
fn what(touched: &[Touched], tenant: TenantId, server: Option<&Server>) -> String {
    if let Some(server) = server {
        return server.name.clone();
    }
    let own: Vec<&str> = touched
        .iter()
        .filter(|server| server.tenant == tenant)
        .map(|server| server.name.as_str())
        .collect();
    match own.as_slice() {
        [] => "Something of yours".to_owned(),
        [only] => (*only).to_owned(),
        several if several.len() <= 10 => several.join(", "),
        several => format!("{} of your servers", several.len()),
    }
}
