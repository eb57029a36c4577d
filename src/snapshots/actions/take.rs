//! Wishes for snapshots: of one server, for a schedule's step, of all servers of a stack. Each writes an operation that ends when all
//! that report to it are over.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{TenantScope, Who};
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{OperationId, ScheduleId, ServerId, StackId};
use crate::servers::{self, model::Server};
use crate::stacks;

use super::super::TOPIC;
use super::super::model::{MAX, PartSnapshot, Reason, Snapshot, check_server, made_up, parse_name};
use super::super::store;
use super::{Asked, new, open, target};

/// Snapshots that were asked for at once, and the work that they report to.
#[derive(Debug, Clone)]
pub struct AskedOfStack {
    /// The work, to watch.
    pub operation: OperationId,
    /// The snapshots, which are yet to be taken.
    pub snapshots: Vec<PartSnapshot>,
}

/// Why a snapshot is taken.
#[derive(Debug, Clone, Copy)]
enum By {
    /// Somebody wants it.
    Hand,
    /// As part of one of the whole stack.
    Stack,
    /// A schedule, which keeps so many of those that it took.
    Schedule(ScheduleId, u32),
}

impl By {
    fn reason(self) -> Reason {
        match self {
            Self::Hand => Reason::Manual,
            Self::Stack => Reason::Stack,
            Self::Schedule(..) => Reason::Schedule,
        }
    }

    /// What a snapshot is called to which nobody gave a name, before the time.
    fn word(self) -> &'static str {
        match self {
            Self::Hand => "Snapshot",
            Self::Stack => "Stack",
            Self::Schedule(..) => "Scheduled",
        }
    }
}

/// Takes a snapshot of a server; one without a name gets the time as its name.
pub async fn take(app: &App, scope: &TenantScope, id: ServerId, name: Option<&str>) -> Result<Asked, Error> {
    let name = name
        .filter(|name| !name.trim().is_empty())
        .map(parse_name)
        .transpose();
    let name = name.map_err(|message| Error::invalid("name", message))?;
    let mut tx = scope.begin().await?;
    let server = servers::lock(&mut tx, id).await?;
    let operation = open(app, &mut tx, &scope.who, &target(&server), "snapshot.take").await?;
    let snapshot = add(app, &mut tx, &scope.who, (&server, operation.id, By::Hand), name).await?;
    tx.commit().await?;
    Ok(Asked { snapshot, operation })
}

/// Takes a snapshot for a schedule, in its run's transaction. Of those that it took of the server, the newest `keep` stay when it is
/// there.
pub async fn take_within(
    app: &App,
    tx: &mut SystemTx,
    who: &Who,
    (id, schedule, keep): (ServerId, ScheduleId, u32),
) -> Result<OperationId, Error> {
    let server = servers::lock(tx, id).await?;
    let operation = open(app, tx, who, &target(&server), "snapshot.take").await?;
    let by = By::Schedule(schedule, keep);
    add(app, tx, who, (&server, operation.id, by), None).await?;
    Ok(operation.id)
}

/// Takes a snapshot of each server of a stack that keeps files, or of none of them.
pub async fn of_stack(app: &App, scope: &TenantScope, id: StackId) -> Result<AskedOfStack, Error> {
    let mut tx = scope.begin().await?;
    let asked = of_all(app, &mut tx, &scope.who, (id, By::Stack)).await?;
    tx.commit().await?;
    Ok(asked)
}

/// The same for a schedule, in its run's transaction. Of those that it took, the newest `keep` of each server stay.
pub async fn of_stack_within(
    app: &App,
    tx: &mut SystemTx,
    who: &Who,
    (id, schedule, keep): (StackId, ScheduleId, u32),
) -> Result<OperationId, Error> {
    let by = By::Schedule(schedule, keep);
    Ok(of_all(app, tx, who, (id, by)).await?.operation)
}

async fn of_all(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    (id, by): (StackId, By),
) -> Result<AskedOfStack, Error> {
    let (stack, servers) = stacks::lock_keeping(app, tx, id).await?;
    if servers.is_empty() {
        return Err(Error::conflict(
            "nothing-to-snapshot",
            "None of the stack's servers keeps files that a snapshot could hold.",
        ));
    }
    let about = Target {
        kind: "stack",
        id: Some(id.0),
        label: &stack.name,
        tenant: Some(stack.tenant),
    };
    let operation = open(app, tx, who, &about, "stack.snapshot").await?.id;
    let mut snapshots = Vec::new();
    for server in servers {
        let snapshot = add(app, tx, who, (&server, operation, by), None).await;
        let snapshot = snapshot.map_err(|error| named(&server, error))?;
        snapshots.push(PartSnapshot {
            server_name: server.name,
            snapshot,
        });
    }
    events::emit(tx, Some(stack.tenant), stacks::TOPIC, Some(id.0)).await?;
    Ok(AskedOfStack { operation, snapshots })
}

/// What stands in the way of one of several says which one it is.
fn named(server: &Server, error: Error) -> Error {
    match error {
        Error::Conflict { code, message } => Error::Conflict {
            code,
            message: format!("{}: {message}", server.name),
        },
        error => error,
    }
}

/// Whether a server can have one more. A schedule that finds it full sends away what is of no use, else what it took itself:
/// otherwise nothing would ever go, since older ones only go once a new one is there.
async fn has_room(app: &App, tx: &mut impl Scoped, (server, by): (ServerId, By)) -> Result<bool, Error> {
    let By::Schedule(schedule, _) = by else {
        return Ok(store::count(tx, server).await? < MAX);
    };
    while store::count_staying(tx, server).await? >= MAX {
        if !store::make_room(tx, (server, schedule), app.now()).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn add(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    (server, operation, by): (&Server, OperationId, By),
    name: Option<String>,
) -> Result<Snapshot, Error> {
    check_server(server)?;
    if !has_room(app, tx, (server.id, by)).await? {
        return Err(Error::conflict(
            "too-many-snapshots",
            format!("A server has at most {MAX} snapshots. Delete one first."),
        ));
    }
    let name = name.unwrap_or_else(|| made_up(by.word(), app.now()));
    let mut snapshot = new(app, server, (by.reason(), name), &who.label);
    let mut keep = None;
    if let By::Schedule(schedule, most) = by {
        snapshot.schedule = Some(schedule);
        keep = i32::try_from(most).ok();
    }
    store::insert(tx, &snapshot, (Some(operation), keep)).await?;
    let change = Change::to(
        "snapshot.take",
        json!({ "snapshot": snapshot.name, "id": snapshot.id }),
    );
    app.audit(tx, who, &target(server), &change).await?;
    events::emit(tx, Some(server.tenant), TOPIC, Some(server.id.0)).await?;
    Ok(snapshot)
}
