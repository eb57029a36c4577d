//! What a stack is, how its parts are called, and how it is as a whole. Pure.

mod name;
mod state;

use chrono::{DateTime, Utc};

use crate::platform::error::Error;
use crate::platform::ids::{NetworkId, StackId, TenantId};

pub use name::{StackName, inside_name, server_name};
pub use state::{StackState, StackStatus};

/// A stack as the database knows it.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Its id.
    pub id: StackId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The tenant's name in addresses.
    pub tenant_slug: String,
    /// The tenant's name.
    pub tenant_name: String,
    /// Its own network, as long as there is one.
    pub network: Option<NetworkId>,
    /// What people call it.
    pub name: String,
    /// What stands behind its parts' names inside.
    pub host_label: String,
    /// What it was made from.
    pub blueprint: String,
    /// Counts changes.
    pub version: i64,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Since when it is deleted, if it is.
    pub deletion: Option<Deletion>,
}

/// Since when a stack is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// When somebody deleted it.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: String,
    /// When it is erased; nothing if that is under way.
    pub kept_until: Option<DateTime<Utc>>,
}

impl Stack {
    /// Refuses what only a stack that lives can do.
    pub fn check_lives(&self) -> Result<(), Error> {
        match &self.deletion {
            None => Ok(()),
            Some(_) => Err(Error::conflict(
                "stack-deleted",
                "This stack is deleted. Restore it first.",
            )),
        }
    }

    /// Refuses what only a stack that is deleted and kept can do.
    pub fn check_kept(&self) -> Result<(), Error> {
        match &self.deletion {
            Some(deletion) if deletion.kept_until.is_some() => Ok(()),
            Some(_) => Err(Error::conflict("stack-erasing", "This stack is being erased.")),
            None => Err(Error::conflict("stack-not-deleted", "This stack is not deleted.")),
        }
    }

    /// Until when it is kept, if it is.
    pub fn kept_until(&self) -> Option<DateTime<Utc>> {
        self.deletion.as_ref().and_then(|deletion| deletion.kept_until)
    }
}
