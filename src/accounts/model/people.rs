//! People as staff see them.

use chrono::{DateTime, Utc};

use crate::platform::access::StaffRole;
use crate::platform::ids::UserId;

/// Somebody with an account.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their id.
    pub id: UserId,
    /// What they sign in with.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Their role among the staff.
    pub staff: Option<StaffRole>,
    /// Since when they may not sign in.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// The last request of a session that is still kept.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// The names of the tenants where they are members, at most twenty.
    pub tenants: Vec<String>,
}

impl Person {
    /// Grows with every change, for conditional updates.
    pub fn version(&self) -> i64 {
        self.updated_at.timestamp_micros()
    }

    /// The role in words, for lists.
    pub fn role_label(&self) -> &'static str {
        self.staff.map_or("Customer", StaffRole::label)
    }
}

/// Which people a list shows.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, serde::Serialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PeopleFilter {
    /// The provider's people who may sign in.
    #[default]
    Staff,
    /// Customers who may sign in.
    Customers,
    /// Whoever may not sign in.
    Disabled,
    /// Everybody.
    All,
}

impl PeopleFilter {
    /// Wanted values of "is staff" and "is disabled"; `None` takes both.
    pub fn parts(self) -> (Option<bool>, Option<bool>) {
        match self {
            Self::Staff => (Some(true), Some(false)),
            Self::Customers => (Some(false), Some(false)),
            Self::Disabled => (None, Some(true)),
            Self::All => (None, None),
        }
    }
}
