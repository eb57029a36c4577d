//! What the reconciler does more for servers of imported templates: fill their folder, edit their files before a start,
//! end them by a line, and know by a line when they are up.

mod configure;
mod install;
mod ready;
mod spec;
mod state;
mod volume;

pub(super) use configure::configure;
pub(super) use install::{end_install, install};
pub(super) use ready::Followers;
pub(super) use spec::adapt;
pub(super) use state::State;
