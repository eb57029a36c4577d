//! Tells a ticket how what was done from it ended.
//!
//! Whoever does the work ends its operation and tells of the server; this hears that, and looks by itself once in a while. An act's
//! row is ended in the transaction that writes it into the ticket, so it is told once, by whichever panel.

use std::time::Duration;

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::TicketId;
use crate::tickets::{self, PostKind};
use crate::{backups, servers};

use super::incident::{said, system};
use super::model::escaped;
use super::{late, store};

/// What is not heard of is seen that late at most.
const PERIOD: Duration = Duration::from_secs(10);
/// News come in heaps.
const HEAP: Duration = Duration::from_millis(250);
const AT_ONCE: i64 = 50;

/// Starts it in the background of this process, and what asks for logs that are owed.
pub fn begin(app: &App) {
    late::begin(app);
    let watched = app.clone();
    app.tasks.spawn(async move { watch(watched).await });
}

async fn watch(app: App) {
    let scope = SystemScope::new(app.db.clone(), "breakdowns");
    let mut news = app.hub.subscribe();
    loop {
        let heard = events::heard(&mut news, &[servers::TOPIC, backups::TOPIC]);
        tokio::select! {
            () = app.tasks.stopping() => return,
            () = heard => {}
            () = tokio::time::sleep(PERIOD) => {}
        }
        tokio::time::sleep(HEAP).await;
        if let Err(error) = settle(&app, &scope).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "what became of acts is told later"
            );
        }
    }
}

/// Tells of all that has ended. Says how many.
pub(super) async fn settle(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let mut tx = scope.begin().await?;
    let ended = store::ended_acts(&mut tx, AT_ONCE).await?;
    let told: Vec<TicketId> = ended.iter().map(|act| act.ticket).collect();
    tickets::lock_in_order(&mut tx, &told).await?;
    for act in &ended {
        store::end_act(&mut tx, act, app.now()).await?;
        let how = match (act.outcome.as_deref(), &act.error) {
            (Some("succeeded"), _) => "it is done.".to_owned(),
            (Some("superseded"), _) => "something else was asked for before it was done.".to_owned(),
            (_, Some(error)) => format!("it failed. {}", escaped(error)),
            (_, None) => "it failed.".to_owned(),
        };
        let body = format!(
            "{} asked to {} {}: {how}",
            escaped(&act.by),
            act.verb,
            escaped(&act.server_name)
        );
        let post = said(PostKind::System, false, body);
        tickets::add_post(app, &mut tx, &system(), act.ticket, post).await?;
    }
    tx.commit().await?;
    Ok(u64::try_from(ended.len()).unwrap_or(u64::MAX))
}
