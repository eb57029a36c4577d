//! What the person of a mailbox sees who has a set-up link: a form to choose a password. Whoever has the link proves by it who
//! they are, so it works once, for a week, and only the newest does; the database has its hash.

mod actions;
mod pages;

use crate::app::App;
use crate::platform::access::Rule;
use crate::platform::web::Routes;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    Routes::new()
        .get("/mailbox/set-up/{token}", Rule::Public, pages::show)
        .post("/mailbox/set-up/{token}", Rule::Public, pages::choose)
}
