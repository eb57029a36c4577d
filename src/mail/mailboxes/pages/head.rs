//! What every page of a mailbox starts with: its address and its tabs. Whatever other part has a page of a mailbox uses it as well.

use crate::mail::model::Address;
use crate::mail::nav;
use crate::platform::access::TenantScope;
use crate::platform::ids::MailboxId;

use super::super::model::Mailbox;

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
    /// The head of a page of this mailbox; `tab` is the end of the page's own address, or `overview`.
    pub fn new(scope: &TenantScope, mailbox: &Mailbox, tab: &'static str) -> Self {
        Self {
            is_deleted: mailbox.deleted.is_some(),
            ..Self::of(scope, mailbox.id, &mailbox.address, tab)
        }
    }

    /// The head of a page of a mailbox that is known to be there, with its address as the database has it.
    pub fn of(scope: &TenantScope, id: MailboxId, address: &str, tab: &'static str) -> Self {
        Self {
            base: nav::mailbox(scope, id),
            address: Address::parse(address).map_or_else(|_| address.to_owned(), |address| address.shown()),
            tab,
            is_deleted: false,
        }
    }
}
