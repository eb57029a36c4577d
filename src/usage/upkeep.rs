//! Looks after the tables between two measurements: parts that will be needed are made, five minutes and hours are rolled up
//! when they are over, and parts whose time is over are dropped, which never happens before they were rolled up.
//!
//! It keeps no state that matters. How far the roll-ups are stands in the database, in the transaction that computes them.

use chrono::{DateTime, TimeDelta, Utc};

use crate::app::App;
use crate::platform::error::Error;

use super::model::{Source, floor};
use super::store::{self, Part};

/// The longest time that one transaction rolls up, in steps: an hour of a thousand servers' measurements, two days of their
/// five minutes.
const AT_ONCE: i32 = 12;
/// Roll-ups wait so long for a measurement that another panel is still writing.
const LATE: TimeDelta = TimeDelta::seconds(5);

/// What was done last, so that it is not looked at every ten seconds.
#[derive(Debug, Default)]
pub(super) struct Upkeep {
    room_for: Option<DateTime<Utc>>,
    done_for: Option<DateTime<Utc>>,
}

fn step(source: Source) -> TimeDelta {
    match source {
        Source::TenSeconds | Source::FiveMinutes => TimeDelta::minutes(5),
        Source::Hour => TimeDelta::hours(1),
    }
}

const SOURCES: [Source; 3] = [Source::TenSeconds, Source::FiveMinutes, Source::Hour];

impl Upkeep {
    /// Makes the parts without which nothing can be written: once each five minutes, when the process begins, and when the
    /// clock was set back.
    pub(super) async fn make_room(&mut self, app: &App) -> Result<(), Error> {
        let now = app.now();
        let due = floor(now, step(Source::FiveMinutes));
        if self.room_for == Some(due) {
            return Ok(());
        }
        for source in SOURCES {
            keep_parts(app, source, now, DateTime::<Utc>::UNIX_EPOCH).await?;
        }
        self.room_for = Some(due);
        Ok(())
    }

    /// Rolls up what is over, and then drops what is too old. As often, and after the measurement, which must not wait for it.
    pub(super) async fn run(&mut self, app: &App) -> Result<(), Error> {
        let now = app.now();
        let due = floor(now - LATE, step(Source::FiveMinutes));
        if self.done_for == Some(due) {
            return Ok(());
        }
        for source in [Source::FiveMinutes, Source::Hour] {
            while roll_up(app, source, now).await? {}
        }
        for source in SOURCES {
            keep_parts(app, source, now, now - source.kept()).await?;
        }
        self.done_for = Some(due);
        Ok(())
    }
}

async fn keep_parts(
    app: &App,
    source: Source,
    now: DateTime<Utc>,
    forget_before: DateTime<Utc>,
) -> Result<(), Error> {
    let mut tx = app.db.system().await?;
    store::keep_parts(&mut tx, Part::of(source), (now, now), forget_before).await?;
    tx.commit().await
}

/// Rolls up what is over and was not yet. Says whether there may be more.
async fn roll_up(app: &App, into: Source, now: DateTime<Utc>) -> Result<bool, Error> {
    let step = step(into);
    let over = floor(now - LATE, step);
    let mut tx = app.db.system().await?;
    let done = store::rolled_until(&mut tx, into).await?;
    // The last step is computed again: another panel's measurement may have come late. What the finer table no longer
    // holds cannot be.
    let oldest = floor(now - kept_below(into), step) + step;
    let from = done.map_or(oldest, |done| (done - step).max(oldest));
    let to = over.min(from + step * AT_ONCE);
    if to <= from || done == Some(over) {
        return Ok(false);
    }
    store::roll_up(&mut tx, into, from, to).await?;
    tx.commit().await?;
    Ok(to < over)
}

/// How long the table is kept that a roll-up reads.
fn kept_below(into: Source) -> TimeDelta {
    match into {
        Source::TenSeconds | Source::FiveMinutes => Source::TenSeconds.kept(),
        Source::Hour => Source::FiveMinutes.kept(),
    }
}
