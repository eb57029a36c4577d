//! Mail: domains, mailboxes and addresses, which Postfix, Dovecot and rspamd read live from views of the database.
//!
//! - Rows are the truth. Nothing is synchronised: what an action commits holds for the next mail and the next sign-in.
//! - Of all tenants that name a domain only the one that proved it has mail there.
//! - An address belongs to one thing, a mailbox or an alias (the table `mail_address`, kept by triggers).
//! - Sums (mailboxes of a tenant, bytes of a domain) are kept by triggers, so that no limit has to count.
//! - Whoever locks several rows locks them in this order, or two wait for each other: mailboxes (by id, where they are many), the
//!   tenant's sums (`mail_total`), domains, aliases and whatever is written anew, and filters at the end.
//! - The mail service goes on when the panel is away, and the panel says so when the mail service is.

mod aliases;
mod clients;
mod diagnosis;
pub mod domains;
pub mod fetches;
mod filters;
mod flow;
mod imports;
pub mod kicks;
mod leave;
pub mod limits;
pub mod mailboxes;
pub mod model;
mod nav;
mod own;
pub mod room;
mod search;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
mod webmail;

pub use flow::{TraceKey, TracedMessage, clean_up as clean_up_flow, traced};
pub use imports::{Imports, clean_up as clean_up_imports};
pub use leave::let_all_go;
pub use nav::lists;
pub use own::{MailboxAuthenticator, clean_up as forget_mailbox_sessions};
pub use webmail::clean_up as forget_webmail;

use crate::app::App;
use crate::platform::web::Routes;

/// Events about mail have this topic; the target is the domain, mailbox or alias.
pub const TOPIC: &str = "mail";

/// The feature's addresses.
pub fn routes() -> Routes<App> {
    domains::routes()
        .merge(mailboxes::routes())
        .merge(aliases::routes())
        .merge(imports::routes())
        .merge(filters::routes())
        .merge(own::routes())
        .merge(fetches::routes())
        .merge(flow::routes())
        .merge(diagnosis::routes())
        .merge(limits::routes())
        .merge(clients::routes())
        .merge(webmail::routes())
}

/// Starts what mail does in the background of this process.
pub fn begin(app: &App) {
    domains::begin(app);
    mailboxes::begin(app);
    imports::begin(app);
    kicks::begin(app);
    room::begin(app);
    flow::begin(app);
    fetches::begin(app);
}
