//! Aliases, groups and catch-alls: addresses that lead elsewhere, to mailboxes, to each other, or to other people's domains.
//!
//! - What is written never leads in a circle, is sent on at most 20 times, and reaches at most 1,000 recipients. Forwards of
//!   mailboxes and domains that stand for others are steps like any other, and what stands behind a `+` changes nothing
//!   ([`check_forward`] asks the same of a mailbox that is to forward).
//! - Whoever changes where mail goes locks the tenant's sums first, so that two changes can't close a circle together.
//! - Other tenants' addresses are as far away as other providers': nothing of them is read. Postfix ends a circle through them.
//! - An address belongs to one thing; a mailbox that has it already is told of by the field.

mod actions;
mod api;
mod check;
mod model;
mod pages;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

pub use check::{check_forward, forwards_to_nobody};
pub(in crate::mail) use check::{domain_fault, fault};
pub(in crate::mail) use model::{AliasKind, Node, parse_description, parse_targets};
pub(in crate::mail) use store::{NewAlias, insert};

use crate::app::App;
use crate::platform::web::Routes;

/// The part's addresses.
pub(super) fn routes() -> Routes<App> {
    pages::routes().merge(api::routes())
}
