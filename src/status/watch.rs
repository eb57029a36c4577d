//! What the panel notes of itself once a minute, so that pages can tell of it: that it lives, and whether the mail service does. And
//! pages are written where the operator wants them.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::app::App;
use crate::monitoring::{self, Signal, Signature};
use crate::platform::access::SystemScope;
use crate::platform::error::Error;

use super::{export, store};

const PERIOD: Duration = Duration::from_mins(1);
/// As long as no panel was known to live, none did. Longer than a restart takes.
const SILENCE: TimeDelta = TimeDelta::minutes(3);
/// The mail service has to be unwell for so long.
const PATIENCE: TimeDelta = TimeDelta::seconds(90);
/// What its incidents have as their cause; `status_read` in the database asks for it.
const MAIL_CAUSE: &str = "mail:service";

/// Starts it in the background of this process.
pub fn begin(app: &App) {
    app.tasks.spawn(run(app.clone()));
}

async fn run(app: App) {
    let scope = SystemScope::new(app.db.clone(), "status pages");
    let mut bad_since = None;
    loop {
        let written = match &app.config.status_export_dir {
            Some(folder) => export::export_all(&app, &scope, folder).await,
            None => Ok(()),
        };
        let parts = [
            ("life of the panel", beat(&app, &scope).await),
            ("mail service", look_at_mail(&app, &scope, &mut bad_since).await),
            ("export of status pages", written),
        ];
        for (part, outcome) in parts {
            if let Err(error) = outcome {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    part,
                    "status pages may not tell all"
                );
            }
        }
        tokio::select! {
            () = app.tasks.stopping() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

/// Notes that this panel lives, and since when none did if that is long.
pub(super) async fn beat(app: &App, scope: &SystemScope) -> Result<(), Error> {
    let (now, mut tx) = (app.now(), scope.begin().await?);
    let before = store::beat(&mut tx, now).await?;
    if now - before > SILENCE {
        store::note_gap(&mut tx, (before, now)).await?;
    }
    tx.commit().await
}

/// Asks the mail service, and reports what it says. What it is not for one look only is an incident.
pub(super) async fn look_at_mail(
    app: &App,
    scope: &SystemScope,
    bad_since: &mut Option<DateTime<Utc>>,
) -> Result<(), Error> {
    let Some(mail) = &app.mail else {
        return Ok(());
    };
    let ill: Vec<String> = match mail.health().await {
        Ok(programs) => {
            let ill = programs.into_iter().filter(|program| !program.is_up);
            ill.map(|program| program.program).collect()
        }
        Err(_) => vec!["all of it".to_owned()],
    };
    let now = app.now();
    let since = if ill.is_empty() {
        *bad_since = None;
        now
    } else {
        *bad_since.get_or_insert(now)
    };
    if !ill.is_empty() && now - since < PATIENCE {
        return Ok(());
    }
    let signal = Signal {
        cause: MAIL_CAUSE.to_owned(),
        tenant: None,
        location: None,
        server: None,
        check: None,
        signature: Signature::Mail,
        summary: format!("The mail service does not work: {}", ill.join(", ")),
        failing: !ill.is_empty(),
        since,
        detail: json!({ "programs": ill }),
    };
    let mut tx = scope.begin().await?;
    monitoring::report(app, &mut tx, signal).await?;
    tx.commit().await
}
