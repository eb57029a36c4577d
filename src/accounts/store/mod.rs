//! The queries of accounts, a file per table.

mod links;
mod people;
mod sessions;
mod throttle;
mod tokens;

pub(super) use links::*;
pub(super) use people::*;
pub(super) use sessions::*;
pub(super) use throttle::*;
pub(super) use tokens::*;
