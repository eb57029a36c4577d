//! What the clock does with tickets.

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;

use super::super::model::{CLOSE_AFTER, State};
use super::super::store;
use super::set_state;

/// As many as are closed in one go; the next one goes on.
const BATCH: i64 = 500;

/// Closes what has been resolved for a week and nobody disagreed. Says how many. Harmless twice: each is looked at again under its
/// lock.
pub async fn close_resolved(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let limit = app.now() - CLOSE_AFTER;
    let due = store::resolved_before(&mut scope.begin().await?, limit, BATCH).await?;
    let mut closed = 0;
    for id in due {
        let mut tx = scope.begin().await?;
        let ticket = store::lock(&mut tx, id).await?;
        if ticket.state != State::Resolved || ticket.resolved_at.is_none_or(|at| at >= limit) {
            continue;
        }
        let why = "It has been resolved for a week.";
        set_state(app, &mut tx, &scope.who, id, State::Closed, Some(why)).await?;
        tx.commit().await?;
        closed += 1;
    }
    Ok(closed)
}
