//! What the API tells of stacks and blueprints.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::catalogue::{Blueprint, BlueprintPart};
use crate::platform::ids::{NetworkId, OperationId, ServerId, StackId, TenantId};
use crate::servers::model::{Phase, Server};

use super::actions::Begun;
use super::model::{StackState, inside_name};
use super::query::Whole;

/// A part of a blueprint.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlueprintPartOut {
    /// Its name in addresses, and inside of a stack's network.
    #[schema(example = "db")]
    key: String,
    /// What people call it.
    title: String,
    /// What it is for.
    purpose: String,
    /// The template of its servers.
    template: String,
    /// How many servers it may be: at least.
    min_replicas: u32,
    /// At most.
    max_replicas: u32,
    /// And if nothing is said.
    default_replicas: u32,
    /// Whether the world reaches it.
    is_public: bool,
    /// The variables that nobody is asked, because the stack fills them in.
    filled: Vec<String>,
}

impl From<&BlueprintPart> for BlueprintPartOut {
    fn from(part: &BlueprintPart) -> Self {
        Self {
            key: part.key.clone(),
            title: part.title.clone(),
            purpose: part.purpose.clone(),
            template: part.template.clone(),
            min_replicas: part.replicas.min,
            max_replicas: part.replicas.max,
            default_replicas: part.replicas.default,
            is_public: part.is_public,
            filled: part.fill.keys().cloned().collect(),
        }
    }
}

/// What a stack can be made from.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlueprintOut {
    /// Its name in requests.
    #[schema(example = "site-with-database")]
    name: String,
    /// What people call it.
    title: String,
    /// One line.
    summary: String,
    /// Its layers, from the one that the world sees inwards.
    parts: Vec<BlueprintPartOut>,
}

impl From<&Blueprint> for BlueprintOut {
    fn from(blueprint: &Blueprint) -> Self {
        Self {
            name: blueprint.name.clone(),
            title: blueprint.title.clone(),
            summary: blueprint.summary.clone(),
            parts: blueprint.parts.iter().map(BlueprintPartOut::from).collect(),
        }
    }
}

/// A server of a stack.
#[derive(Debug, Serialize, ToSchema)]
pub struct StackServerOut {
    /// Which.
    server_id: ServerId,
    /// What people call it.
    name: String,
    /// The part that it is of.
    part: String,
    /// Which of the part's servers.
    replica: i32,
    /// The name by which all servers of its part are found inside of the stack's network.
    #[schema(example = "db.shop.internal")]
    inside_name: String,
    /// How it is.
    status: Phase,
}

/// A stack.
#[derive(Debug, Serialize, ToSchema)]
pub struct StackOut {
    /// Its id.
    id: StackId,
    /// Whose it is.
    tenant_id: TenantId,
    /// What people call it.
    name: String,
    /// What it was made from.
    blueprint: String,
    /// How it is, in a word.
    status: StackState,
    /// How it is, in a sentence.
    status_text: String,
    /// Its own network.
    network_id: Option<NetworkId>,
    /// Its servers, by part and number.
    servers: Vec<StackServerOut>,
    /// Who made it.
    created_by: String,
    /// When.
    created_at: DateTime<Utc>,
    /// Since when it is deleted, if it is.
    deleted_at: Option<DateTime<Utc>>,
    /// Until when it is kept, if it is deleted and not being erased.
    kept_until: Option<DateTime<Utc>>,
}

impl StackOut {
    pub(super) fn new(app: &App, whole: &Whole) -> Self {
        let (stack, now) = (&whole.stack, app.now());
        let status = whole.status(now);
        let server = |server: &Server| {
            let place = server.stack.as_ref()?;
            Some(StackServerOut {
                server_id: server.id,
                name: server.name.clone(),
                part: place.part.clone(),
                replica: place.replica,
                inside_name: inside_name(&stack.host_label, &place.part),
                status: server.status(now).phase,
            })
        };
        Self {
            id: stack.id,
            tenant_id: stack.tenant,
            name: stack.name.clone(),
            blueprint: stack.blueprint.clone(),
            status: status.state,
            status_text: status.sentence,
            network_id: stack.network,
            servers: whole.servers.iter().filter_map(server).collect(),
            created_by: stack.created_by.clone(),
            created_at: stack.created_at,
            deleted_at: stack.deletion.as_ref().map(|deletion| deletion.at),
            kept_until: stack.kept_until(),
        }
    }
}

/// The work of one server.
#[derive(Debug, Serialize, ToSchema)]
pub struct StackWorkOut {
    /// Which server.
    server_id: ServerId,
    /// What people call it.
    name: String,
    /// The operation that tells how its work goes.
    operation_id: OperationId,
}

/// A stack with a wish, and the work of its servers.
#[derive(Debug, Serialize, ToSchema)]
pub struct StackBegunOut {
    /// The stack.
    stack: StackOut,
    /// The work of each server that has any.
    work: Vec<StackWorkOut>,
}

impl StackBegunOut {
    pub(super) fn new(app: &App, whole: &Whole, begun: &Begun) -> Self {
        let work = begun.work.iter().map(|(server, operation)| StackWorkOut {
            server_id: server.id,
            name: server.name.clone(),
            operation_id: operation.id,
        });
        Self {
            stack: StackOut::new(app, whole),
            work: work.collect(),
        }
    }
}
