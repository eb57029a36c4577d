//! What a file is to people: its name, its size, what can be shown and edited of it. Pure.

mod content;
mod entry;
mod keeper;
mod locks;
mod mode;
mod refusal;
mod sieve;

pub use content::{Content, ImageKind, LineEnds, MAX_EDIT};
pub use entry::{Item, Place, Volume, amount, name_of};
pub use keeper::{Keeper, KeeperId, Keeps, is_made};
pub use locks::Locks;
pub use mode::Mode;
pub use refusal::{Limit, locked, refusal};
pub use sieve::Sieve;
