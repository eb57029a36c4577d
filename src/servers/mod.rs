//! Servers: what tenants run.
//!
//! A server is a row with two halves: what people ask for, and what the engine says. Actions change the first half in one
//! transaction and never speak to the engine; the reconciler brings the second half to the first, over and over, and is
//! the only one that does. So a panel that dies between any two steps goes on from what it finds, a wish that was
//! acknowledged is never lost, and two clicks on the same button ask for the same thing.

mod actions;
mod api;
mod console;
mod line;
mod logs;
pub mod model;
mod pages;
mod query;
mod reconcile;
mod reseal;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
mod updates;

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::db::{Scoped, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{LocationId, ServerId, StackId, TenantId};

pub use actions::{
    Answers, Asked, CloneData, CloneInput, NewPart, NewServerInput, OLDEST, Restored, SecretAnswer,
    SettingsInput, TOPIC, VariableChange, answer_of, change, check_not_restored, check_unshared, check_whole,
    clone, command, command_part, command_within, configure_part, create, create_part, delete, delete_part,
    erase, erase_part, fits_template, halt, keeping, make_way, remount, rename_part, resize_within, restore,
    restore_part, resume_within, rewire, secret_values, set_up_location, suspend_within, update,
};
pub use console::{Consoles, GRACE as CONSOLE_GRACE, end_lost as end_lost_consoles};
pub use line::{LineError, Said, give_line};
pub use pages::{Head, Question, Room, crumbs, live_page, rooms, with_engine_banner};
pub use reconcile::{
    Servers, ThrowAway, Uncompared as QuotaError, begin, guarded, hold_quota, throw_away, throw_away_volume,
    volume_key,
};
pub use reseal::{RotateError, Rotated, forget_old_keys, rotate_key};
pub use store::{EngineCondition, ServerCondition, conditions, engines};

/// The host's ports that servers have: number, and whether it is UDP.
pub async fn ports(scope: &SystemScope) -> Result<Vec<(u16, bool)>, Error> {
    store::all_ports(&mut scope.begin().await?).await
}

/// A server, if the scope may see it.
pub async fn find(tx: &mut impl Scoped, id: ServerId) -> Result<model::Server, Error> {
    store::find(tx, id).await
}

/// A server, if the scope may see it, locked until the transaction ends.
pub async fn lock(tx: &mut impl Scoped, id: ServerId) -> Result<model::Server, Error> {
    store::lock(tx, id).await
}

/// Lets the reconciler look at a server.
pub async fn wake(
    tx: &mut impl Scoped,
    id: ServerId,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), Error> {
    store::wake(tx, &[id], now).await
}

/// Where a tenant's next server is placed; none before a panel has started on this database.
pub async fn own_location(tx: &mut impl Scoped) -> Result<Option<LocationId>, Error> {
    Ok(store::own_location(tx).await?.map(|location| location.id))
}

/// All servers of these stacks, deleted ones too, by part and number.
pub async fn of_stacks(tx: &mut impl Scoped, stacks: &[StackId]) -> Result<Vec<model::Server>, Error> {
    store::of_stacks(tx, stacks).await
}

/// All servers of a stack, locked until the transaction ends.
pub async fn lock_stack(tx: &mut impl Scoped, stack: StackId) -> Result<Vec<model::Server>, Error> {
    store::lock_stack(tx, stack).await
}

/// What is written about a server.
pub async fn note(tx: &mut TenantTx, id: ServerId) -> Result<String, Error> {
    store::note(tx, id).await
}

/// A server's variables, secret ones sealed.
pub async fn variables(tx: &mut TenantTx, id: ServerId) -> Result<Vec<model::StoredVariable>, Error> {
    store::variables(tx, id).await
}

/// The newest lines that a server printed, oldest first.
pub async fn newest_log(
    app: &App,
    id: ServerId,
    lines: u32,
) -> Result<Vec<crate::drivers::engine::LogLine>, Error> {
    logs::newest(app, id, lines).await
}

/// The sizes that can be chosen, from the smallest.
pub async fn sizes(tx: &mut impl Scoped) -> Result<Vec<model::Size>, Error> {
    store::sizes(tx).await
}

/// Makes creations and changes of size of one tenant wait for each other until the transaction ends.
pub async fn lock_tenant(tx: &mut impl Scoped, tenant: TenantId) -> Result<(), Error> {
    store::lock_tenant(tx, tenant).await
}

/// A location, and the ports that a server has there.
pub async fn reached_at(
    tx: &mut impl Scoped,
    server: &model::Server,
) -> Result<(model::Location, Vec<model::PublishedPort>), Error> {
    let location = store::find_location(tx, server.location).await?;
    Ok((location, store::ports(tx, server.id).await?))
}

/// The feature's addresses.
pub fn routes() -> crate::platform::web::Routes<crate::app::App> {
    pages::routes().merge(api::routes()).merge(console::routes())
}
