//! Drills for people: of a server, of a tenant, of all.

mod schedule;
mod server;
mod tenant;

use askama::Template;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, ago};
use crate::usage::bytes;

use super::model::{Drill, State as How};

/// So many drills are shown: the newest.
pub(super) const SHOWN: i64 = 30;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::BackupRead), Rule::Tenant(P::BackupWrite));
    let (staff_read, staff_write) = (Rule::Staff(P::StaffBackupRead), Rule::Staff(P::StaffBackupManage));
    Routes::new()
        .get(
            "/t/{tenant}/servers/{server_id}/backups/drills",
            read,
            server::show,
        )
        .get(
            "/t/{tenant}/servers/{server_id}/backups/drills/live",
            read,
            server::live,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/backups/drills",
            write,
            server::ask,
        )
        .get("/t/{tenant}/settings/drills", read, tenant::show)
        .post(
            "/t/{tenant}/settings/drills",
            Rule::Tenant(P::TenantManage),
            tenant::set,
        )
        .get("/staff/drills", staff_read, schedule::list)
        .form("/staff/drills/schedule", staff_write, schedule::save)
        .get("/staff/tenants/{tenant}/drills", staff_read, tenant::staff_show)
        .post("/staff/tenants/{tenant}/drills", staff_write, tenant::staff_set)
        .get(
            "/staff/servers/{server_id}/drills",
            staff_read,
            server::staff_show,
        )
        .post(
            "/staff/servers/{server_id}/drills",
            staff_write,
            server::staff_ask,
        )
}

/// A drill in a list.
struct Row {
    id: String,
    iso: String,
    when: String,
    server: String,
    state: How,
    note: String,
    backup: String,
    by: String,
}

impl Row {
    fn new(one: &Drill, now: DateTime<Utc>) -> Self {
        let note = match (one.state, &one.error, &one.step) {
            (How::Failed, Some(error), _) => error.clone(),
            (How::Running, _, Some(step)) => step.clone(),
            (How::Proven, ..) => format!("{} restored", bytes(one.bytes)),
            _ => String::new(),
        };
        Self {
            id: one.id.to_string(),
            iso: one.created_at.to_rfc3339(),
            when: ago(one.created_at, now),
            server: one.server_name.clone(),
            state: one.state,
            note,
            backup: format!("from {}", ago(one.backup_at, now)),
            by: one.asked_by.clone().unwrap_or_else(|| "every night".to_owned()),
        }
    }
}

/// The drills; also what the live stream sends.
#[derive(Template)]
#[template(path = "drills/rows.html")]
struct Rows {
    all: Vec<Row>,
    with_servers: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Rows {}

impl Rows {
    const ID: &str = "drill-rows";

    fn new(all: &[Drill], with_servers: bool, now: DateTime<Utc>) -> Self {
        Self {
            all: all.iter().map(|one| Row::new(one, now)).collect(),
            with_servers,
        }
    }
}
