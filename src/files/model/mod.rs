//! What a file is to people: its name, its size, what can be shown and edited of it. Pure.

mod content;
mod entry;
mod mode;
mod refusal;

pub use content::{Content, ImageKind, LineEnds, MAX_EDIT};
pub use entry::{Item, Place, Volume, amount, name_of};
pub use mode::Mode;
pub use refusal::{Quota, refusal};
