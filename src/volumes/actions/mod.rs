//! Asking for volumes: making, renaming, resizing, deleting; attaching and detaching them. Each is a transaction that writes rows;
//! the work is done by the reconcilers of volumes and of servers.

mod attach;
mod change;

use serde_json::{Value, json};

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::TenantScope;
use crate::platform::db::{Scoped, TenantTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{LocationId, OperationId};
use crate::platform::operations::{self, NewOperation, Operation};
use crate::servers::model::{Resources, Server, admit};
use crate::storage;
use crate::tenants::{self, Amounts};

use super::TOPIC;
use super::model::{Volume, told};
use super::store;

pub use attach::{AttachInput, attach, detach};
pub use change::{ChangeInput, change, create, remove};
pub use store::let_all_go;

/// A volume about which something was asked, and the work on it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which.
    pub volume: Volume,
    /// The work, to watch; nothing where there is none.
    pub operation: Option<Operation>,
}

/// Refuses what would take a server away from the tenant whose volumes are attached to it.
pub async fn check_free(tx: &mut impl Scoped, server: &Server) -> Result<(), Error> {
    let mounts = store::mounts(tx, server.id).await?;
    let names: Vec<&str> = mounts.iter().map(|mount| mount.name.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(Error::conflict(
        "volumes-attached",
        format!(
            "Volumes of its organisation are attached to it: {}. They stay there, so detach them first.",
            names.join(", ")
        ),
    ))
}

/// Whether plan and location have room for so much more.
async fn fit(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    location: LocationId,
    more_mib: i64,
) -> Result<(), Error> {
    if more_mib <= 0 {
        return Ok(());
    }
    let tenant = scope.tenant();
    let more = Amounts {
        disk_mib: more_mib,
        ..Amounts::default()
    };
    let limits = tenants::find_tenant(tx, tenant).await?.limits;
    let used = tenants::usage(tx, tenant, app.now()).await?;
    let limits = storage::limits(tx, tenant, limits, &more).await?;
    admit(&limits, &used, &more)?;
    let more = Resources {
        cpu_millis: 0,
        memory_mib: 0,
        disk_mib: more_mib,
    };
    storage::admit_at(tx, location, more).await
}

/// Opens the operation that the work on a volume's present wish reports to.
async fn open(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    volume: &Volume,
    kind: &'static str,
) -> Result<Operation, Error> {
    let now = app.now();
    let id = OperationId::new(&*app.ids, now);
    let new = NewOperation {
        id,
        tenant: Some(volume.tenant),
        kind,
        target_kind: "volume",
        target: Some(volume.id.0),
        label: &volume.name,
        generation: Some(volume.generation),
        actor: &scope.who.label,
        now,
    };
    operations::open(tx, &new).await?;
    operations::find(tx, id).await
}

async fn tell(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    volume: &Volume,
    change: &Change,
) -> Result<(), Error> {
    let target = Target {
        kind: "volume",
        id: Some(volume.id.0),
        label: &volume.name,
        tenant: Some(volume.tenant),
    };
    events::emit(tx, Some(volume.tenant), TOPIC, Some(volume.id.0)).await?;
    app.audit(tx, &scope.who, &target, change).await
}

fn shown(volume: &Volume) -> Value {
    json!({ "name": volume.name, "size_mib": volume.size_mib })
}

/// Refuses to delete what servers mount, and says which.
async fn check_unattached(tx: &mut TenantTx, volume: &Volume) -> Result<(), Error> {
    let mut holders = store::holders(tx, volume.id).await?;
    holders.retain(|holder| holder.mount.is_wanted);
    if holders.is_empty() {
        return Ok(());
    }
    Err(Error::conflict(
        "volume-attached",
        format!("It is attached to {}. Detach it first.", told(&holders)),
    ))
}
