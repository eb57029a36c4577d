//! What a fetch is, what may be asked for, and how its end is told. Pure.

mod fetch;
mod input;
mod outside;
mod words;

pub use fetch::{Fetch, FetchState, Folders, Wish};
pub use input::{Account, Host, NewFetch, lines};
pub use outside::is_outside;
pub use words::{reason, sentence};
