//! A new server that is filled from a backup: a copy whose data comes from there. Whoever works on servers makes its volumes, says
//! that they are there, and waits until whoever works in repositories has filled them. Nothing runs in it meanwhile.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::db::{Scoped, SystemTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{BackupId, BackupRestoreId, ServerId, TenantId};

use super::TOPIC;
use super::model::{Of, State};
use super::store;

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filling {
    /// Somebody works on it.
    UnderWay,
    /// The volumes are what they were.
    Done,
    /// They are not, for this reason.
    Failed(String),
}

/// Notes that a server's data comes from a backup, as part of whatever makes the server.
pub async fn fill_from(
    app: &App,
    tx: &mut TenantTx,
    (server, tenant): (ServerId, TenantId),
    (backup, asked_by): (BackupId, &str),
) -> Result<(), Error> {
    let id = BackupRestoreId::new(&*app.ids, app.now());
    store::add_filling(tx, id, (server, tenant), (backup, asked_by), app.now()).await
}

/// Whether a server's data comes from a backup.
pub async fn is_filled(tx: &mut impl Scoped, server: ServerId) -> Result<bool, Error> {
    store::is_filled(tx, server).await
}

/// Says that the server's volumes are there, and looks how far it is. What failed is begun anew when it is asked again.
pub async fn fill(tx: &mut SystemTx, server: ServerId, now: DateTime<Utc>) -> Result<Filling, Error> {
    look(tx, Of::Server(server), now).await
}

/// The same for whatever is filled.
pub(super) async fn look(tx: &mut SystemTx, of: Of, now: DateTime<Utc>) -> Result<Filling, Error> {
    let Some(known) = store::filling(tx, of).await? else {
        return Ok(Filling::Failed("the backup is gone".to_owned()));
    };
    if !known.is_ready {
        store::begin_filling(tx, known.id).await?;
        store::poke(tx, known.repository, now).await?;
        events::emit(tx, Some(known.tenant), TOPIC, Some(of.uuid())).await?;
        return Ok(Filling::UnderWay);
    }
    Ok(match known.state {
        State::Done => Filling::Done,
        State::Failed => {
            store::unready(tx, known.id).await?;
            Filling::Failed(known.error.unwrap_or_default())
        }
        State::Waiting | State::Running | State::Deleting => Filling::UnderWay,
    })
}
