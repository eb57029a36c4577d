//! The queries of mail's flow.

mod messages;
mod take;
mod totals;

pub use messages::{Key, Message, Told, Wanted, find, list, steps};
pub use take::{Read, add, advance, claim, flows, forget, owners, release, save_seen};
pub use totals::{TenantMail, Totals, top_tenants, totals};
