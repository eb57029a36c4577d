//! What every page of a server starts with: its name, its tabs, and the way back. A tab that would not open is not shown.

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::web::Ctx;
use crate::shares;

use super::super::model::Server;
use super::href;
use super::list::title;

/// What every page of a server starts with.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each hides or shows a part of the page"
)]
pub struct Head {
    pub(crate) base: String,
    pub(crate) name: String,
    pub(crate) template: String,
    pub(crate) tab: &'static str,
    pub(crate) may_log: bool,
    pub(crate) may_read_files: bool,
    pub(crate) may_see_shares: bool,
    pub(crate) may_watch: bool,
    pub(crate) may_configure: bool,
    pub(crate) may_schedule: bool,
    pub(crate) may_see_checks: bool,
    pub(crate) may_snapshot: bool,
    pub(crate) may_see_backups: bool,
    pub(crate) may_see_volumes: bool,
    pub(crate) may_see_networks: bool,
    pub(crate) may_see_guests: bool,
}

impl Head {
    /// The head of a page of this server; `tab` is the page's own.
    pub fn new(app: &App, scope: &TenantScope, server: &Server, tab: &'static str) -> Self {
        // One that is deleted has no container to look into, and is only restored or erased.
        let may = |permission| !server.is_deleted() && scope.may(permission);
        Self {
            base: href(&scope.member.slug, server.id),
            name: server.name.clone(),
            template: title(app, &server.template),
            tab,
            may_log: may(Permission::ServerLogs),
            may_read_files: may(Permission::FileRead),
            may_see_shares: server.template == shares::TEMPLATE && may(Permission::ShareRead),
            may_watch: may(Permission::ServerConsoleWatch),
            may_configure: may(Permission::ServerConfigure),
            may_schedule: may(Permission::ScheduleRead),
            may_see_checks: may(Permission::CheckRead),
            may_snapshot: may(Permission::SnapshotRead),
            may_see_backups: may(Permission::BackupRead),
            may_see_volumes: may(Permission::VolumeRead),
            may_see_networks: may(Permission::NetworkRead),
            may_see_guests: may(Permission::GuestRead),
        }
    }
}

/// Adds the way back: to the tenant's servers, or for a guest to what is shared with them.
pub fn crumbs(ctx: Ctx, scope: &TenantScope) -> Ctx {
    if scope.guest_of().is_some() {
        return ctx.with_crumbs([("Shared with me", "/shared")]);
    }
    ctx.with_crumbs([("Servers", format!("/t/{}/servers", scope.member.slug))])
}
