//! The HTTP kit.

pub mod page;
