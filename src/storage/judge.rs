//! Judges tenants by what they use: warnings, and suspension where the plan says so.
//!
//! One transaction a tenant: the row of the ledger is locked, the verdict made (`model`), and what follows from it written with
//! what it was about. So a verdict is never given twice, whichever panel gives it, and one that was not written is given again.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::notifications::{self, Draft};
use crate::platform::access::SystemScope;
use crate::platform::db::SystemTx;
use crate::platform::error::{Cause, Error};
use crate::platform::events;
use crate::platform::ids::{NoticeId, TenantId};
use crate::tenants::{self, Reason, Tenant, Verb};

use super::model::{Act, Level, Step, percent};
use crate::usage::bytes;

use super::store::{self, Due, NewNotice};
use super::{TOPIC, capacity};

/// How often to look without being told.
const PERIOD: Duration = Duration::from_mins(1);
/// How many tenants are looked up at once.
const BATCH: i64 = 200;
/// How often the history's tables are looked after, and the engine is asked what its machine has.
const UPKEEP: TimeDelta = TimeDelta::hours(1);
/// The reason that a suspended tenant reads.
const REASON: &str =
    "Its storage has been full for longer than the plan allows. Ask the provider for a larger plan.";

/// Starts judging in the background of this process.
pub fn begin(app: &App) {
    app.tasks.spawn(run(app.clone()));
}

async fn run(app: App) {
    let scope = SystemScope::new(app.db.clone(), "storage");
    let mut news = app.hub.subscribe();
    let mut kept_at = None;
    loop {
        if let Err(error) = judge(&app, &scope).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "tenants' storage was not judged"
            );
        }
        let now = app.now();
        if kept_at.is_none_or(|at| now - at >= UPKEEP || at > now) {
            match upkeep(&app, &scope).await {
                Ok(()) => kept_at = Some(now),
                Err(error) => tracing::warn!(error = &*error, "the ledger's tables were not looked after"),
            }
        }
        tokio::select! {
            () = app.tasks.stopping() => return,
            () = events::heard(&mut news, &[TOPIC, "plan", "tenant"]) => {}
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

async fn upkeep(app: &App, scope: &SystemScope) -> Result<(), Cause> {
    if let Err(error) = capacity::measure(app, scope).await {
        tracing::warn!(error = &*error, "what the machine has was not measured");
    }
    for step in [Step::Hour, Step::Day] {
        let mut tx = scope.begin().await?;
        store::keep_parts(&mut tx, step, app.now()).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Judges everybody about whom something changed. Says how many. Harmless twice.
///
/// # Errors
/// The first, after the others were judged.
pub async fn judge(app: &App, scope: &SystemScope) -> Result<usize, Error> {
    let mut tx = scope.begin().await?;
    let due = store::due(&mut tx, app.now(), BATCH).await?;
    drop(tx);
    let mut outcome = Ok(due.len());
    for tenant in due {
        if let Err(error) = one(app, scope, tenant).await {
            outcome = outcome.and(Err(error));
        }
    }
    outcome
}

async fn one(app: &App, scope: &SystemScope, id: TenantId) -> Result<(), Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let Some(due) = store::lock(&mut tx, id).await? else {
        return Ok(());
    };
    let verdict = due.standing.judge(&due.facts, now);
    let tenant = tenants::find_tenant(&mut tx, id).await?;
    if let Some(level) = verdict.warning {
        warn(app, &mut tx, scope, (&tenant, &due), level).await?;
    }
    store::end_notices(&mut tx, id, verdict.standing.level, now).await?;
    let is_suspended = match verdict.act {
        Some(Act::Suspend) => {
            let reason = Reason::parse(REASON).map_err(Error::internal)?;
            tenants::change_status_in(app, &mut tx, &scope.who, id, Verb::Suspend(reason)).await?;
            true
        }
        Some(Act::Resume) => {
            tenants::change_status_in(app, &mut tx, &scope.who, id, Verb::Resume).await?;
            false
        }
        None => due.facts.is_suspended,
    };
    store::save_standing(&mut tx, id, &due, &verdict, is_suspended).await?;
    if verdict.standing != due.standing {
        events::emit(&mut tx, Some(id), TOPIC, None).await?;
    }
    tx.commit().await
}

/// What the owners read.
fn told(app: &App, tenant: &Tenant, due: &Due, notice: &NewNotice) -> Draft {
    let percent = percent(notice.used, notice.allowed);
    let page = app.config.link(&format!("/t/{}/storage", tenant.slug));
    Draft {
        subject: format!("The storage of {} is {percent} % full", tenant.name),
        text: format!(
            "{} uses {} of the {} that its plan allows. {}\n\nWhat takes the room, and how it grew: {page}\n\n\
             Delete files and snapshots that nobody needs, erase servers that are deleted and kept, or ask for a larger plan.\n",
            tenant.name,
            bytes(notice.used),
            bytes(notice.allowed),
            due.facts.overuse.consequence(),
        ),
        about: Some(notice.id.0),
    }
}

/// Keeps a warning, tells the tenant's owners of it, and its audit log.
async fn warn(
    app: &App,
    tx: &mut SystemTx,
    scope: &SystemScope,
    (tenant, due): (&Tenant, &Due),
    level: Level,
) -> Result<(), Error> {
    let now = app.now();
    let notice = NewNotice {
        id: NoticeId::new(&*app.ids, now),
        tenant: tenant.id,
        level,
        used: due.facts.used,
        allowed: due.facts.allowed,
    };
    store::insert_notice(tx, &notice, now).await?;
    notifications::tell_owners(app, tx, tenant, &told(app, tenant, due, &notice)).await?;
    let target = Target {
        kind: "tenant",
        id: Some(tenant.id.0),
        label: &tenant.name,
        tenant: Some(tenant.id),
    };
    let told = json!({
        "percent": level.percent(),
        "used_bytes": notice.used,
        "allowed_bytes": notice.allowed,
    });
    app.audit(tx, &scope.who, &target, &Change::to("storage.warn", told))
        .await
}
