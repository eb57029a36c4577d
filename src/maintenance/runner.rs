//! Tells people of maintenance, and writes rows for times to come. The database is the queue: the row of a time says what was told
//! about it, and is written with what is told.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::app::App;
use crate::notifications::{self, Draft};
use crate::platform::access::SystemScope;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::{MaintenanceId, TenantId};
use crate::platform::{events, fault};
use crate::{tenants, webhooks};

use super::actions::HORIZON;
use super::model::{Maintenance, Notice, Run};
use super::{TOPIC, store};

/// How often to look without being told.
const PERIOD: Duration = Duration::from_secs(30);
/// Rows are written anew when they reach no further than this.
const SHORT: TimeDelta = TimeDelta::days(45);
/// So many times are told of at once.
const BATCH: i64 = 100;

/// Starts telling in the background of this process.
pub fn begin(app: &App) {
    app.tasks.spawn(run(app.clone()));
}

async fn run(app: App) {
    let scope = SystemScope::new(app.db.clone(), "maintenance");
    let mut news = app.hub.subscribe();
    loop {
        if let Err(error) = tell(&app, &scope).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "people were not told of maintenance"
            );
        }
        tokio::select! {
            () = app.tasks.stopping() => return,
            () = events::heard(&mut news, &[TOPIC]) => {}
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

/// Tells whatever is due now. One transaction for each time. Harmless twice.
///
/// # Errors
/// The first, after the others were told.
pub async fn tell(app: &App, scope: &SystemScope) -> Result<(), Error> {
    let now = app.now();
    extend(scope, now).await?;
    let mut tx = scope.begin().await?;
    let pending = store::pending(&mut tx, now, BATCH).await?;
    drop(tx);
    let mut outcome = Ok(());
    for (id, begins) in pending {
        outcome = outcome.and(one(app, scope, (id, begins), now).await);
    }
    outcome
}

/// Writes rows for the times of windows that come again and again.
async fn extend(scope: &SystemScope, now: DateTime<Utc>) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    for (id, planned) in store::short(&mut tx, now + SHORT).await? {
        let timing = store::find(&mut tx, id).await?.timing;
        let until = now + HORIZON;
        store::plan(&mut tx, id, &timing.occurrences(planned, until)).await?;
        store::planned(&mut tx, id, until).await?;
    }
    tx.commit().await
}

async fn one(
    app: &App,
    scope: &SystemScope,
    (id, begins): (MaintenanceId, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let Some(mut run) = store::lock_run(&mut tx, id, begins).await? else {
        return Ok(());
    };
    let window = store::find(&mut tx, id).await?;
    let Some(notice) = run.due(window.lead_hours, now) else {
        return Ok(());
    };
    if notice != Notice::Nothing {
        tell_all(app, &mut tx, &window, &run, notice).await?;
    }
    match notice {
        Notice::Announced => run.told_at = Some(now),
        Notice::Reminder => run.reminded_at = Some(now),
        Notice::Ended | Notice::Cancelled | Notice::Nothing => run.closed_at = Some(now),
    }
    store::save_told(&mut tx, id, &run).await?;
    fault::point("maintenance.told");
    tx.commit().await
}

async fn tell_all(
    app: &App,
    tx: &mut SystemTx,
    window: &Maintenance,
    run: &Run,
    notice: Notice,
) -> Result<(), Error> {
    hook(app, tx, None, (window, run, notice)).await?;
    for id in store::concerned(tx, window.id, (run.begins_at, run.ends_at)).await? {
        let tenant = tenants::find_tenant(tx, id).await?;
        let page = app.config.link(&format!("/t/{}/maintenance", tenant.slug));
        let draft = draft(window, run, notice, &page);
        notifications::tell_owners(app, tx, &tenant, &draft).await?;
        hook(app, tx, Some(id), (window, run, notice)).await?;
    }
    Ok(())
}

/// What webhooks are told something as.
fn event_of(notice: Notice) -> Option<&'static str> {
    match notice {
        Notice::Announced => Some("maintenance.announced"),
        Notice::Reminder => Some("maintenance.reminded"),
        Notice::Ended | Notice::Cancelled => Some("maintenance.ended"),
        Notice::Nothing => None,
    }
}

/// Tells webhooks: a tenant's, and the provider's, which hear it once for all tenants.
async fn hook(
    app: &App,
    tx: &mut SystemTx,
    tenant: Option<TenantId>,
    (window, run, notice): (&Maintenance, &Run, Notice),
) -> Result<(), Error> {
    let Some(event) = event_of(notice) else {
        return Ok(());
    };
    let about = format!("{event}:{}:{}", window.id, run.begins_at.timestamp());
    webhooks::tell_once(app, tx, tenant, (event, &about), said(window, run)).await
}

/// What programs read.
fn said(window: &Maintenance, run: &Run) -> Value {
    json!({
        "maintenance": {
            "id": window.id,
            "title": window.title,
            "body": window.body,
            "place": window.place_name,
            "begins_at": run.begins_at,
            "ends_at": run.ends_at,
            "is_cancelled": run.cancelled_at.is_some(),
        },
    })
}

/// What owners read.
fn draft(window: &Maintenance, run: &Run, notice: Notice, page: &str) -> Draft {
    let zone = window.timing.zone;
    let show = |at: DateTime<Utc>| {
        at.with_timezone(&zone)
            .format("%a %-d %b %Y, %H:%M %Z")
            .to_string()
    };
    let (begins, ends) = (show(run.begins_at), show(run.ends_at));
    let title = &window.title;
    let (subject, first) = match notice {
        Notice::Announced => (
            format!("Maintenance on {begins}: {title}"),
            format!("We plan maintenance from {begins} until {ends}."),
        ),
        Notice::Reminder => (
            format!("Maintenance begins soon: {title}"),
            format!("A reminder: maintenance begins on {begins} and ends on {ends}."),
        ),
        Notice::Cancelled => (
            format!("Maintenance called off: {title}"),
            format!("The maintenance that was to begin on {begins} does not take place."),
        ),
        Notice::Ended | Notice::Nothing => (
            format!("Maintenance is over: {title}"),
            format!("The maintenance that began on {begins} ended on {ends}."),
        ),
    };
    let about = match notice {
        Notice::Announced | Notice::Reminder => format!("\n\n{}", window.body),
        _ => String::new(),
    };
    Draft {
        subject,
        text: format!(
            "{first}\n\n{title}\nWhere: {}{about}\n\nAll maintenance that concerns you: {page}\n",
            window.place_name
        ),
        about: Some(window.id.0),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::model::{Place, Repeat, Timing};
    use super::*;

    #[test]
    fn people_read_times_of_the_windows_own_zone() {
        let begins: DateTime<Utc> = "2026-03-29T00:30:00Z".parse().unwrap();
        let window = Maintenance {
            id: MaintenanceId(Uuid::from_u128(1)),
            title: "New kernel".to_owned(),
            body: "Servers restart once.".to_owned(),
            place: Place::Everything,
            place_name: "Everything".to_owned(),
            timing: Timing {
                first: "2026-03-29T01:30:00".parse().unwrap(),
                minutes: 60,
                repeat: Repeat::Once,
                zone: chrono_tz::Europe::Berlin,
                until: None,
            },
            lead_hours: 72,
            cancelled_at: None,
            version: 1,
            created_by: "test".to_owned(),
        };
        let run = Run {
            begins_at: begins,
            ends_at: begins + TimeDelta::hours(1),
            cancelled_at: None,
            told_at: None,
            reminded_at: None,
            closed_at: None,
        };
        let told = draft(
            &window,
            &run,
            Notice::Announced,
            "https://panel/t/acme/maintenance",
        );
        assert_eq!(
            told.subject,
            "Maintenance on Sun 29 Mar 2026, 01:30 CET: New kernel"
        );
        assert_eq!(
            told.text,
            "We plan maintenance from Sun 29 Mar 2026, 01:30 CET until Sun 29 Mar 2026, 03:30 CEST.\n\nNew kernel\nWhere: \
             Everything\n\nServers restart once.\n\nAll maintenance that concerns you: https://panel/t/acme/maintenance\n"
        );
        let over = draft(&window, &run, Notice::Ended, "x");
        assert!(!over.text.contains("restart"), "{}", over.text);
    }
}
