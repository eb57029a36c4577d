//! Who did what to what, from where, with what result. Append only.
//!
//! Every action writes one event in its own transaction, so an event without its change, or a change without its event,
//! can't exist. `before` and `after` never hold a secret: actions choose what they write there.

mod model;
mod store;

pub use model::{Change, Target};
pub use store::record;
