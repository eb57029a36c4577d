//! What signals do to incidents. Whoever writes holds the lock that [`super::serialize`] takes.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, StaffTx, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{IncidentId, MaintenanceId};

use super::super::model::{Around, Incident, Signal};

/// Opens a new one. Its server's name is kept, so that it can be read when the server is gone.
pub async fn insert(tx: &mut SystemTx, new: &Incident, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "insert into incident (id, tenant_id, location_id, server_id, server_name, check_id, cause, signature, summary, detail, \
           state, began_at, opened_at, failing_since, parent_id, maintenance_id, changed_at) \
         values ($1, $2, $3, $4, (select name from server where id = $4), $5, $6, $7, $8, $9, 'open', $10, $11, $11, $12, $13, $11)",
        new.id.0,
        new.tenant.map(|id| id.0),
        new.location.map(|id| id.0),
        new.server.map(|id| id.0),
        new.check.map(|id| id.0),
        new.cause,
        new.signature.word(),
        new.summary,
        new.detail,
        new.began_at,
        now,
        new.parent.map(|id| id.0),
        new.maintenance.map(|id| id.0)
    )
    .execute(tx.conn())
    .await?;
    begin_span(tx, new.id, new.began_at).await
}

async fn begin_span(tx: &mut SystemTx, id: IncidentId, began: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "insert into incident_span (incident_id, began_at) values ($1, $2) \
         on conflict (incident_id, began_at) do update set ended_at = null",
        id.0,
        began
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes down what is known of an open one now.
pub async fn update(
    tx: &mut SystemTx,
    id: IncidentId,
    signal: &Signal,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update incident set signature = $2, summary = $3, detail = $4, changed_at = $5 where id = $1",
        id.0,
        signal.signature.word(),
        signal.summary,
        signal.detail,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Opens a closed one again. The time in between does not count.
pub async fn relapse(
    tx: &mut SystemTx,
    known: &Incident,
    signal: &Signal,
    around: &Around,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update incident set state = 'open', ended_at = null, flaps = flaps + 1, signature = $2, summary = $3, detail = $4, \
           parent_id = $5, maintenance_id = $6, failing_since = $7, changed_at = $7, closed_by = null, close_reason = null, \
           owes_news = false where id = $1",
        known.id.0,
        signal.signature.word(),
        signal.summary,
        signal.detail,
        around.parent.map(|id| id.0),
        around.maintenance.map(|id| id.0),
        now
    )
    .execute(tx.conn())
    .await?;
    let began = known
        .ended_at
        .map_or(signal.since, |ended| ended.max(signal.since));
    begin_span(tx, known.id, began.min(now)).await
}

/// Forgets some that were over before `limit`: no larger one while it has parts, and none that somebody still has to hear of.
pub async fn forget(tx: &mut SystemTx, limit: DateTime<Utc>, most: i64) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "delete from incident where id in (select i.id from incident i \
           where i.state = 'closed' and i.ended_at < $1 and not i.is_dismissed and not i.owes_news \
             and not exists (select from incident part where part.parent_id = i.id) order by i.ended_at limit $2)",
        limit,
        most
    );
    Ok(gone.execute(tx.conn()).await?.rows_affected())
}

/// Closes one that is over.
pub async fn close(
    tx: &mut SystemTx,
    id: IncidentId,
    ended: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update incident set state = 'closed', ended_at = greatest($2, began_at), changed_at = $3 where id = $1",
        id.0,
        ended,
        now
    )
    .execute(tx.conn())
    .await?;
    end_span(tx, id, ended).await
}

async fn end_span(tx: &mut impl Scoped, id: IncidentId, ended: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update incident_span set ended_at = greatest($2, began_at) where incident_id = $1 and ended_at is null",
        id.0,
        ended
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets a cause open again that somebody had closed.
pub async fn forgive(tx: &mut SystemTx, id: IncidentId) -> Result<(), Error> {
    sqlx::query!("update incident set is_dismissed = false where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Closes one that is not over, because somebody says so; its end is told by whoever may.
pub async fn dismiss(
    tx: &mut StaffTx,
    id: IncidentId,
    (who, why): (&str, &str),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update incident set state = 'closed', ended_at = greatest($4, began_at), is_dismissed = true, closed_by = $2, \
           close_reason = $3, owes_news = told_summary is not null, changed_at = $4 where id = $1",
        id.0,
        who,
        why,
        now
    )
    .execute(tx.conn())
    .await?;
    end_span(tx, id, now).await
}

/// Closes what is a part of it and was told with it only.
pub async fn dismiss_children(
    tx: &mut StaffTx,
    parent: IncidentId,
    (who, why): (&str, &str),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "with gone as (update incident set state = 'closed', ended_at = greatest($4, began_at), is_dismissed = true, \
           closed_by = $2, close_reason = $3, changed_at = $4 \
           where parent_id = $1 and state = 'open' and told_summary is null returning id) \
         update incident_span s set ended_at = greatest($4, s.began_at) from gone \
           where s.incident_id = gone.id and s.ended_at is null",
        parent.0,
        who,
        why,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes what people know of it now.
pub async fn told(tx: &mut SystemTx, id: IncidentId, summary: &str) -> Result<(), Error> {
    sqlx::query!(
        "update incident set told_summary = $2, owes_news = false where id = $1",
        id.0,
        summary
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that the end of one that somebody closed was told.
pub async fn paid(tx: &mut SystemTx, id: IncidentId) -> Result<(), Error> {
    sqlx::query!("update incident set owes_news = false where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Lets one that waited for a parent or a window stand as if it had failed now, or wait for others.
pub async fn release(
    tx: &mut SystemTx,
    id: IncidentId,
    around: &Around,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let maintenance = around.maintenance.map(|MaintenanceId(id)| id);
    sqlx::query!(
        "update incident set parent_id = $2, maintenance_id = $3, failing_since = $4, changed_at = $4 where id = $1",
        id.0,
        around.parent.map(|id| id.0),
        maintenance,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
