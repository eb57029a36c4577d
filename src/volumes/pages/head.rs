//! What every page of a volume starts with: its name, its tabs, and the way back. A tab that would not open is not shown.

use crate::platform::access::{Permission, TenantScope};
use crate::platform::web::Ctx;

use super::super::model::Volume;
use super::{base, href};

/// What every page of a volume starts with.
#[derive(Debug)]
pub struct Head {
    pub(crate) base: String,
    pub(crate) name: String,
    pub(crate) tab: &'static str,
    pub(crate) may_read_files: bool,
    pub(crate) may_read_backups: bool,
}

impl Head {
    /// The head of a page of this volume; `tab` is the page's own.
    pub fn new(scope: &TenantScope, volume: &Volume, tab: &'static str) -> Self {
        Self {
            base: href(scope, volume.id),
            name: volume.name.clone(),
            tab,
            may_read_files: scope.may(Permission::FileRead),
            may_read_backups: scope.may(Permission::BackupRead),
        }
    }
}

/// Adds the way back, to all volumes.
pub fn crumbs(ctx: Ctx, scope: &TenantScope) -> Ctx {
    ctx.with_crumbs([("Volumes", base(scope))])
}
