//! What all of mail speaks of: domains and addresses. Pure.

mod address;
mod domain;
mod hash;
mod refusal;

pub use address::{Address, LocalPart, other_in_dns, shown_address};
pub use domain::{DomainName, searched_name, searched_text};
pub use hash::{Checkable, kept_hash, parse_hash, parse_listed_hash};
pub use refusal::{Holder, alias_domain, alias_domain_words, hindrance};
