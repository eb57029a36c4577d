//! Berth: a managed hosting control panel.

#![recursion_limit = "256"]

pub mod drivers;
pub mod platform;
