//! Everything that a role or a token can be allowed to do, by the name that token scopes and the policy matrix use.

/// Whose permission it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Inside one tenant.
    Tenant,
    /// The provider's staff, over all tenants.
    Staff,
    /// A person's own account, wherever they are: no role is asked for, and a token needs the scope.
    Own,
}

macro_rules! permissions {
    (@read) => { false };
    (@write) => { true };
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $side:ident, $effect:ident;)*) => {
        /// One thing that can be allowed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Permission {$(
            $(#[doc = $doc])+
            $name,
        )*}

        impl Permission {
            /// All of them, in the order of the matrix.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The scope's name, `noun:verb`.
            pub fn name(self) -> &'static str {
                match self {$(Self::$name => $text),*}
            }

            /// What it allows, in a sentence for the form that makes tokens.
            pub fn about(self) -> &'static str {
                match self {$(Self::$name => concat!($($doc),+).trim_ascii_start()),*}
            }

            /// Whose it is.
            pub fn side(self) -> Side {
                match self {$(Self::$name => Side::$side),*}
            }

            /// Whether it changes what it is about. A suspended tenant keeps only what does not: looking, and leaving.
            pub fn writes(self) -> bool {
                match self {$(Self::$name => permissions!(@$effect)),*}
            }
        }
    };
}

permissions! {
    /// See the tenant, its plan and what is used of it.
    TenantRead = "tenant:read", Tenant, read;
    /// Change the tenant's time zone.
    TenantManage = "tenant:write", Tenant, write;
    /// Download all that the tenant has, to go with it.
    TenantExport = "tenant:export", Tenant, read;
    /// See the tenant's members and open invitations.
    MemberRead = "members:read", Tenant, read;
    /// Invite, change roles, remove.
    MemberManage = "members:write", Tenant, write;
    /// See servers, their events and operations.
    ServerRead = "servers:read", Tenant, read;
    /// Read what servers print.
    ServerLogs = "servers:logs", Tenant, read;
    /// See and download the files of servers, and in the organisation's own volumes.
    FileRead = "files:read", Tenant, read;
    /// Upload, change and delete files of servers, and in the organisation's own volumes.
    FileWrite = "files:write", Tenant, write;
    /// Look at a server's console while somebody uses it.
    ServerConsoleWatch = "servers:console-watch", Tenant, read;
    /// Open a server's console and type into it. Looking at it is a permission of its own, which this needs as well.
    ServerConsole = "servers:console", Tenant, write;
    /// Reveal a server's secret variables.
    ServerSecrets = "servers:secrets", Tenant, read;
    /// Create servers.
    ServerCreate = "servers:create", Tenant, write;
    /// Start, stop, restart, kill.
    ServerPower = "servers:power", Tenant, write;
    /// Change name, size and variables.
    ServerConfigure = "servers:configure", Tenant, write;
    /// Change the size of a server that is shared with you; members need no more for it than to change its settings.
    ServerResize = "servers:resize", Tenant, write;
    /// See servers' snapshots.
    SnapshotRead = "snapshots:read", Tenant, read;
    /// Take and delete snapshots, and bring servers back to them.
    SnapshotWrite = "snapshots:write", Tenant, write;
    /// See servers' schedules and what came of them.
    ScheduleRead = "schedules:read", Tenant, read;
    /// Create, change, pause, run and delete schedules. What they tell a server, their author must be allowed to tell it.
    ScheduleWrite = "schedules:write", Tenant, write;
    /// See backups of servers and of the organisation's own volumes, and look into them.
    BackupRead = "backups:read", Tenant, read;
    /// Make and delete backups, and get things back from them.
    BackupWrite = "backups:write", Tenant, write;
    /// See the key of the organisation's backups, which is shown once.
    BackupKey = "backups:key", Tenant, write;
    /// Delete servers with their data.
    ServerDelete = "servers:delete", Tenant, write;
    /// See networks, and who reaches whom.
    NetworkRead = "networks:read", Tenant, read;
    /// Make, rename and delete networks, and say which servers are in them.
    NetworkWrite = "networks:write", Tenant, write;
    /// See the organisation's own volumes, and which servers they are attached to.
    VolumeRead = "volumes:read", Tenant, read;
    /// Attach volumes to servers and detach them, which makes the servers' containers anew.
    VolumeAttach = "volumes:attach", Tenant, write;
    /// Make, rename, resize and delete volumes.
    VolumeWrite = "volumes:write", Tenant, write;
    /// See whom servers are shared with.
    GuestRead = "guests:read", Tenant, read;
    /// Share servers with people outside of the organisation, change what they may, end it.
    GuestManage = "guests:write", Tenant, write;
    /// See servers' shares and who has them.
    ShareRead = "shares:read", Tenant, read;
    /// Make shares and say who has them.
    ShareManage = "shares:write", Tenant, write;
    /// See mail domains, mailboxes and aliases.
    MailRead = "mail:read", Tenant, read;
    /// Add and remove mail domains; make, change and delete mailboxes and aliases.
    MailWrite = "mail:write", Tenant, write;
    /// See who wrote to whom and what became of it.
    MailTrace = "mail:trace", Tenant, read;
    /// See the tenant's audit events.
    AuditRead = "audit:read", Tenant, read;

    /// Leave the organisation: end your own membership.
    TenantLeave = "tenant:leave", Tenant, read;
    /// See checks, what they found, incidents and maintenance.
    CheckRead = "checks:read", Tenant, read;
    /// Make, change, pause and delete checks.
    CheckWrite = "checks:write", Tenant, write;
    /// See the organisation's tickets.
    TicketRead = "tickets:read", Tenant, read;
    /// Open tickets, answer and rate them. Also while the organisation is suspended.
    TicketWrite = "tickets:write", Tenant, read;
    /// See what was promised and kept: the SLA and its reports.
    SlaRead = "sla:read", Tenant, read;
    /// See webhooks and what they were told.
    WebhookRead = "webhooks:read", Tenant, read;
    /// Make, change, test and delete webhooks.
    WebhookWrite = "webhooks:write", Tenant, write;
    /// See when staff looked at what is the organisation's, and why.
    BreakGlassRead = "break-glass:read", Tenant, read;
    /// See the organisation's status page.
    StatusRead = "status:read", Tenant, read;
    /// Change the organisation's status page.
    StatusWrite = "status:write", Tenant, write;

    /// See all tenants, their members and usage.
    StaffTenantRead = "staff.tenants:read", Staff, read;
    /// Create and change tenants, invite their people.
    StaffTenantManage = "staff.tenants:write", Staff, write;
    /// Suspend, resume, close.
    StaffTenantSuspend = "staff.tenants:suspend", Staff, write;
    /// Download all that a tenant has, for the tenant.
    StaffTenantExport = "staff.tenants:export", Staff, write;
    /// See plans and sizes.
    StaffPlanRead = "staff.plans:read", Staff, read;
    /// Create, change and archive plans.
    StaffPlanManage = "staff.plans:write", Staff, write;
    /// See all servers, their events and operations.
    StaffServerRead = "staff.servers:read", Staff, read;
    /// Start, stop, restart, kill any server.
    StaffServerPower = "staff.servers:power", Staff, write;
    /// Open any server's console. The tenant sees it in its audit log.
    StaffServerConsole = "staff.servers:console", Staff, write;
    /// Update, suspend, restore, erase and move any server.
    StaffServerManage = "staff.servers:write", Staff, write;
    /// See the catalogue's build state.
    StaffCatalogueRead = "staff.catalogue:read", Staff, read;
    /// Build catalogue images.
    StaffCatalogueBuild = "staff.catalogue:build", Staff, write;
    /// Import eggs, and offer them or not.
    StaffCatalogueManage = "staff.catalogue:write", Staff, write;
    /// See the provider's people.
    StaffPeopleRead = "staff.people:read", Staff, read;
    /// Invite staff, change their roles, disable accounts.
    StaffPeopleManage = "staff.people:write", Staff, write;
    /// See where backups go, and what there is of all tenants.
    StaffBackupRead = "staff.backups:read", Staff, read;
    /// Say where backups go, have repositories checked, restore servers in place.
    StaffBackupManage = "staff.backups:write", Staff, write;
    /// See the mail service's state, its queue and what mail all tenants have.
    StaffMailRead = "staff.mail:read", Staff, read;
    /// Retry, hold, release and delete mail of the queue.
    StaffMailManage = "staff.mail:write", Staff, write;
    /// See all audit events.
    StaffAuditRead = "staff.audit:read", Staff, read;
    /// See all checks, incidents and maintenance.
    StaffCheckRead = "staff.checks:read", Staff, read;
    /// Pause checks, group locations, close incidents.
    StaffCheckManage = "staff.checks:write", Staff, write;
    /// Announce, change and end maintenance.
    StaffMaintenanceManage = "staff.maintenance:write", Staff, write;
    /// See all tickets and their notes.
    StaffTicketRead = "staff.tickets:read", Staff, read;
    /// Answer, note, assign, and everything else about tickets.
    StaffTicketWrite = "staff.tickets:write", Staff, write;
    /// Change canned replies, checklists, tags and shared views.
    StaffTicketManage = "staff.tickets:manage", Staff, write;
    /// See runbooks.
    StaffRunbookRead = "staff.runbooks:read", Staff, read;
    /// See SLAs, clocks and reports.
    StaffSlaRead = "staff.sla:read", Staff, read;
    /// Change SLAs and calendars, approve credits.
    StaffSlaManage = "staff.sla:write", Staff, write;
    /// See who is on call and whom to page.
    StaffOnCallRead = "staff.on-call:read", Staff, read;
    /// Acknowledge pages, take over, write hand-over notes.
    StaffOnCallTake = "staff.on-call:take", Staff, write;
    /// Change rotas and escalations.
    StaffOnCallManage = "staff.on-call:write", Staff, write;
    /// Break the glass: see a customer's console, files or mail for a stated reason and time.
    StaffBreakGlass = "staff.break-glass:write", Staff, write;
    /// See when staff looked at what is customers', and why.
    StaffBreakGlassRead = "staff.break-glass:read", Staff, read;
    /// See all webhooks and what they were told.
    StaffWebhookRead = "staff.webhooks:read", Staff, read;
    /// Make, change, test and delete the provider's webhooks.
    StaffWebhookManage = "staff.webhooks:write", Staff, write;
    /// See status pages.
    StaffStatusRead = "staff.status:read", Staff, read;
    /// Change status pages and what they say.
    StaffStatusManage = "staff.status:write", Staff, write;
    /// See the state of the installation.
    StaffSystemRead = "staff.system:read", Staff, read;
    /// Send mail again that could not be sent, and a test.
    StaffSystemManage = "staff.system:write", Staff, write;

    /// Change your own name.
    ProfileWrite = "profile:write", Own, write;
    /// Give up a server that is shared with you.
    SharedLeave = "shared:leave", Own, write;
}

impl std::str::FromStr for Permission {
    type Err = UnknownPermission;
    fn from_str(text: &str) -> Result<Self, UnknownPermission> {
        Self::ALL
            .iter()
            .copied()
            .find(|known| known.name() == text)
            .ok_or(UnknownPermission)
    }
}

/// The text names no permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such scope")]
pub struct UnknownPermission;
