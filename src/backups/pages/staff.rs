//! Where backups go, and what all repositories hold, for staff.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::Error;
use crate::platform::ids::{BackupRepositoryId, BackupTargetId};
use crate::platform::operations::{self, Operation, State as Work};
use crate::platform::web::{Ctx, Page, Path, SeeOther, ago};

use super::super::model::{ALL_SHOWN, bytes};
use super::super::{actions, probe, store};
use super::Checked;

/// A target.
struct Line {
    href: String,
    name: String,
    kind: String,
    address: String,
    is_default: bool,
    tone: &'static str,
    tested: String,
    error: String,
}

impl Line {
    fn new(target: store::Target, test: Option<Operation>, now: DateTime<Utc>) -> Self {
        let (tone, tested) = match &test {
            None => ("idle", "not tested".to_owned()),
            Some(test) => {
                let at = ago(test.finished_at.unwrap_or(test.created_at), now);
                match test.state {
                    Work::Queued | Work::Running => ("busy", "being tested".to_owned()),
                    Work::Succeeded => ("good", format!("works, {at}")),
                    Work::Failed | Work::Superseded => ("bad", format!("failed, {at}")),
                }
            }
        };
        Self {
            href: format!("/staff/backup-targets/{}", target.id),
            name: target.name,
            kind: target.kind,
            address: target.address,
            is_default: target.is_default,
            tone,
            tested,
            error: test.and_then(|test| test.error).unwrap_or_default(),
        }
    }
}

/// A tenant's repository.
struct Held {
    id: String,
    href: String,
    tenant: String,
    target: String,
    backups: i64,
    size: String,
    newest: String,
    checked: Checked,
    /// Whether somebody may ask for a check.
    is_idle: bool,
}

impl Held {
    fn new(one: store::Held, now: DateTime<Utc>) -> Self {
        let checked = match one.checking {
            Some(_) => Checked::plain("busy", "being checked".to_owned()),
            None => Checked::new(&one.checks, now),
        };
        Self {
            id: one.id.to_string(),
            href: format!("/staff/tenants/{}/backups", one.tenant),
            tenant: one.tenant_name,
            target: one.target,
            backups: one.backups,
            size: bytes(one.bytes),
            newest: one.newest.map(|at| ago(at, now)).unwrap_or_default(),
            checked,
            is_idle: one.checking.is_none() && one.check_at.is_some(),
        }
    }
}

#[derive(Template)]
#[template(path = "backups/staff.html")]
pub(super) struct Everything {
    ctx: Ctx,
    targets: Vec<Line>,
    held: Vec<Held>,
    may_manage: bool,
}

/// Shows them.
pub(super) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
) -> Result<Page<Everything>, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let mut targets = Vec::new();
    for target in store::targets(&mut tx).await? {
        let test = operations::for_target(&mut tx, target.id.0, 1).await?.pop();
        targets.push(Line::new(target, test, now));
    }
    let held = store::all_repositories(&mut tx, ALL_SHOWN).await?;
    Ok(Page(Everything {
        ctx,
        targets,
        held: held.into_iter().map(|one| Held::new(one, now)).collect(),
        may_manage: scope.may(Permission::StaffBackupManage),
    }))
}

/// Tries one.
pub(super) async fn test(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<BackupTargetId>,
) -> Result<SeeOther, Error> {
    probe::ask(&app, &scope, id).await?;
    Ok(SeeOther::to("/staff/backups").info("It is being tested. Load this page again to see how it went."))
}

/// Lets backups go there.
pub(super) async fn set_default(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<BackupTargetId>,
) -> Result<SeeOther, Error> {
    actions::set_default(&app, &scope, id).await?;
    Ok(SeeOther::to("/staff/backups").good("New backups go there. Those that are elsewhere stay there."))
}

/// Checks a repository now.
pub(super) async fn check(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<BackupRepositoryId>,
) -> Result<SeeOther, Error> {
    let home = SeeOther::to("/staff/backups");
    match actions::check_now(&app, &scope, id).await {
        Ok(_) => Ok(home.info("It is being checked. Load this page again to see how it went.")),
        Err(error @ Error::Conflict { .. }) => Ok(home.bad(error.sentence())),
        Err(error) => Err(error),
    }
}
