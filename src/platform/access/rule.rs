//! What a route asks of whoever calls it.

use super::permission::{Permission, Side};

/// A route's access rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Anybody.
    Public,
    /// Anybody who is signed in; a token may have any scope.
    SignedIn,
    /// Anybody who is signed in, about themselves; a token needs the scope.
    Own(Permission),
    /// A member of the tenant in question whose role and token allow it.
    Tenant(Permission),
    /// One of the staff whose role and token allow it.
    Staff(Permission),
    /// The person of a mailbox, about that mailbox. Pages only: such a person has no tokens. Of a suspended tenant they look, and
    /// change nothing.
    Mailbox,
}

impl Rule {
    /// The permission that it asks for.
    pub fn permission(self) -> Option<Permission> {
        match self {
            Self::Own(permission) | Self::Tenant(permission) | Self::Staff(permission) => Some(permission),
            Self::Public | Self::SignedIn | Self::Mailbox => None,
        }
    }

    /// Whether rule and permission are of the same side; a mismatch would shut everybody out.
    pub fn is_consistent(self) -> bool {
        match self {
            Self::Own(permission) => permission.side() == Side::Own,
            Self::Tenant(permission) => permission.side() == Side::Tenant,
            Self::Staff(permission) => permission.side() == Side::Staff,
            Self::Public | Self::SignedIn | Self::Mailbox => true,
        }
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = match self {
            Self::Public => "public".to_owned(),
            Self::SignedIn => "signed in".to_owned(),
            Self::Mailbox => "mailbox".to_owned(),
            Self::Own(permission) => format!("own {}", permission.name()),
            Self::Tenant(permission) => format!("tenant {}", permission.name()),
            Self::Staff(permission) => format!("staff {}", permission.name()),
        };
        f.pad(&text)
    }
}
