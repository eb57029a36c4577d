//! The console, through real `WebSocket` connections: against a real engine where what runs there counts, else against the fake one.

mod access;
mod bounds;
mod client;
mod real;
pub(crate) mod scene;
