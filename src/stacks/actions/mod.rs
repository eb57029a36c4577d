//! The verbs: each one transaction over the stack and all of its servers, with each server's operation, history, event and
//! audit, and the stack's own. None of them speaks to the engine.
//!
//! All of them take the tenant's lock, then the stack, then its servers, and so does whoever erases the last server: two can
//! wait for each other, but never both at once.

mod create;
mod delete;
mod parts;
mod power;
mod rename;
mod scale;
mod secrets;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::TenantScope;
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::StackId;
use crate::platform::operations::Operation;
use crate::servers::model::{Resources, Server, admit};
use crate::servers::{self, Asked};
use crate::storage;
use crate::tenants::{self, Amounts};

use super::TOPIC;
use super::model::Stack;
use super::store;

pub use create::{NewStackInput, PartInput, create};
pub use delete::{delete, erase, make_way, restore};
pub use parts::fitting;
pub use power::command;
pub use rename::rename;
pub use scale::scale;
pub use secrets::{SharedSecret, change_secret, shared_secrets};

/// A wish for a stack that was written, and the work of each of its servers that has any.
#[derive(Debug, Clone)]
pub struct Begun {
    /// The stack with the wish.
    pub stack: Stack,
    /// Its servers and their work.
    pub work: Vec<(Server, Operation)>,
}

impl Begun {
    /// Reads the stack as it is now.
    async fn of(tx: &mut TenantTx, id: StackId, work: Vec<Asked>) -> Result<Self, Error> {
        let work = work.into_iter().map(|asked| (asked.server, asked.operation));
        Ok(Self {
            stack: store::find(tx, id).await?,
            work: work.collect(),
        })
    }
}

/// A stack that somebody is about to change, with all of its servers.
struct Held {
    tx: TenantTx,
    stack: Stack,
    servers: Vec<Server>,
}

impl Held {
    async fn take(scope: &TenantScope, id: StackId) -> Result<Self, Error> {
        let mut tx = scope.begin().await?;
        servers::lock_tenant(&mut tx, scope.tenant()).await?;
        let stack = store::lock(&mut tx, id).await?;
        let servers = servers::lock_stack(&mut tx, id).await?;
        Ok(Self { tx, stack, servers })
    }

    /// Those that are not on their way out.
    fn living(&self) -> Vec<Server> {
        let living = self.servers.iter().filter(|server| !server.is_deleted());
        living.cloned().collect()
    }
}

/// What is told of a stack that can only be kept as it is.
fn blueprint_is_gone() -> Error {
    Error::conflict(
        "blueprint-gone",
        "The stack's blueprint is no longer in the catalogue, so this can't be changed. Its servers go on.",
    )
}

/// Refuses if a plan has no room for all of these together.
async fn fit(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    more: impl Iterator<Item = Resources>,
) -> Result<(), Error> {
    let more = more.map(Resources::one_more).fold(Amounts::default(), sum);
    let limits = tenants::find_tenant(tx, scope.tenant()).await?.limits;
    let used = tenants::usage(tx, scope.tenant(), app.now()).await?;
    let limits = storage::limits(tx, scope.tenant(), limits, &more).await?;
    admit(&limits, &used, &more)
}

/// Refuses if the location has no capacity for all of these together.
async fn place(tx: &mut TenantTx, more: &[Resources]) -> Result<(), Error> {
    let Some(location) = servers::own_location(tx).await? else {
        return Ok(());
    };
    let sum = more.iter().fold(Resources::default(), |sum, one| Resources {
        cpu_millis: sum.cpu_millis + one.cpu_millis,
        memory_mib: sum.memory_mib + one.memory_mib,
        disk_mib: sum.disk_mib + one.disk_mib,
    });
    storage::admit_at(tx, location, sum).await
}

/// Both together.
pub(super) fn sum(one: Amounts, other: Amounts) -> Amounts {
    Amounts {
        servers: one.servers + other.servers,
        cpu_millis: one.cpu_millis + other.cpu_millis,
        memory_mib: one.memory_mib + other.memory_mib,
        disk_mib: one.disk_mib + other.disk_mib,
        members: one.members + other.members,
        networks: one.networks + other.networks,
    }
}

/// Tells whoever listens, and the audit log.
async fn tell(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    stack: &Stack,
    change: &Change,
) -> Result<(), Error> {
    let target = Target {
        kind: "stack",
        id: Some(stack.id.0),
        label: &stack.name,
        tenant: Some(stack.tenant),
    };
    events::emit(tx, Some(stack.tenant), TOPIC, Some(stack.id.0)).await?;
    app.audit(tx, &scope.who, &target, change).await
}
