//! The verb: to begin a download, and to send it.

use std::io;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use chrono::TimeDelta;
use futures_util::{Stream, stream};
use serde_json::json;
use tokio::sync::mpsc::{self, Receiver};
use tokio::time::MissedTickBehavior;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::break_glass::{self, Part};
use crate::platform::access::{Permission, StaffScope, SystemScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::fault;
use crate::platform::ids::{ExitArchiveId, TenantId};
use crate::tenants::{self, Tenant};

use super::TOPIC;
use super::model::{Download, State};
use super::outer::{Outer, Piece, Progress, Stop};
use super::sections::SECTIONS;
use super::source::Source;
use super::store;

/// So long the rows of what has ended are kept to be read.
const KEPT: TimeDelta = TimeDelta::days(90);
/// How often a sender says that it is there.
const RENEW: Duration = Duration::from_secs(5);
/// One that has not said so for so long is gone.
pub(super) const GONE_AFTER: TimeDelta = TimeDelta::seconds(60);
/// Pieces that wait for whoever reads. They are of at most some 64 KiB, but for the pages of logs.
const WAITING: usize = 4;

/// An archive that has begun: what it is called, and its bytes.
pub struct Begun {
    /// The file's name.
    pub name: String,
    /// The tar.
    pub body: Body,
}

/// Begins the download of a member's own tenant. Whoever wants secrets in it must be allowed to see them.
pub async fn download(app: &App, scope: &TenantScope, with_secrets: bool) -> Result<Begun, Error> {
    if with_secrets && !scope.may(Permission::ServerSecrets) {
        return Err(Error::Forbidden);
    }
    let source = Source {
        app: app.clone(),
        tenant: scope.tenant(),
        who: scope.who.clone(),
        now: app.now(),
        with_secrets,
        user: scope.actor.user,
        glass: None,
    };
    begin(source).await
}

/// Begins the download of any tenant for staff who broke the glass for it. They see no secrets.
pub async fn download_of(app: &App, scope: &StaffScope, tenant: TenantId) -> Result<Begun, Error> {
    let mut tx = scope.begin().await?;
    tenants::find_tenant(&mut tx, tenant).await?;
    let grant = break_glass::check(&mut tx, scope, (tenant, Part::Archive), app.now()).await?;
    break_glass::note_use(app, &mut tx, &grant, (Part::Archive, "all that there is")).await?;
    tx.commit().await?;
    let source = Source {
        app: app.clone(),
        tenant,
        who: scope.who.clone(),
        now: app.now(),
        with_secrets: false,
        user: scope.actor.user,
        glass: Some(grant.id),
    };
    begin(source).await
}

async fn begin(source: Source) -> Result<Begun, Error> {
    let app = source.app.clone();
    let mut tx = source.begin().await?;
    let tenant = tenants::find_tenant(&mut tx, source.tenant).await?;
    let download = Download {
        id: ExitArchiveId::new(&*app.ids, source.now),
        state: State::Running,
        asked_by: source.who.label.clone(),
        has_secrets: source.with_secrets,
        files: 0,
        bytes: 0,
        error: None,
        started_at: source.now,
        ended_at: None,
    };
    store::give_up(&mut tx, tenant.id, (source.now - GONE_AFTER, source.now)).await?;
    if !store::add(&mut tx, tenant.id, &download).await? {
        return Err(Error::conflict(
            "archive-under-way",
            "An archive of this organisation is being downloaded already. Wait until it is complete, or break that download off and try again a minute later.",
        ));
    }
    let what = json!({ "archive": download.id.to_string(), "secrets": download.has_secrets });
    audit(&source, &mut tx, &tenant, &Change::to("tenant.export", what)).await?;
    events::emit(&mut tx, Some(tenant.id), TOPIC, Some(download.id.0)).await?;
    tx.commit().await?;
    let (to, from) = mpsc::channel(WAITING);
    let name = format!("{}-{}.tar", tenant.slug, source.now.format("%Y-%m-%d"));
    let id = download.id;
    app.tasks.spawn(send(source, tenant, id, to));
    Ok(Begun {
        name,
        body: Body::from_stream(received(from)),
    })
}

async fn audit(
    source: &Source,
    tx: &mut crate::platform::db::TenantTx,
    tenant: &Tenant,
    change: &Change,
) -> Result<(), Error> {
    let target = Target {
        kind: "tenant",
        id: Some(tenant.id.0),
        label: &tenant.name,
        tenant: Some(tenant.id),
    };
    source.app.audit(tx, &source.who, &target, change).await
}

/// What a browser gets: an error if the archive ends before its end.
fn received(from: Receiver<Piece>) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::unfold(Some(from), |from| async {
        let mut from = from?;
        match from.recv().await {
            Some(Piece::Bytes(bytes)) => Some((Ok(bytes), Some(from))),
            Some(Piece::End) => None,
            None => Some((Err(io::Error::from(io::ErrorKind::UnexpectedEof)), None)),
        }
    })
}

/// Sends all of it, and writes how that ended.
async fn send(source: Source, tenant: Tenant, id: ExitArchiveId, to: mpsc::Sender<Piece>) {
    let progress = Progress::default();
    let stop = source.app.tasks.token();
    let seconds = u64::try_from(source.now.timestamp()).unwrap_or(0);
    let work = async {
        let outer = Outer::new(to, progress.clone(), seconds);
        tokio::select! {
            done = make(&source, &tenant, id, outer) => done,
            gone = renew(&source, id, &progress) => Err(gone),
            () = stop.cancelled() => Err(Stop::Stopping),
        }
    };
    let outcome = Box::pin(work).await;
    if let Err(Stop::Failed(error)) = &outcome {
        tracing::warn!(
            error = error as &dyn std::error::Error,
            tenant = %tenant.id,
            "an archive was cut off"
        );
    }
    if let Err(error) = end(&source, id, &progress, outcome.err()).await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            tenant = %tenant.id,
            "how an archive ended could not be written"
        );
    }
}

async fn make(source: &Source, tenant: &Tenant, id: ExitArchiveId, mut outer: Outer) -> Result<(), Stop> {
    for section in SECTIONS {
        (section.write)(source, &mut outer).await?;
        fault::point("exit.section");
    }
    let (made_at, tenant) = (source.now.to_rfc3339(), tenant.id.to_string());
    outer
        .end(|count| {
            json!({ "complete": true, "archive": id.to_string(), "tenant": tenant, "began_at": made_at,
                "files": count.files, "bytes": count.bytes })
        })
        .await
}

/// Says again and again that it is being sent; returns when that is not so any more.
async fn renew(source: &Source, id: ExitArchiveId, progress: &Progress) -> Stop {
    let mut time = tokio::time::interval(RENEW);
    time.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        time.tick().await;
        match note(source, id, progress).await {
            Ok(None) => {}
            Ok(Some(stop)) => return stop,
            // Its row is good for a minute more.
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "an archive's progress could not be written"
            ),
        }
    }
}

/// Writes how far it is. Says why it must not go on, if so.
async fn note(source: &Source, id: ExitArchiveId, progress: &Progress) -> Result<Option<Stop>, Error> {
    let (mut tx, now) = (source.begin().await?, source.app.now());
    if let Some(grant) = source.glass
        && !break_glass::lasts(&mut tx, grant, now).await?
    {
        return Ok(Some(Stop::Closed));
    }
    let is_ours = store::note(&mut tx, id, progress.get(), now).await?;
    events::emit(&mut tx, Some(source.tenant), TOPIC, Some(id.0)).await?;
    tx.commit().await?;
    Ok((!is_ours).then_some(Stop::Lost))
}

async fn end(
    source: &Source,
    id: ExitArchiveId,
    progress: &Progress,
    stop: Option<Stop>,
) -> Result<(), Error> {
    let mut tx = source.begin().await?;
    let count = progress.get();
    let reason = stop.as_ref().map(Stop::reason);
    store::end(&mut tx, id, count, (reason.as_deref(), source.app.now())).await?;
    events::emit(&mut tx, Some(source.tenant), TOPIC, Some(id.0)).await?;
    tx.commit().await
}

/// Forgets downloads that ended long ago; the audit log has them. Says how many.
pub async fn clean_up(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let mut tx = scope.begin().await?;
    let count = store::forget(&mut tx, app.now() - KEPT).await?;
    tx.commit().await?;
    Ok(count)
}
