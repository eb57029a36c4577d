//! A server's container: looking, making, starting, ending.
//!
//! Everything goes by the container's name and is checked against its labels first; what follows then uses the id
//! that was looked at, so that nothing put in its place in between is touched.

mod change;
mod create;
mod observe;

pub(super) use create::is_current;
pub(super) use create::{ATTEMPTS, LOOK_AGAIN};
pub(super) use observe::{health, server_of};
