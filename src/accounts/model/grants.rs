//! Who may give which role to whom. The routes have already asked for the permission to manage people at all.

use crate::platform::access::{StaffRole, TenantRole};

/// Whether a member with `mine` may invite with, give, take or change `role` in a tenant: only owners touch owners.
pub(crate) fn may_grant(mine: TenantRole, role: TenantRole) -> bool {
    mine == TenantRole::Owner || role != TenantRole::Owner
}

/// Whether a colleague with `mine` may change, disable or make a password link for somebody with `role`; `None` is a
/// customer. Only owners touch owners, or an administrator could make themselves one.
pub(crate) fn may_touch_colleague(mine: StaffRole, role: Option<StaffRole>) -> bool {
    mine == StaffRole::Owner || role != Some(StaffRole::Owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_owners_touch_owners() {
        for mine in TenantRole::ALL {
            assert_eq!(may_grant(*mine, TenantRole::Owner), *mine == TenantRole::Owner);
            assert!(may_grant(*mine, TenantRole::Manager));
        }
        for mine in StaffRole::ALL {
            assert_eq!(
                may_touch_colleague(*mine, Some(StaffRole::Owner)),
                *mine == StaffRole::Owner
            );
            assert!(may_touch_colleague(*mine, Some(StaffRole::Admin)));
            assert!(may_touch_colleague(*mine, None));
        }
    }
}
