//! Backups for people: a tab of each server's and each volume's page, a look into each backup, and those of a stack's servers.

mod another;
mod inside;
mod list;
mod over;
mod show;
mod stack;
mod staff;
mod targets;
mod tenant;
mod volume;
mod whole;

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::ids::{ServerId, VolumeId};
use crate::platform::web::{Routes, ago};

use super::model::{Backup, Checks, State as How, bytes};

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
        .merge(of_staff())
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
        .get("/t/{tenant}/backups", read, tenant::list)
        .get("/t/{tenant}/backups/{backup}", read, over::show)
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

/// Those of the provider's people.
fn of_staff() -> Routes<App> {
    let (read, write) = (
        Rule::Staff(Permission::StaffBackupRead),
        Rule::Staff(Permission::StaffBackupManage),
    );
    Routes::new()
        .get("/staff/backups", read, staff::list)
        .get("/staff/backup-targets/new", write, targets::form)
        .form("/staff/backup-targets", write, targets::create)
        .get("/staff/backup-targets/{target}", write, targets::show)
        .form("/staff/backup-targets/{target}", write, targets::change)
        .post("/staff/backup-targets/{target}/delete", write, targets::remove)
        .post("/staff/backup-targets/{target}/test", write, staff::test)
        .post(
            "/staff/backup-targets/{target}/default",
            write,
            staff::set_default,
        )
        .post(
            "/staff/backup-repositories/{repository}/check",
            write,
            staff::check,
        )
        .get("/staff/tenants/{tenant}/backups", read, over::staff_list)
        .get("/staff/tenants/{tenant}/backups/{backup}", read, over::staff_show)
        .post(
            "/staff/servers/{server_id}/backups/{backup}/restore-over",
            write,
            over::staff_over,
        )
}

/// What checks of a repository came to.
struct Checked {
    tone: &'static str,
    words: String,
    /// Since when none passes, and why; empty if one did.
    why: String,
}

impl Checked {
    fn new(checks: &Checks, now: DateTime<Utc>) -> Self {
        match (&checks.error, checks.failed_at, checks.passed_at) {
            (Some(error), Some(since), _) => Self {
                tone: "bad",
                words: "check fails".to_owned(),
                why: format!("the first time {}: {error}", ago(since, now)),
            },
            (_, _, Some(at)) => Self::plain("good", format!("checked {}", ago(at, now))),
            _ => Self::plain("idle", "not checked yet".to_owned()),
        }
    }

    fn plain(tone: &'static str, words: String) -> Self {
        Self {
            tone,
            words,
            why: String::new(),
        }
    }
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
    /// Of a server or volume that is gone.
    pub(super) is_gone: bool,
    pub(super) is_volume: bool,
    pub(super) by: String,
    pub(super) state: How,
    pub(super) percent: i64,
    pub(super) size: String,
    pub(super) added: String,
    pub(super) error: String,
}

impl Row {
    pub(super) fn new(backup: &Backup, base: &str, now: DateTime<Utc>) -> Self {
        Self {
            id: backup.id.to_string(),
            href: format!("{base}/{}", backup.id),
            iso: backup.created_at.to_rfc3339(),
            when: ago(backup.created_at, now),
            server: backup.server_name.clone(),
            server_href: base.to_owned(),
            is_gone: backup.of().is_none(),
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
