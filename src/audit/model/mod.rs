//! What an audit event says, and how events are found and shown. Pure.

mod csv;
mod diff;
mod event;
mod filter;
mod words;

pub use self::csv::inert;
pub(super) use self::csv::{HEADER, record};
pub(super) use diff::{Line, diff};
pub(super) use event::Event;
pub use event::{Change, Target};
pub(super) use filter::{Filter, FilterText};
pub use words::words;
