//! The HTTP kit.

mod error;
pub mod page;
