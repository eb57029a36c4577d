//! What every page of a domain starts with: its name and its tabs. The pages of its mailboxes and aliases use it as well.

use crate::mail::nav;
use crate::platform::access::TenantScope;

use super::super::model::Domain;

/// What every page of a domain starts with, by `templates/mail/domain_head.html`.
#[derive(Debug)]
pub struct Head {
    /// The address of the domain's own page; those of its tabs begin with it.
    pub(crate) base: String,
    /// Its name, as people write it: the page's heading.
    pub(crate) name: String,
    /// The page's own tab: `records`, `mailboxes` or `aliases`.
    pub(crate) tab: &'static str,
    /// How many mailboxes it has.
    pub(crate) mailboxes: String,
    /// How many aliases it has.
    pub(crate) aliases: String,
    /// It has the addresses of another domain, so there are no tabs for its own.
    pub(crate) is_alias: bool,
}

impl Head {
    /// The head of a page of this domain; `tab` is the page's own.
    pub fn new(scope: &TenantScope, domain: &Domain, tab: &'static str) -> Self {
        Self {
            base: nav::domain(scope, domain.id),
            name: domain.name.shown(),
            tab,
            mailboxes: domain.mailboxes.to_string(),
            aliases: domain.aliases.to_string(),
            is_alias: domain.alias_of.is_some(),
        }
    }
}
