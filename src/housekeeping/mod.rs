//! What is done by the clock: forgetting what has ended, erasing what was closed long ago.
//!
//! One job a quarter of an hour, scheduled in PostgreSQL, so that one panel of several does it. Each part is harmless
//! twice and does not stop the others when it fails.

mod jobs;

pub use jobs::register;
