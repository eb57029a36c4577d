//! Attaching a volume to a server, and detaching it. Both are wishes about the server: its container is made anew.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::catalogue::Offer;
use crate::eggs;
use crate::platform::access::TenantScope;
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, VolumeId};
use crate::servers;
use crate::servers::model::Server;

use super::super::model::{MAX_OF_SERVER, Mount, MountPath, Taken, Volume};
use super::super::store;
use super::{Asked, tell};

/// Where and how.
#[derive(Debug)]
pub struct AttachInput {
    /// The server.
    pub server: ServerId,
    /// Where in it.
    pub path: String,
    /// It may only read.
    pub is_read_only: bool,
}

/// Attaches a volume to a server of the same tenant and location.
pub async fn attach(
    app: &App,
    scope: &TenantScope,
    id: VolumeId,
    input: AttachInput,
) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    servers::lock_tenant(&mut tx, scope.tenant()).await?;
    let volume = store::lock(&mut tx, id).await?;
    volume.check_stays()?;
    volume.check_there()?;
    volume.check_filled()?;
    let server = match servers::lock(&mut tx, input.server).await {
        Err(Error::NotFound) => return Err(Error::invalid("server", "Choose one of the servers.")),
        other => other?,
    };
    server.check_stays()?;
    if server.location != volume.location {
        let message = format!("{} is in another place than this volume.", server.name);
        return Err(Error::conflict("other-location", message));
    }
    let mounts = store::mounts(&mut tx, server.id).await?;
    check_few(&mounts, &volume, &server)?;
    let taken = taken(app, &mut tx, &server, &mounts).await?;
    let path = MountPath::parse(&input.path, &taken).map_err(|why| Error::invalid("path", why))?;
    let what = (volume.id, server.id, volume.tenant);
    store::attach(&mut tx, what, (&path, input.is_read_only), app.now()).await?;
    let verb = format!("attach the volume {} to", volume.name);
    let operation = servers::remount(app, &mut tx, &scope.who, &server, ("server.attach", &verb)).await?;
    let told = json!({
        "server": server.name, "server_id": server.id, "path": path.as_str(), "read_only": input.is_read_only,
    });
    tell(app, &mut tx, scope, &volume, &Change::to("volume.attach", told)).await?;
    let volume = store::find(&mut tx, id).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(Asked {
        volume,
        operation: Some(operation),
    })
}

fn check_few(mounts: &[Mount], volume: &Volume, server: &Server) -> Result<(), Error> {
    let mut wanted = mounts.iter().filter(|mount| mount.is_wanted);
    if wanted.clone().any(|mount| mount.volume == volume.id) {
        let message = format!(
            "It is attached to {} already. Detach it first to attach it otherwise.",
            server.name
        );
        return Err(Error::conflict("volume-attached", message));
    }
    if wanted.nth(MAX_OF_SERVER - 1).is_some() {
        let message = format!("A server has at most {MAX_OF_SERVER} volumes attached.");
        return Err(Error::conflict("too-many-volumes", message));
    }
    Ok(())
}

/// Its template, without which its container can't be made anew, with or without a mount.
async fn offer(app: &App, tx: &mut TenantTx, server: &Server) -> Result<Offer, Error> {
    let offer = eggs::warm(app, tx, &server.template).await?;
    offer.ok_or_else(|| {
        let message = "Its template is no longer in the catalogue, so its container could not be made anew.";
        Error::conflict("template-gone", message)
    })
}

/// Where something is mounted in a server already, by its template or by other volumes.
async fn taken(app: &App, tx: &mut TenantTx, server: &Server, mounts: &[Mount]) -> Result<Vec<Taken>, Error> {
    let offer = offer(app, tx, server).await?;
    let template = &offer.template;
    let own = template
        .volumes
        .iter()
        .map(|volume| (&volume.path, "holds its own data"));
    let scratch = template
        .hardening
        .tmpfs
        .iter()
        .map(|tmpfs| (&tmpfs.path, "its template needs"));
    let fixed = own.chain(scratch).map(|(path, what)| Taken {
        path: path.to_string_lossy().into_owned(),
        what: what.to_owned(),
    });
    let others = mounts.iter().filter(|mount| mount.is_wanted).map(|mount| Taken {
        path: mount.path.clone(),
        what: format!("the volume {} is attached at", mount.name),
    });
    Ok(fixed.chain(others).collect())
}

/// Detaches a volume from a server, a deleted one too: its container is made anew, or put away if it does not run.
pub async fn detach(
    app: &App,
    scope: &TenantScope,
    (id, server): (VolumeId, ServerId),
) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    servers::lock_tenant(&mut tx, scope.tenant()).await?;
    let volume = store::lock(&mut tx, id).await?;
    let server = servers::lock(&mut tx, server).await?;
    let mount = store::mounts_of(&mut tx, (id, server.id)).await?;
    let mount = mount.filter(|mount| mount.is_wanted).ok_or(Error::NotFound)?;
    if !server.is_deleted() {
        offer(app, &mut tx, &server).await?;
    }
    store::detach(&mut tx, (id, server.id)).await?;
    let verb = format!("detach the volume {} from", volume.name);
    let operation = servers::remount(app, &mut tx, &scope.who, &server, ("server.detach", &verb)).await?;
    let change = Change {
        action: "volume.detach",
        before: Some(json!({ "server": server.name, "server_id": server.id, "path": mount.path })),
        after: None,
    };
    tell(app, &mut tx, scope, &volume, &change).await?;
    let volume = store::find(&mut tx, id).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(Asked {
        volume,
        operation: Some(operation),
    })
}
