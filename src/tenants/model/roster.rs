//! Members of a tenant, and who may change whose membership.

use chrono::{DateTime, Utc};

use crate::platform::access::TenantRole;
use crate::platform::error::Error;
use crate::platform::ids::UserId;

/// A person in a tenant.
#[derive(Debug, Clone)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// What they may do.
    pub role: TenantRole,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether their account is disabled.
    pub disabled: bool,
}

/// In which office somebody changes a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Office {
    /// As a member with this role.
    Member(TenantRole),
    /// As one of the provider's staff.
    Staff,
}

/// Why a membership can't change that way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RosterError {
    /// A manager touches an owner, or makes one.
    #[error("Only an owner may invite, change or remove owners.")]
    OwnersOnly,
    /// Nobody would be left to manage the members.
    #[error("This is the last owner. Make somebody else an owner first.")]
    LastOwner,
}

impl From<RosterError> for Error {
    fn from(error: RosterError) -> Self {
        match error {
            RosterError::OwnersOnly => Self::Forbidden,
            RosterError::LastOwner => Self::conflict("last-owner", error.to_string()),
        }
    }
}

impl Office {
    /// Whether the holder may bring somebody in as `role`, or has to do with a member of that role.
    pub(crate) fn may_touch(self, role: TenantRole) -> Result<(), RosterError> {
        match (self, role) {
            (Self::Member(TenantRole::Owner) | Self::Staff, _) => Ok(()),
            (Self::Member(_), TenantRole::Owner) => Err(RosterError::OwnersOnly),
            (Self::Member(_), _) => Ok(()),
        }
    }

    /// Whether the holder may turn a member from `from` into `to`, in a tenant with so many `owners`.
    pub(crate) fn may_change(
        self,
        from: TenantRole,
        to: TenantRole,
        owners: usize,
    ) -> Result<(), RosterError> {
        self.may_touch(from)?;
        self.may_touch(to)?;
        if to == TenantRole::Owner {
            Ok(())
        } else {
            keeps_an_owner(from, owners)
        }
    }

    /// Whether the holder may remove a member of that role. Oneself anybody may remove, except the last owner.
    pub(crate) fn may_remove(
        self,
        role: TenantRole,
        oneself: bool,
        owners: usize,
    ) -> Result<(), RosterError> {
        if !oneself {
            self.may_touch(role)?;
        }
        keeps_an_owner(role, owners)
    }
}

fn keeps_an_owner(leaving: TenantRole, owners: usize) -> Result<(), RosterError> {
    if leaving == TenantRole::Owner && owners <= 1 {
        Err(RosterError::LastOwner)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TenantRole::{Manager, Operator, Owner, Viewer};

    const MANAGER: Office = Office::Member(Manager);
    const OWNER: Office = Office::Member(Owner);

    #[test]
    fn a_manager_leaves_owners_alone() {
        assert_eq!(MANAGER.may_touch(Owner), Err(RosterError::OwnersOnly));
        assert_eq!(
            MANAGER.may_change(Operator, Owner, 1),
            Err(RosterError::OwnersOnly)
        );
        assert_eq!(MANAGER.may_change(Owner, Viewer, 2), Err(RosterError::OwnersOnly));
        assert_eq!(MANAGER.may_remove(Owner, false, 2), Err(RosterError::OwnersOnly));
        assert_eq!(MANAGER.may_change(Operator, Manager, 1), Ok(()));
        assert_eq!(MANAGER.may_remove(Manager, false, 1), Ok(()));
    }

    #[test]
    fn the_last_owner_stays() {
        for office in [OWNER, Office::Staff] {
            assert_eq!(office.may_change(Owner, Manager, 1), Err(RosterError::LastOwner));
            assert_eq!(office.may_change(Owner, Owner, 1), Ok(()));
            assert_eq!(office.may_change(Owner, Manager, 2), Ok(()));
            assert_eq!(office.may_remove(Owner, true, 1), Err(RosterError::LastOwner));
            assert_eq!(office.may_remove(Owner, true, 2), Ok(()));
        }
    }

    #[test]
    fn anybody_else_may_leave() {
        assert_eq!(Office::Member(Viewer).may_remove(Viewer, true, 1), Ok(()));
    }
}
