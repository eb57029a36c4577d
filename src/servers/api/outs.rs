//! What the API tells of servers and their operations.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::ids::{OperationId, ServerEventId, ServerId, TenantId};
use crate::platform::operations::{self, Operation, State, Step, StepState};

use super::super::actions::{Bulk, Line};
use super::super::model::{
    Condition, HistoryEntry, Kind, Location, Phase, Power, PublishedPort, Quota, Resources, Seen, Server,
    StoredVariable, Suspension,
};
use super::super::updates::has_update;

/// A server.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServerOut {
    /// Its id.
    id: ServerId,
    /// Whose it is.
    tenant_id: TenantId,
    /// What people call it.
    #[schema(example = "web-1")]
    name: String,
    /// The name by which the tenant's other servers find it.
    host_name: String,
    /// The catalogue's template.
    #[schema(example = "static-site")]
    template: String,
    /// Words that people find it by, in order.
    #[schema(example = json!(["prod", "web"]))]
    tags: Vec<String>,
    /// Why the provider has suspended it; null if it is not.
    suspension: Option<Suspension>,
    /// Its size.
    #[schema(example = "small-box")]
    size: String,
    /// What the size gives it.
    resources: Resources,
    /// Whether the disk's limit is enforced by the kernel, or only measured (`soft`). Null before it has volumes.
    disk_quota: Option<Quota>,
    /// What people ask for.
    power: Power,
    /// How it is, in a word.
    status: Phase,
    /// How it is, in a sentence.
    #[schema(example = "Running since 12:00 UTC.")]
    status_text: String,
    /// What the engine says of its container.
    engine_state: Seen,
    /// What its check says.
    health: Condition,
    /// Whether a wish was not reached yet.
    pending: bool,
    /// What its process returned, if it ended.
    exit_code: Option<i64>,
    /// Since when it runs.
    running_since: Option<DateTime<Utc>>,
    /// Who made it.
    created_by: String,
    /// When.
    created_at: DateTime<Utc>,
    /// When its settings or wishes last changed.
    updated_at: DateTime<Utc>,
    /// Whether its template has a newer image.
    update_available: bool,
    /// Since when it is deleted, if it is.
    deleted_at: Option<DateTime<Utc>>,
    /// Until when it is kept, if it is deleted and not being erased.
    kept_until: Option<DateTime<Utc>>,
}

impl ServerOut {
    pub(super) fn of(app: &App, server: Server) -> Self {
        let (status, pending) = (server.status(app.now()), server.is_pending());
        let update_available = has_update(&app.catalogue, &server);
        let kept_until = server.kept_until();
        let disk_quota = server.quota();
        Self {
            id: server.id,
            tenant_id: server.tenant,
            name: server.name,
            host_name: server.host_name,
            template: server.template,
            tags: server.tags,
            suspension: server.suspension,
            size: server.size,
            resources: server.resources,
            disk_quota,
            power: server.power,
            status: status.phase,
            status_text: status.sentence,
            engine_state: server.observed.seen,
            health: server.observed.health,
            pending,
            exit_code: server.observed.exit_code,
            running_since: server.observed.running_since,
            created_by: server.created_by,
            created_at: server.created_at,
            updated_at: server.updated_at,
            update_available,
            kept_until,
            deleted_at: server.deletion.map(|deletion| deletion.at),
        }
    }
}

/// A port that is reachable from outside.
#[derive(Debug, Serialize, ToSchema)]
pub struct PortOut {
    /// Its name in the template.
    #[schema(example = "http")]
    name: String,
    /// `tcp` or `udp`.
    protocol: &'static str,
    /// The host to reach it at.
    host: String,
    /// The port to reach it at.
    port: u16,
    /// The whole address, where the port's protocol has one.
    url: Option<String>,
}

/// A server with everything about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServerDetailOut {
    #[serde(flatten)]
    server: ServerOut,
    /// Where it can be reached.
    ports: Vec<PortOut>,
    /// What people wrote about it.
    note: String,
    /// Its variables. Of a secret there is only null; ask for it by its key.
    variables: BTreeMap<String, Option<String>>,
}

impl ServerDetailOut {
    pub(super) fn new(
        app: &App,
        server: Server,
        location: &Location,
        ports: Vec<PublishedPort>,
        variables: Vec<StoredVariable>,
        note: String,
    ) -> Self {
        let host = &location.public_host;
        let port = |port: PublishedPort| PortOut {
            url: port.url(host),
            name: port.name,
            protocol: if port.is_udp { "udp" } else { "tcp" },
            host: host.clone(),
            port: port.host_port,
        };
        Self {
            server: ServerOut::of(app, server),
            ports: ports.into_iter().map(port).collect(),
            note,
            variables: variables
                .into_iter()
                .map(|variable| (variable.key, variable.value))
                .collect(),
        }
    }
}

/// An entry of a server's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventOut {
    /// Its id.
    id: ServerEventId,
    /// When.
    at: DateTime<Utc>,
    /// What sort.
    #[schema(value_type = String)]
    kind: &'static str,
    /// One sentence.
    text: String,
}

impl From<HistoryEntry> for EventOut {
    fn from(entry: HistoryEntry) -> Self {
        let kind: Kind = entry.kind;
        Self {
            id: entry.id,
            at: entry.at,
            kind: kind.word(),
            text: entry.text,
        }
    }
}

/// A piece of work.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationOut {
    /// Its id.
    id: OperationId,
    /// What is done.
    #[schema(example = "server.create")]
    kind: String,
    /// What it is done to.
    #[schema(example = "server")]
    target_kind: String,
    /// What that is called.
    target: String,
    /// Which server, if it is one.
    server_id: Option<ServerId>,
    /// How far it is.
    state: State,
    /// Why the last attempt failed.
    error: Option<String>,
    /// Who asked.
    actor: String,
    /// When.
    created_at: DateTime<Utc>,
    /// When it ended.
    finished_at: Option<DateTime<Utc>>,
    /// What was done, in order; only where one operation is asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<StepOut>,
}

impl OperationOut {
    pub(super) fn with_steps(operation: Operation, steps: Vec<Step>) -> Self {
        let is_server = operation.target_kind == "server";
        Self {
            server_id: operation.target.filter(|_| is_server).map(ServerId),
            id: operation.id,
            kind: operation.kind,
            target_kind: operation.target_kind,
            target: operation.label,
            state: operation.state,
            error: operation.error,
            actor: operation.actor,
            created_at: operation.created_at,
            finished_at: operation.finished_at,
            steps: steps.into_iter().map(StepOut::from).collect(),
        }
    }
}

impl From<operations::Operation> for OperationOut {
    fn from(operation: Operation) -> Self {
        Self::with_steps(operation, Vec::new())
    }
}

/// A step of an operation.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepOut {
    /// What is done.
    name: String,
    /// How far it is.
    state: StepState,
    /// What it says.
    detail: Option<String>,
    /// When it began.
    started_at: DateTime<Utc>,
    /// When it ended.
    finished_at: Option<DateTime<Utc>>,
}

impl From<Step> for StepOut {
    fn from(step: Step) -> Self {
        Self {
            name: step.name,
            state: step.state,
            detail: step.detail,
            started_at: step.started_at,
            finished_at: step.finished_at,
        }
    }
}

/// A server and the work that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct AskedOut {
    /// The server.
    pub(super) server: ServerOut,
    /// The work; null if nothing has to be done.
    pub(super) operation: Option<OperationOut>,
}

/// What came of a wish for several servers.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkOut {
    /// One for each server.
    items: Vec<BulkLineOut>,
    /// Whether there are more than one request takes: ask again.
    has_more: bool,
}

/// What came of it for one of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkLineOut {
    /// Which.
    server_id: ServerId,
    /// The work; null if it takes none, or was refused.
    operation_id: Option<OperationId>,
    /// Why it was refused.
    error: Option<String>,
}

impl From<Line> for BulkLineOut {
    fn from(line: Line) -> Self {
        let (operation_id, error) = match line.outcome {
            Ok(operation) => (operation.map(|one| one.id), None),
            Err(error) => (None, Some(error)),
        };
        Self {
            server_id: line.id,
            operation_id,
            error,
        }
    }
}

impl From<Bulk> for BulkOut {
    fn from(bulk: Bulk) -> Self {
        Self {
            items: bulk.lines.into_iter().map(BulkLineOut::from).collect(),
            has_more: bulk.has_more,
        }
    }
}
