//! Leaving a former tenant: the container goes, so that nothing of the server is in that tenant's network any more, and the
//! network goes too if it was the last in it. The server's data is its own and stays.

use crate::drivers::engine::{EngineError, NetworkKey};

use super::super::store;
use super::disk;
use super::spec::server_key;
use super::steps::Effects;
use super::trouble::Trouble;

/// Leaves. Harmless when repeated: what is noted as left is left.
pub(super) async fn depart(effects: &Effects<'_>) -> Result<(), Trouble> {
    let (app, server) = (effects.app, effects.server());
    let mut tx = app.db.system().await?;
    let Some(from) = store::departs_from(&mut tx, server.id).await? else {
        return Ok(());
    };
    drop(tx);
    let key = server_key(server)?;
    effects.end().await?;
    app.engine.remove(&key).await?;
    app.engine.end_task(&key).await?;
    app.engine.close_files(&key).await?;
    disk::give(effects).await?;
    let mut tx = app.db.system().await?;
    // Who came back before it had left is the tenant's again, and needs the network.
    let was_last =
        from != server.tenant && store::is_last_of_tenant(&mut tx, server.id, from, server.location).await?;
    drop(tx);
    let is_unused = was_last
        && match app
            .engine
            .remove_network(&NetworkKey::new(from.to_string())?)
            .await
        {
            // A server that was created in this moment has it.
            Err(EngineError::InUse { .. }) => false,
            other => {
                other?;
                true
            }
        };
    let mut tx = app.db.system().await?;
    if is_unused {
        store::release_subnet(&mut tx, from, server.location).await?;
    }
    store::note_departed(&mut tx, server.id).await?;
    Ok(tx.commit().await?)
}
