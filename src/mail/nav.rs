//! Where mail's pages of a tenant are, the tabs of its lists, and the way back from each. All of them are told here, once, so that no
//! page leads to an address that is none. What a domain's and a mailbox's pages begin with are their own parts' heads.

use crate::platform::access::{Permission, TenantScope};
use crate::platform::ids::{MailDomainId, MailboxId};
use crate::platform::web::Ctx;

/// A list of mail's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    /// Where mail begins.
    Domains,
    /// All mailboxes.
    Mailboxes,
    /// All aliases.
    Aliases,
    /// Lists that were uploaded.
    Imports,
    /// Mail that is fetched from other servers.
    Fetches,
    /// What happened to mail.
    Trace,
    /// Mail that is held.
    Quarantine,
}

impl Tab {
    /// In the order in which people see them.
    const ALL: [Self; 7] = [
        Self::Domains,
        Self::Mailboxes,
        Self::Aliases,
        Self::Imports,
        Self::Fetches,
        Self::Trace,
        Self::Quarantine,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Domains => "Domains",
            Self::Mailboxes => "Mailboxes",
            Self::Aliases => "Aliases",
            Self::Imports => "Imports",
            Self::Fetches => "Moving in",
            Self::Trace => "Trace",
            Self::Quarantine => "Quarantine",
        }
    }

    fn needs(self) -> Permission {
        match self {
            Self::Trace | Self::Quarantine => Permission::MailTrace,
            _ => Permission::MailRead,
        }
    }

    /// Where it is. Domains have no list but the one that mail begins with.
    pub(super) fn href(self, scope: &TenantScope) -> String {
        let area = area(scope);
        match self {
            Self::Domains => area,
            Self::Mailboxes => format!("{area}/mailboxes"),
            Self::Aliases => format!("{area}/aliases"),
            Self::Imports => format!("{area}/imports"),
            Self::Fetches => format!("{area}/fetches"),
            Self::Trace => format!("{area}/trace"),
            Self::Quarantine => format!("{area}/quarantine"),
        }
    }
}

/// A tab as it is drawn.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) title: &'static str,
    pub(super) href: String,
    pub(super) is_current: bool,
}

/// The tabs of the lists, by `templates/mail/area_head.html`: those that somebody may open.
#[derive(Debug)]
pub(super) struct AreaHead {
    pub(super) tabs: Vec<Link>,
}

impl AreaHead {
    /// The tabs of a list's page.
    pub(super) fn new(scope: &TenantScope, current: Tab) -> Self {
        let may = Tab::ALL.into_iter().filter(|tab| scope.may(tab.needs()));
        let tabs = may.map(|tab| Link {
            title: tab.title(),
            href: tab.href(scope),
            is_current: tab == current,
        });
        Self { tabs: tabs.collect() }
    }
}

/// Titles and addresses of the lists that are called like what somebody typed, if they may open them. For the command palette; it has
/// the first of them from the rail.
pub fn lists(scope: &TenantScope, text: &str) -> Vec<(&'static str, String)> {
    let text = text.trim().to_lowercase();
    let all = Tab::ALL.into_iter().filter(|tab| scope.may(tab.needs()));
    let called = all.filter(|tab| *tab != Tab::Domains && tab.title().to_lowercase().starts_with(&text));
    called.map(|tab| (tab.title(), tab.href(scope))).collect()
}

/// Where mail begins.
pub(super) fn area(scope: &TenantScope) -> String {
    format!("/t/{}/mail", scope.member.slug)
}

/// Where a domain is.
pub(super) fn domain(scope: &TenantScope, id: MailDomainId) -> String {
    format!("{}/domains/{id}", area(scope))
}

/// Where a mailbox is.
pub(super) fn mailbox(scope: &TenantScope, id: MailboxId) -> String {
    format!("{}/{id}", Tab::Mailboxes.href(scope))
}

/// Adds the way back from a list, or from a domain: to where mail begins.
pub(super) fn crumbs(ctx: Ctx, scope: &TenantScope) -> Ctx {
    ctx.with_crumbs([("Mail", area(scope))])
}

/// Adds the way back from something that a list has.
pub(super) fn crumbs_below(ctx: Ctx, scope: &TenantScope, tab: Tab) -> Ctx {
    ctx.with_crumbs([("Mail", area(scope)), (tab.title(), tab.href(scope))])
}
