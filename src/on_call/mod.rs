//! On call: who is on duty, whom a breakdown pages, and how they say that they take care of it.
//!
//! - Who is on duty is computed from rotas, overrides and holidays, so there is no shift that somebody forgot to write down. Where
//!   nobody is, all owners and admins of the staff are paged and the page says so: no page goes to nobody.
//! - Whoever is paged is paged in the transaction in which the ticket changed, as rows; what cannot be sent now is sent later. Each
//!   level of a chain pages once, whichever process does it and whenever it dies: its row cannot be written twice.
//! - A person gets one mail a minute, with all that waits for them. A storm is one mail with a number in it.
//! - The link of a mail acknowledges without a sign-in, by a button: what only looks at links, such as a mail scanner, changes nothing.
//!   It works a day, for that person, and only its hash is kept.
//! - Whoever changes where a ticket's paging is has locked the ticket before (`tickets::lock`), so that nobody waits in a circle.

mod actions;
mod api;
mod jobs;
mod link;
mod model;
mod pages;
mod paging;
mod public;
mod store;
mod sweep;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

use crate::app::App;
use crate::platform::access::{Rule, SystemScope};
use crate::platform::error::Error;
use crate::platform::web::Routes;

pub use jobs::register;
pub use paging::{Duty, attention, escalate, on_duty, ticket_changed};
pub use sweep::begin;

/// Events about on-call have this topic.
pub const TOPIC: &str = "on-call";

/// The feature's addresses.
pub fn routes() -> Routes<App> {
    pages::routes()
        .merge(api::routes())
        .get("/page-links/{token}", Rule::Public, public::show)
        .post("/page-links/{token}", Rule::Public, public::acknowledge)
}

/// Forgets links that have ended, and gives up mails that could not go for a day. Says how many.
pub async fn clean_up(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let mut tx = scope.begin().await?;
    let now = app.now();
    let count =
        store::forget_links(&mut tx, now).await? + store::give_up_mails(&mut tx, now - link::WORKS).await?;
    tx.commit().await?;
    Ok(count)
}
