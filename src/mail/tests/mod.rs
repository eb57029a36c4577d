//! What tests of several parts share, and what they have in common.

mod crawl;
pub(super) mod rows;
mod walls;
