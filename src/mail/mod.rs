//! Mail: domains, mailboxes and addresses, which Postfix, Dovecot and rspamd read live from views of the database.
//!
//! - Rows are the truth. Nothing is synchronised: what an action commits holds for the next mail and the next sign-in.
//! - Of all tenants that name a domain only the one that proved it has mail there.
//! - An address belongs to one thing, a mailbox or an alias (the table `mail_address`, kept by triggers).
//! - Sums (mailboxes of a tenant, bytes of a domain) are kept by triggers, so that no limit has to count.
//! - The mail service goes on when the panel is away, and the panel says so when the mail service is.

pub mod model;
mod webmail;

pub use webmail::clean_up as forget_webmail;

use crate::app::App;
use crate::platform::web::Routes;

/// Events about mail have this topic; the target is the domain, mailbox or alias.
pub const TOPIC: &str = "mail";

/// The feature's addresses.
pub fn routes() -> Routes<App> {
    Routes::new().merge(webmail::routes())
}
