//! Backups for people: a tab of each server's and each volume's page, a look into each backup, and those of a stack's servers.

mod another;
mod inside;
mod list;
mod show;
mod stack;
mod staff;
mod tenant;
mod volume;
mod whole;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::ids::{ServerId, VolumeId};
use crate::platform::web::{Routes, ago};

use super::model::{Backup, State as How, bytes};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (
        Rule::Tenant(Permission::BackupRead),
        Rule::Tenant(Permission::BackupWrite),
    );
    Routes::new()
        .get("/t/{tenant}/servers/{server_id}/backups", read, list::list)
        .get("/t/{tenant}/servers/{server_id}/backups/live", read, list::live)
        .post("/t/{tenant}/servers/{server_id}/backups", write, list::create)
        .get(
            "/t/{tenant}/servers/{server_id}/backups/{backup}",
            read,
            show::show,
        )
        .get(
            "/t/{tenant}/servers/{server_id}/backups/{backup}/download",
            read,
            show::download,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/backups/{backup}/restore",
            write,
            show::restore,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/backups/{backup}/delete",
            write,
            list::delete,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/backups/{backup}/clone",
            Rule::Tenant(Permission::ServerCreate),
            whole::into_new,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/backups/{backup}/restore-over",
            write,
            whole::over,
        )
        .merge(of_volumes())
        .merge(others())
}

/// Those of the tenant's own volumes.
fn of_volumes() -> Routes<App> {
    let (read, write) = (
        Rule::Tenant(Permission::BackupRead),
        Rule::Tenant(Permission::BackupWrite),
    );
    let make = Rule::Tenant(Permission::VolumeWrite);
    Routes::new()
        .get("/t/{tenant}/volumes/{volume_id}/backups", read, volume::list)
        .get("/t/{tenant}/volumes/{volume_id}/backups/live", read, volume::live)
        .post("/t/{tenant}/volumes/{volume_id}/backups", write, volume::create)
        .get(
            "/t/{tenant}/volumes/{volume_id}/backups/{backup}",
            read,
            volume::show,
        )
        .get(
            "/t/{tenant}/volumes/{volume_id}/backups/{backup}/download",
            read,
            volume::download,
        )
        .post(
            "/t/{tenant}/volumes/{volume_id}/backups/{backup}/restore",
            write,
            volume::restore,
        )
        .post(
            "/t/{tenant}/volumes/{volume_id}/backups/{backup}/delete",
            write,
            volume::delete,
        )
        .get("/t/{tenant}/backups/{backup}/volume", make, another::form)
        .form("/t/{tenant}/backups/{backup}/volume", make, another::make)
}

/// Those that are not about one server.
fn others() -> Routes<App> {
    let (read, write) = (
        Rule::Tenant(Permission::BackupRead),
        Rule::Tenant(Permission::BackupWrite),
    );
    Routes::new()
        .get(
            "/staff/backups",
            Rule::Staff(Permission::StaffBackupRead),
            staff::list,
        )
        .post(
            "/staff/backup-targets/{target}/test",
            Rule::Staff(Permission::StaffBackupManage),
            staff::test,
        )
        .post(
            "/staff/backup-targets/{target}/default",
            Rule::Staff(Permission::StaffBackupManage),
            staff::set_default,
        )
        .get("/t/{tenant}/backups", read, tenant::list)
        .post("/t/{tenant}/backups/{backup}/delete", write, tenant::delete)
        .post(
            "/t/{tenant}/backup-repositories/{repository}/key",
            Rule::Tenant(Permission::BackupKey),
            tenant::reveal,
        )
        .get("/t/{tenant}/stacks/{stack_id}/backups", read, stack::list)
        .get("/t/{tenant}/stacks/{stack_id}/backups/live", read, stack::live)
        .post("/t/{tenant}/stacks/{stack_id}/backups", write, stack::create)
}

fn href(slug: &str, server: ServerId) -> String {
    format!("/t/{slug}/servers/{server}/backups")
}

fn volume_href(slug: &str, volume: VolumeId) -> String {
    format!("/t/{slug}/volumes/{volume}/backups")
}

/// One backup in the list.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) href: String,
    pub(super) iso: String,
    pub(super) when: String,
    pub(super) server: String,
    pub(super) server_href: String,
    pub(super) is_volume: bool,
    pub(super) by: String,
    pub(super) state: How,
    pub(super) percent: i64,
    pub(super) size: String,
    pub(super) added: String,
    pub(super) error: String,
}

impl Row {
    pub(super) fn new(backup: &Backup, base: &str, now: chrono::DateTime<chrono::Utc>) -> Self {
        Self {
            id: backup.id.to_string(),
            href: format!("{base}/{}", backup.id),
            iso: backup.created_at.to_rfc3339(),
            when: ago(backup.created_at, now),
            server: backup.server_name.clone(),
            server_href: base.to_owned(),
            is_volume: backup.is_of_volume,
            by: backup.asked_by.clone(),
            state: backup.state,
            percent: backup.percent(),
            size: bytes(backup.done_bytes),
            added: bytes(backup.added_bytes),
            error: backup.error.clone().unwrap_or_default(),
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.state == How::Done
    }

    pub(super) fn may_delete(&self) -> bool {
        matches!(self.state, How::Done | How::Failed)
    }

    pub(super) fn is_running(&self) -> bool {
        self.state == How::Running
    }

    pub(super) fn may_go(&self) -> bool {
        matches!(self.state, How::Done | How::Failed)
    }
}
