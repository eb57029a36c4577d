//! How many snapshots a server has, and which of them go to make room for others.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{ScheduleId, ServerId, SnapshotId};

/// How many a server has.
pub async fn count(tx: &mut impl Scoped, server: ServerId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from snapshot where server_id = $1"#,
        server.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// How many it has without those that are on their way out.
pub async fn count_staying(tx: &mut impl Scoped, server: ServerId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from snapshot where server_id = $1 and state <> 'removing'"#,
        server.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Begins to remove one of a server's, so that a schedule can take another: one that failed, else the oldest that a schedule took
/// which is not there any more, else the schedule's own oldest. Says whether there was any.
pub async fn make_room(
    tx: &mut impl Scoped,
    (server, schedule): (ServerId, ScheduleId),
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update snapshot set state = 'removing', next_attempt_at = $3, error = null, error_count = 0 where id = ( \
           select s.id from snapshot s where s.server_id = $1 and ( \
             (s.state = 'failed' and not snapshot_is_reported(s.id)) or (s.state = 'ready' and s.reason = 'schedule' \
             and (s.schedule_id = $2 or not exists (select from schedule h where h.id = s.schedule_id)))) \
           order by s.state = 'ready', s.schedule_id is not distinct from $2, s.created_at, s.id limit 1)",
        server.0,
        schedule.0,
        now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Begins to remove those of a server that a schedule took, beyond the newest `keep`. Those of schedules that are not there any
/// more, and those from before it was noted whose they are, count for whoever comes.
pub async fn prune(
    tx: &mut SystemTx,
    (server, schedule): (ServerId, Option<ScheduleId>),
    keep: i32,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let done = sqlx::query!(
        "update snapshot set state = 'removing', next_attempt_at = $3 where id in ( \
           select s.id from snapshot s where s.server_id = $1 and s.reason = 'schedule' and s.state = 'ready' \
             and (s.schedule_id = $4 or not exists (select from schedule h where h.id = s.schedule_id)) \
           order by s.created_at desc, s.id desc offset $2)",
        server.0,
        i64::from(keep),
        now,
        schedule.map(|id| id.0)
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}

/// The same of those that it could not take, beyond the newest three: they tell what is wrong. One stays as long as the work that
/// it reports to is under way, which would succeed without it.
pub async fn prune_failed(
    tx: &mut SystemTx,
    (server, schedule): (ServerId, Option<ScheduleId>),
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let done = sqlx::query!(
        "update snapshot set state = 'removing', next_attempt_at = $2, error = null, error_count = 0 where id in ( \
           select s.id from snapshot s where s.server_id = $1 and s.reason = 'schedule' and s.state = 'failed' \
             and (s.schedule_id = $3 or not exists (select from schedule h where h.id = s.schedule_id)) \
           order by s.created_at desc, s.id desc offset 3) and not snapshot_is_reported(id)",
        server.0,
        now,
        schedule.map(|id| id.0)
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}

/// Whether the work that one reports to still waits for others.
pub async fn is_reported(tx: &mut impl Scoped, id: SnapshotId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(r#"select snapshot_is_reported($1) as "reported!""#, id.0);
    Ok(found.fetch_one(tx.conn()).await?)
}
