//! Asking for snapshots: taking one, deleting one, bringing a server back to one, and making another server from one. Each is a
//! transaction that writes rows; the work is done by [`super::reconcile`].

mod take;

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::drivers::pool::VolumeName;
use crate::files::Files;
use crate::platform::access::{TenantScope, Who};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{OperationId, ServerId, SnapshotId};
use crate::platform::operations::{self, NewOperation, Operation};
use crate::servers::model::Server;
use crate::servers::{self, CloneData, CloneInput};

use super::TOPIC;
use super::model::{Reason, Snapshot, State, check_server, made_up};
use super::store;

pub use take::{of_stack, of_stack_within, take, take_within};

/// How long a page waits to be told what snapshots hold.
const PATIENCE: Duration = Duration::from_secs(2);

/// A snapshot that was asked for or is being worked on.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which.
    pub snapshot: Snapshot,
    /// The work, to watch.
    pub operation: Operation,
}

fn target(server: &Server) -> Target<'_> {
    Target {
        kind: "server",
        id: Some(server.id.0),
        label: &server.name,
        tenant: Some(server.tenant),
    }
}

/// A snapshot that is yet to be taken, of a server as it is now.
fn new(app: &App, server: &Server, (reason, name): (Reason, String), by: &str) -> Snapshot {
    let now = app.now();
    Snapshot {
        id: SnapshotId::new(&*app.ids, now),
        tenant: server.tenant,
        server: server.id,
        name,
        reason,
        schedule: None,
        state: State::Making,
        error: None,
        created_by: by.to_owned(),
        created_at: now,
        taken_at: None,
    }
}

/// Opens the operation that the work reports to. It is about the server or the stack, where people look for it, and of no wish's
/// generation.
async fn open(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    about: &Target<'_>,
    kind: &'static str,
) -> Result<Operation, Error> {
    let now = app.now();
    let id = OperationId::new(&*app.ids, now);
    let new = NewOperation {
        id,
        tenant: about.tenant,
        kind,
        target_kind: about.kind,
        target: about.id,
        label: about.label,
        generation: None,
        actor: &who.label,
        now,
    };
    operations::open(tx, &new).await?;
    operations::find(tx, id).await
}

/// Deletes a snapshot.
pub async fn remove(app: &App, scope: &TenantScope, at: (ServerId, SnapshotId)) -> Result<Snapshot, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, at.0).await?;
    let snapshot = store::lock(&mut tx, at).await?;
    snapshot.check_removable()?;
    if snapshot.state == State::Failed && store::is_reported(&mut tx, snapshot.id).await? {
        return Err(Error::conflict(
            "snapshot-under-way",
            "Others that were asked for together with this one are still being taken. Wait until that is done.",
        ));
    }
    // Which servers there are is no business of a guest's; the work waits until nobody reads it.
    if scope.guest_of().is_none() && store::is_read(&mut tx, snapshot.id).await? {
        return Err(Error::conflict(
            "snapshot-in-use",
            "Another server is being made from this snapshot. Wait until that is complete.",
        ));
    }
    if snapshot.state != State::Removing {
        store::begin_removal(&mut tx, snapshot.id, app.now()).await?;
        let change = Change::to(
            "snapshot.delete",
            json!({ "snapshot": snapshot.name, "id": snapshot.id }),
        );
        app.audit(&mut tx, &scope.who, &target(&server), &change).await?;
        events::emit(&mut tx, Some(server.tenant), TOPIC, Some(server.id.0)).await?;
    }
    tx.commit().await?;
    Ok(snapshot)
}

/// Brings a server back to a snapshot, in place. What it holds now is kept by another one, which is told as well.
pub async fn restore(app: &App, scope: &TenantScope, at: (ServerId, SnapshotId)) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::lock(&mut tx, at.0).await?;
    check_server(&server)?;
    servers::check_whole(&mut tx, &server).await?;
    let snapshot = store::lock(&mut tx, at).await?;
    snapshot.check_ready()?;
    servers::check_unshared(&mut tx, &server).await?;
    let safety = new(
        app,
        &server,
        (Reason::Safety, made_up("Before restoring", app.now())),
        &scope.who.label,
    );
    let operation = open(app, &mut tx, &scope.who, &target(&server), "snapshot.restore").await?;
    store::insert(&mut tx, &safety, (None, None)).await?;
    store::begin_restore(&mut tx, snapshot.id, (safety.id, operation.id), app.now()).await?;
    let told = json!({ "snapshot": snapshot.name, "id": snapshot.id, "kept_as": safety.name });
    let change = Change::to("snapshot.restore", told);
    app.audit(&mut tx, &scope.who, &target(&server), &change).await?;
    let text = format!(
        "{} asked to restore it to the snapshot {}.",
        scope.who.label, snapshot.name
    );
    servers::rewire(app, &mut tx, &server, text).await?;
    events::emit(&mut tx, Some(server.tenant), TOPIC, Some(server.id.0)).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(Asked {
        snapshot: safety,
        operation,
    })
}

/// Makes another server with what a snapshot holds.
pub async fn beside(
    app: &App,
    scope: &TenantScope,
    at: (ServerId, SnapshotId),
    name: Option<String>,
) -> Result<servers::Asked, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, at.0).await?;
    check_server(&server)?;
    store::find(&mut tx, at).await?.check_ready()?;
    drop(tx);
    let input = CloneInput {
        name: name.filter(|name| !name.trim().is_empty()),
        // Nothing of it changes, so the server need not hold still.
        data: CloneData::Live,
        snapshot: Some(at.1),
        backup: None,
        same_networks: false,
        start: true,
    };
    servers::clone(app, scope, at.0, input).await
}

/// A snapshot with its server and the files that it holds, to be looked at.
pub async fn look_into(
    app: &App,
    scope: &TenantScope,
    at: (ServerId, SnapshotId),
) -> Result<(Snapshot, Server, Files), Error> {
    let mut tx = scope.begin().await?;
    let snapshot = store::find(&mut tx, at).await?;
    drop(tx);
    if snapshot.state != State::Restoring {
        snapshot.check_ready()?;
    }
    let (server, files) = Files::of_views(app, scope, at.0, at.1).await?;
    Ok((snapshot, server, files))
}

/// What each snapshot of these volumes alone holds, by its name in the pool; nothing while the pool does not answer at once.
pub async fn held(app: &App, volumes: &[String]) -> HashMap<String, u64> {
    let mut all = HashMap::new();
    let Some(storage) = &app.storage else { return all };
    for name in volumes {
        let Ok(volume) = VolumeName::parse(name) else {
            continue;
        };
        match tokio::time::timeout(PATIENCE, storage.snapshots(&volume)).await {
            Ok(Ok(snapshots)) => {
                for one in snapshots {
                    *all.entry(one.name).or_default() += one.held;
                }
            }
            _ => return HashMap::new(),
        }
    }
    all
}
