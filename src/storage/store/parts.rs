//! The parts of the history: made before they are needed, dropped when what they hold is too old.

use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;

use super::super::model::Step;

/// Makes the parts of a table that will be needed soon and drops those that are too old. Repeating it changes nothing.
pub async fn keep_parts(tx: &mut SystemTx, step: Step, now: DateTime<Utc>) -> Result<i32, Error> {
    let (table, part, ahead) = match step {
        Step::Hour => ("storage_hour", "day", TimeDelta::days(2)),
        Step::Day => ("storage_day", "month", TimeDelta::days(32)),
    };
    let changed = sqlx::query_scalar!(
        r#"select usage_parts($1, $2, $3, $4, $5) as "changed!""#,
        table,
        part,
        now,
        now + ahead,
        now - step.kept()
    );
    Ok(changed.fetch_one(tx.conn()).await?)
}
