//! The policy: which role holds which permission. One pure function a side; its matrix is a committed snapshot.

use super::permission::{Permission, Side};

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("choose one of the roles")]
pub struct UnknownRole;

macro_rules! roles {
    ($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident = $text:literal, $label:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {$(
            $(#[$case_doc])*
            $case,
        )*}

        impl $name {
            /// All, from the most to the least powerful.
            pub const ALL: &'static [Self] = &[$(Self::$case),*];

            /// The name in database and API.
            pub fn name(self) -> &'static str {
                match self {$(Self::$case => $text),*}
            }

            /// The name on pages.
            pub fn label(self) -> &'static str {
                match self {$(Self::$case => $label),*}
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownRole;
            fn from_str(text: &str) -> Result<Self, UnknownRole> {
                Self::ALL.iter().copied().find(|role| role.name() == text).ok_or(UnknownRole)
            }
        }
    };
}

roles! {
    /// What a member may do in a tenant.
    TenantRole {
        /// Everything, members included.
        Owner = "owner", "Owner";
        /// Everything but other owners' membership, and taking all of it out.
        Manager = "manager", "Manager";
        /// Runs servers; creates and deletes none.
        Operator = "operator", "Operator";
        /// Looks.
        Viewer = "viewer", "Viewer";
    }
}

roles! {
    /// What one of the provider's people may do.
    StaffRole {
        /// Everything, the other owners included.
        Owner = "owner", "Owner";
        /// Everything but other owners.
        Admin = "admin", "Admin";
        /// Runs machines and servers.
        Engineer = "engineer", "Engineer";
        /// Helps customers.
        Support = "support", "Support";
        /// Looks at everything, changes nothing.
        Auditor = "auditor", "Auditor";
    }
}

/// Whether a member with `role` holds `permission`.
pub fn tenant_may(role: TenantRole, permission: Permission) -> bool {
    use Permission as P;
    permission.side() == Side::Tenant
        && match role {
            TenantRole::Owner => true,
            // Whoever has the key has all backups for ever, and whoever has the archive all data.
            TenantRole::Manager => !matches!(permission, P::BackupKey | P::TenantExport),
            TenantRole::Operator => !matches!(
                permission,
                P::TenantManage
                    | P::TenantExport
                    | P::MemberManage
                    | P::ServerCreate
                    | P::ServerDelete
                    | P::BackupKey
                    | P::NetworkWrite
                    | P::VolumeWrite
                    | P::GuestManage
                    | P::ShareManage
                    | P::MailWrite
                    | P::WebhookWrite
                    | P::StatusWrite
                    | P::AuditRead
            ),
            TenantRole::Viewer => {
                !permission.writes()
                    && !matches!(
                        permission,
                        P::ServerSecrets | P::MailTrace | P::AuditRead | P::TenantExport | P::TicketWrite
                    )
            }
        }
}

/// Whether somebody whom a server is shared with can be given `permission` for it. What is not named here no guest ever
/// holds, whatever their row says.
pub fn guest_may(permission: Permission) -> bool {
    use Permission as P;
    matches!(
        permission,
        P::ServerRead
            | P::ServerLogs
            | P::FileRead
            | P::FileWrite
            | P::ServerConsoleWatch
            | P::ServerConsole
            | P::ServerSecrets
            | P::ServerPower
            | P::ServerConfigure
            | P::ServerResize
            | P::ScheduleRead
            | P::ScheduleWrite
            | P::SnapshotRead
            | P::SnapshotWrite
    )
}

/// Whether one of the staff with `role` holds `permission`.
pub fn staff_may(role: StaffRole, permission: Permission) -> bool {
    use Permission as P;
    permission.side() == Side::Staff
        && match role {
            StaffRole::Owner | StaffRole::Admin => true,
            StaffRole::Engineer => {
                !permission.writes()
                    || matches!(
                        permission,
                        P::StaffServerPower
                            | P::StaffServerManage
                            | P::StaffServerConsole
                            | P::StaffCatalogueBuild
                            | P::StaffCatalogueManage
                            | P::StaffMailManage
                            | P::StaffCheckManage
                            | P::StaffMaintenanceManage
                            | P::StaffTicketWrite
                            | P::StaffTicketManage
                            | P::StaffOnCallTake
                            | P::StaffBreakGlass
                            | P::StaffStatusManage
                    )
            }
            StaffRole::Support => {
                matches!(
                    permission,
                    P::StaffServerPower | P::StaffTicketWrite | P::StaffOnCallTake | P::StaffStatusManage
                ) || (!permission.writes() && !matches!(permission, P::StaffAuditRead))
            }
            StaffRole::Auditor => !permission.writes(),
        }
}

/// The policy as a table, for the snapshot and the documentation.
pub fn matrix() -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    let mut table = |title: &str, side: Side, roles: &[&str], may: &dyn Fn(usize, Permission) -> bool| {
        let _ = write!(out, "{title:<26}");
        for role in roles {
            let _ = write!(out, "{role:<10}");
        }
        out.push('\n');
        for permission in Permission::ALL
            .iter()
            .filter(|permission| permission.side() == side)
        {
            let _ = write!(out, "{:<26}", permission.name());
            for at in 0..roles.len() {
                let _ = write!(out, "{:<10}", if may(at, *permission) { "yes" } else { "-" });
            }
            out.push('\n');
        }
    };
    let names: Vec<_> = TenantRole::ALL.iter().map(|role| role.name()).collect();
    table("member of a tenant", Side::Tenant, &names, &|at, p| {
        tenant_may(TenantRole::ALL[at], p)
    });
    table("guest of a server", Side::Tenant, &["at most"], &|_, p| {
        guest_may(p)
    });
    let names: Vec<_> = StaffRole::ALL.iter().map(|role| role.name()).collect();
    table("staff of the provider", Side::Staff, &names, &|at, p| {
        staff_may(StaffRole::ALL[at], p)
    });
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn policy_matrix() {
        insta::assert_snapshot!(super::matrix());
    }
}
