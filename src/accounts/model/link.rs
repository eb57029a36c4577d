//! Single-use links: what for, and how long they work.

use chrono::{DateTime, Duration, Utc};

use crate::platform::access::{Permission, StaffRole, TenantRole};
use crate::platform::ids::{LinkId, ServerId, TenantId, UserId};

/// What a link lets its holder do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Become the first owner of the installation.
    Setup,
    /// Join a tenant or the staff.
    Invite,
    /// Become the guest of a server.
    Guest,
    /// Choose a new password.
    Password,
}

impl Purpose {
    /// The name in the database.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Invite => "invite",
            Self::Guest => "guest",
            Self::Password => "password",
        }
    }

    /// The page that the link opens.
    pub(crate) fn path(self, token: &str) -> String {
        match self {
            Self::Setup => format!("/setup/{token}"),
            Self::Invite | Self::Guest => format!("/invite/{token}"),
            Self::Password => format!("/password/{token}"),
        }
    }

    /// How long it works.
    pub(crate) fn lifetime(self) -> Duration {
        match self {
            Self::Setup | Self::Password => Duration::hours(24),
            Self::Invite | Self::Guest => Duration::days(7),
        }
    }
}

/// With how many people one server can be shared.
pub const MAX_GUESTS: i64 = 20;

/// What an invitation to a server gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The server.
    pub server: ServerId,
    /// What the guest may do with it.
    pub permissions: Vec<Permission>,
    /// Until when.
    pub until: Option<DateTime<Utc>>,
}

/// A link as it is kept: without its text, which only its holder has.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// Its id.
    pub id: LinkId,
    /// What it is for.
    pub purpose: Purpose,
    /// Whose password it sets.
    pub user: Option<UserId>,
    /// Where it invites to; an invitation without tenant is to the staff.
    pub tenant: Option<TenantId>,
    /// Who is invited.
    pub email: Option<String>,
    /// The role that it gives.
    pub role: Option<String>,
    /// The server that it opens.
    pub offer: Option<Offer>,
    /// Who made it.
    pub created_by: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

impl Link {
    /// The role in the tenant that it gives.
    pub(crate) fn tenant_role(&self) -> Option<TenantRole> {
        self.role.as_deref().and_then(|role| role.parse().ok())
    }

    /// The role among the staff that it gives.
    pub(crate) fn staff_role(&self) -> Option<StaffRole> {
        self.role.as_deref().and_then(|role| role.parse().ok())
    }
}

/// An open invitation as it is listed.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Its id, to revoke it.
    pub id: LinkId,
    /// Who is invited.
    pub email: String,
    /// The role's name.
    pub role: String,
    /// Who invited.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// An open invitation to a server as it is listed.
#[derive(Debug, Clone)]
pub struct GuestInvitation {
    /// Its id.
    pub id: LinkId,
    /// Who is invited.
    pub email: String,
    /// What it gives.
    pub offer: Offer,
    /// Who invited.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When the link ends.
    pub expires_at: DateTime<Utc>,
}

/// A link as it is handed out, once.
#[derive(Debug, Clone)]
pub struct IssuedLink {
    /// Its id.
    pub id: LinkId,
    /// The full address, with the secret in it.
    pub url: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}
