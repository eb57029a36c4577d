//! The queries of logs that could not be read when evidence was gathered.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId, TicketId};

/// A log that is owed.
#[derive(Debug, Clone)]
pub struct OwedLog {
    incident: Uuid,
    failed_at: DateTime<Utc>,
    /// The ticket that waits for it.
    pub ticket: TicketId,
    /// Whose that is.
    pub tenant: TenantId,
    /// Whose log it is.
    pub server: ServerId,
    /// Since when it is owed.
    pub since: DateTime<Utc>,
    /// How often it was asked for since then.
    pub tries: i32,
}

/// Takes logs that are to be asked for now, until a time: whoever dies with them leaves them to others then.
pub async fn owed_logs(
    tx: &mut SystemTx,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<OwedLog>, Error> {
    let rows = sqlx::query!(
        r#"update breakdown_evidence e set log_next_at = $2 from
             (select incident_id, ticket_id, failed_at from breakdown_evidence where log_next_at <= $1 and server_id is not null
                order by log_next_at limit $3 for update skip locked) d
           where e.incident_id = d.incident_id and e.ticket_id = d.ticket_id and e.failed_at = d.failed_at
           returning e.incident_id, e.ticket_id, e.tenant_id, e.server_id as "server_id!", e.failed_at, e.gathered_at, e.log_tries"#,
        now,
        until,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| OwedLog {
            incident: row.incident_id,
            failed_at: row.failed_at,
            ticket: TicketId(row.ticket_id),
            tenant: TenantId(row.tenant_id),
            server: ServerId(row.server_id),
            since: row.gathered_at,
            tries: row.log_tries,
        })
        .collect())
}

/// Writes that a log follows now, or never will. Says whether it was owed still.
pub async fn end_log(tx: &mut SystemTx, owed: &OwedLog) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update breakdown_evidence set log_next_at = null \
         where incident_id = $1 and ticket_id = $2 and failed_at = $3 and log_next_at is not null",
        owed.incident,
        owed.ticket.0,
        owed.failed_at
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Writes when a log that could not be read again is asked for next.
pub async fn delay_log(tx: &mut SystemTx, owed: &OwedLog, next: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update breakdown_evidence set log_next_at = $4, log_tries = log_tries + 1 \
         where incident_id = $1 and ticket_id = $2 and failed_at = $3 and log_next_at is not null",
        owed.incident,
        owed.ticket.0,
        owed.failed_at,
        next
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
