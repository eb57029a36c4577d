//! The record of who used what in a server's shares, and when last.
//!
//! - What people with a login do is written down by the server, in a short file of its volume; the panel collects it each time that it
//!   tells the server of its shares, and when somebody looks. The file is the tenant's to write, so nothing in it is believed that could not be so.
//! - What is done by a link the panel serves itself, and writes down in the same place.
//! - A use is kept for 90 days, also when the share or the person is gone.

mod api;
mod collect;
pub(super) mod model;
pub(super) mod pages;
mod query;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, SystemScope};
use crate::platform::error::Error;
use crate::platform::web::{Routes, operation};

pub use api::page_of;
pub(super) use collect::collect;

use super::store;
use model::KEPT;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Tenant(P::ShareRead);
    Routes::new().api(read, operation!(api::list)).get(
        "/t/{tenant}/servers/{server_id}/shares/uses",
        read,
        pages::list,
    )
}

/// Forgets uses that were kept for long enough. Says how many.
pub async fn clean_up(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let mut tx = scope.begin().await?;
    let count = store::purge_uses(&mut tx, app.now() - KEPT).await?;
    tx.commit().await?;
    Ok(count)
}
