//! The queries of usage. Three tables with the same meaning, from fine to coarse, cut by time.

mod disk;
mod parts;
mod read;
mod rollup;
mod write;

pub use disk::{disk, has_soft, save_disk, save_pool};
pub use parts::{Part, keep_parts};
pub use read::{Spark, newest, points, sparks};
pub use rollup::{roll_up, rolled_until};
pub use write::{NewSample, insert, running};
