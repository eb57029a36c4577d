//! The parts of the tables: made before they are needed, dropped when what they hold is too old.

use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;

use super::super::model::Source;

/// How a table is cut.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    table: &'static str,
    step: &'static str,
    ahead: TimeDelta,
}

impl Part {
    /// How the table of a source is cut: dropping a part forgets at most a twenty-fourth of what is kept. Parts are made so
    /// far ahead that a database that is full of locks for an hour loses nothing.
    pub fn of(source: Source) -> Self {
        let (table, step, ahead) = match source {
            Source::TenSeconds => ("usage_10s", "hour", TimeDelta::hours(3)),
            Source::FiveMinutes => ("usage_5m", "day", TimeDelta::days(2)),
            Source::Hour => ("usage_1h", "month", TimeDelta::days(32)),
        };
        Self { table, step, ahead }
    }
}

/// Makes the parts from `from` to some time after `now` and drops those that hold nothing from `forget_before` on. Says how
/// many it made and dropped. Repeating it changes nothing.
pub async fn keep_parts(
    tx: &mut SystemTx,
    part: Part,
    (from, now): (DateTime<Utc>, DateTime<Utc>),
    forget_before: DateTime<Utc>,
) -> Result<i32, Error> {
    let changed = sqlx::query_scalar!(
        r#"select usage_parts($1, $2, $3, $4, $5) as "changed!""#,
        part.table,
        part.step,
        from,
        now + part.ahead,
        forget_before
    );
    Ok(changed.fetch_one(tx.conn()).await?)
}
