//! What all of mail speaks of: domains and addresses. Pure.

mod address;
mod domain;

pub use address::{Address, LocalPart};
pub use domain::DomainName;
