//! What every page of a mailbox starts with: its address, its tabs, and the way back.

use crate::platform::access::TenantScope;
use crate::platform::web::Ctx;

use super::super::model::Mailbox;
use super::{area, base, href};

/// What every page of a mailbox starts with.
#[derive(Debug)]
pub struct Head {
    pub(crate) base: String,
    pub(crate) address: String,
    pub(crate) tab: &'static str,
    /// A deleted mailbox has one page, on which it is restored.
    pub(crate) is_deleted: bool,
}

impl Head {
    /// The head of a page of this mailbox; `tab` is the page's own: `overview`, `app-passwords`, `send-as`, `rules` or
    /// `forwarding`.
    pub fn new(scope: &TenantScope, mailbox: &Mailbox, tab: &'static str) -> Self {
        Self {
            base: href(scope, mailbox.id),
            address: mailbox.shown(),
            tab,
            is_deleted: mailbox.deleted.is_some(),
        }
    }
}

/// Adds the way back, to all mailboxes.
pub fn crumbs(ctx: Ctx, scope: &TenantScope) -> Ctx {
    ctx.with_crumbs([("Mail", area(scope)), ("Mailboxes", base(scope))])
}
