//! Help inside the panel: how to use it, and the reference of its API.
//!
//! Nothing here is written twice: roles come from the policy, states from the servers' model, operations from the committed
//! description of the API. What is written here, the meaning of each error code, is compared with the code by a test.

mod codes;
mod pages;
mod prose;
mod reference;
mod schema;
#[cfg(test)]
mod tests;

use crate::app::App;
use crate::platform::access::Rule;
use crate::platform::web::Routes;

#[cfg(feature = "testing")]
pub(crate) use codes::is_known;

/// The feature's addresses. The reference is for everybody: problem documents point to it, and their readers are programs'
/// authors who are not signed in.
pub fn routes() -> Routes<App> {
    Routes::new()
        .get("/help", Rule::SignedIn, pages::help)
        .get("/help/api", Rule::Public, pages::api)
}
