//! Links to what is in a share, for people without a login: to fetch one file or folder, or to bring files into a folder and
//! see nothing of it. Each has an end, and only the hash of its secret is kept. They are served by the panel, not by the server:
//! whoever may come in by a link says so to the database, and the files come by the helper that the Files tab uses.

mod actions;
mod api;
pub mod model;
mod open;
mod pages;
mod public;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::ShareRead), Rule::Tenant(P::ShareManage));
    Routes::new()
        .api(read, operation!(api::list))
        .api(write, operation!(api::create))
        .api(write, operation!(api::remove))
        .form(
            "/t/{tenant}/servers/{server_id}/shares/{share}/links",
            write,
            pages::create,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/shares/{share}/links/{link}/remove",
            write,
            pages::remove,
        )
        .get("/s/{token}", Rule::Public, public::show)
        .post("/s/{token}", Rule::Public, public::bring)
        .that_may_last()
        .get("/s/{token}/content", Rule::Public, public::fetch)
        .that_may_last()
}
