//! What tests of several parts share, and what they have in common.

mod crawl;
mod idn;
pub(super) mod rows;
mod walls;
