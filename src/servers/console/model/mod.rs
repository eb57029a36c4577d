//! What a console says and hears, what it remembers of the screen, and how large it is. Pure.

mod protocol;
mod ring;
mod size;

pub(super) use protocol::{End, Event, Order, StateWord, ViewerOut, Way};
pub(super) use ring::Ring;
pub(super) use size::{DEFAULT, clamped, shared};
