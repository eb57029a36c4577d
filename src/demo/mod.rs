//! The demo tenant that `make run` shows: a customer with a real server that answers HTTP.
//!
//! Made by the same actions as everything else, so that it shows what the product does. Harmless twice: what is there
//! stays, what is missing is made.

mod actions;
mod store;

pub use actions::{Shown, seed, wait};
