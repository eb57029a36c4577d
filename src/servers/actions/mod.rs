//! The verbs: each one transaction that writes the wish, its operation, the history, the event and the audit. None of them
//! speaks to the engine; the reconciler is woken after the commit.

mod bulk;
mod clone;
mod create;
mod delete;
mod describe;
mod erase;
mod installation;
mod moves;
mod parts;
mod power;
mod rebuild;
mod resize;
mod restore;
mod reveal;
mod room;
mod settings;
mod suspend;
mod tied;
mod update;
mod wake;
mod whole;

use serde_json::{Value, json};

use crate::app::App;
use crate::audit::Target;
use crate::platform::access::Who;
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{OperationId, ServerEventId, ServerId};
use crate::platform::operations::{self, NewOperation, Operation};

use super::model::{Entry, Kind, Server};
use super::store::{self, NewEvent};

pub use bulk::{AT_ONCE, Bulk, Line, command_all, command_all_as_staff, retag_all, suspend_all};
pub use clone::{CloneData, CloneInput, clone, clone_name, copy_again, made_up_labels};
pub use create::{NewServerInput, create, fits_template};
pub use delete::{OLDEST, delete, keeping, make_way};
pub use erase::{erase, erase_as_staff, expired};
pub use installation::{accept_installation, reinstall, update_template};
pub use moves::move_server;
pub use parts::{
    Answers, NewPart, SecretAnswer, answer_of, check_unshared, command_part, configure_part, create_part,
    delete_part, erase_part, rename_part, restore_part,
};
pub use power::{command, command_as_staff, command_within};
pub use rebuild::rebuild;
pub use resize::resize_within;
pub use restore::{Restored, restore, restore_as_staff};
pub use reveal::{reveal, secret_values};
#[cfg(all(test, feature = "testing"))]
pub use settings::Changed;
pub use settings::{SettingsInput, VariableChange, change};
pub use suspend::{resume, resume_within, suspend, suspend_within};
pub use tied::is_tied;
pub use update::{update, update_all, update_all_as_staff, update_as_staff};
pub use wake::set_up_location;
pub use whole::{check_not_restored, check_whole};

/// Events about a server have this topic.
pub const TOPIC: &str = "server";
const KIND: &str = "server";

/// A wish that was written.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The server with the wish.
    pub server: Server,
    /// The work, to watch.
    pub operation: Operation,
}

pub(super) fn target(server: &Server) -> Target<'_> {
    Target {
        kind: KIND,
        id: Some(server.id.0),
        label: &server.name,
        tenant: Some(server.tenant),
    }
}

/// What audit events tell of a server. No secret is among it.
fn shown(server: &Server) -> Value {
    json!({
        "name": server.name,
        "template": server.template,
        "image": server.image,
        "size": server.size,
        "power": server.power,
        "tags": server.tags,
    })
}

/// Opens the operation that a wish's work reports to, and tells the history and whoever listens.
async fn announce(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    server: &Server,
    (action, verb): (&'static str, &str),
) -> Result<Operation, Error> {
    let now = app.now();
    let id = OperationId::new(&*app.ids, now);
    let new = NewOperation {
        id,
        tenant: Some(server.tenant),
        kind: action,
        target_kind: KIND,
        target: Some(server.id.0),
        label: &server.name,
        generation: Some(server.generation),
        actor: &who.label,
        now,
    };
    operations::open(tx, &new).await?;
    tell(app, tx, server, format!("{} asked to {verb} it.", who.label)).await?;
    operations::find(tx, id).await
}

/// Writes what somebody did into the server's history and tells whoever listens.
async fn tell(app: &App, tx: &mut impl Scoped, server: &Server, text: String) -> Result<(), Error> {
    let now = app.now();
    let event = NewEvent {
        id: ServerEventId::new(&*app.ids, now),
        server: server.id,
        tenant: server.tenant,
        at: now,
        entry: &Entry::new(Kind::Asked, text),
    };
    store::add_event(tx, &event).await?;
    events::emit(tx, Some(server.tenant), TOPIC, Some(server.id.0)).await
}

/// Lets the reconciler look at a server whose networks somebody changed, and tells its history.
pub async fn rewire(app: &App, tx: &mut impl Scoped, server: &Server, text: String) -> Result<(), Error> {
    store::wake(tx, &[server.id], app.now()).await?;
    tell(app, tx, server, text).await
}

/// Stops a server by a wish of Berth's own, for a reason that stays on its page until somebody starts it.
pub async fn halt(app: &App, tx: &mut SystemTx, id: ServerId, reason: &str) -> Result<(), Error> {
    let server = store::lock(tx, id).await?;
    store::stop_crashing(tx, &server, reason, app.now()).await?;
    Ok(())
}

/// Wishes that a server's container is made anew, because what it mounts has changed, and opens the operation for it. `asked`
/// is the operation's kind, and what was asked to be done with "it".
pub async fn remount(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    server: &Server,
    asked: (&'static str, &str),
) -> Result<Operation, Error> {
    store::wish(tx, server.id, store::Wish::default(), app.now()).await?;
    let server = store::find(tx, server.id).await?;
    announce(app, tx, who, &server, asked).await
}

/// The open operation for the wish that a server has, if there is one.
async fn under_way(tx: &mut impl Scoped, server: &Server) -> Result<Option<Operation>, Error> {
    let newest = operations::for_target(tx, server.id.0, 1).await?;
    Ok(newest.into_iter().find(|operation| !operation.state.is_final()))
}
