//! Mail: domains, mailboxes and addresses, which Postfix, Dovecot and rspamd read live from views of the database.
//!
//! - Rows are the truth. Nothing is synchronised: what an action commits holds for the next mail and the next sign-in.
//! - Of all tenants that name a domain only the one that proved it has mail there.
//! - An address belongs to one thing, a mailbox or an alias (the table `mail_address`, kept by triggers).
//! - Sums (mailboxes of a tenant, bytes of a domain) are kept by triggers, so that no limit has to count.
//! - The mail service goes on when the panel is away, and the panel says so when the mail service is.

mod clients;
pub mod kicks;
pub mod limits;
pub mod domains;
pub mod mailboxes;
mod aliases;
mod imports;
pub mod model;
pub mod room;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

pub use kicks::let_all_go;
mod filters;
pub mod model;
mod own;

pub use own::{MailboxAuthenticator, clean_up as forget_mailbox_sessions};

use crate::app::App;
use crate::platform::web::Routes;

pub use imports::{Imports, begin as begin_imports, clean_up as clean_up_imports};

/// Events about mail have this topic; the target is the domain, mailbox or alias.
pub const TOPIC: &str = "mail";

/// The feature's addresses.
pub fn routes() -> Routes<App> {
    Routes::new()
        .merge(clients::routes())
        .merge(limits::routes())
}

/// Starts what mail does in the background of this process.
pub fn begin(app: &App) {
    kicks::begin(app);
    room::begin(app);
    Routes::new().merge(domains::routes())
    Routes::new().merge(mailboxes::routes())
    aliases::routes().merge(imports::routes())
    Routes::new().merge(filters::routes()).merge(own::routes())
}
