//! The queries of accounts, a file per table.

mod guests;
mod host;
mod links;
mod people;
mod sessions;
mod throttle;
mod tokens;

pub(super) use guests::*;
pub(super) use host::*;
pub(super) use links::*;
pub(super) use people::*;
pub(super) use sessions::*;
pub(super) use throttle::*;
pub(super) use tokens::*;
