//! What a file is to people: its name, its size, what can be shown and edited of it. Pure.

mod content;
mod entry;
mod locks;
mod mode;
mod refusal;
mod sieve;

pub use content::{Content, ImageKind, LineEnds, MAX_EDIT};
pub use entry::{Item, Place, Volume, amount, name_of};
pub use locks::Locks;
pub use mode::Mode;
pub use refusal::{Quota, locked, refusal};
pub use sieve::Sieve;
