//! What tests of several parts share.

pub(super) mod recorder;
