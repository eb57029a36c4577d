//! What stands open, for whoever looks after it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{IncidentId, LocationId, MaintenanceId, ServerId};

use super::super::model::Signature;

/// What is known of something that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// How it fails.
    pub signature: Signature,
    /// In a line.
    pub summary: String,
    /// Somebody closed it: it waits for a good look.
    pub is_dismissed: bool,
}

impl Standing {
    /// Whether a bad look tells nothing new.
    pub fn says(&self, signature: Signature, summary: &str) -> bool {
        self.is_dismissed || (self.signature == signature && self.summary == summary)
    }
}

/// What engines say of servers that is open or dismissed: of these servers, or of all.
pub async fn standing(
    tx: &mut SystemTx,
    servers: Option<&[ServerId]>,
) -> Result<HashMap<ServerId, Standing>, Error> {
    let ids: Option<Vec<Uuid>> = servers.map(|all| all.iter().map(|id| id.0).collect());
    let rows = sqlx::query!(
        r#"select i.server_id as "server_id!", i.signature, i.summary, i.state, i.is_dismissed from incident i
           where i.server_id is not null and i.cause = 'server:' || i.server_id::text || ':engine' and (i.state = 'open' or i.is_dismissed)
             and ($1::uuid[] is null or i.server_id = any($1))"#,
        ids.as_deref()
    );
    let mut all = HashMap::new();
    for row in rows.fetch_all(tx.conn()).await? {
        let one = Standing {
            signature: Signature::read(&row.signature),
            summary: row.summary,
            is_dismissed: row.state == "closed" && row.is_dismissed,
        };
        // An open one counts for more than one that was closed before.
        let place = all.entry(ServerId(row.server_id)).or_insert_with(|| one.clone());
        if !one.is_dismissed {
            *place = one;
        }
    }
    Ok(all)
}

/// The same of engines that are away.
pub async fn standing_engines(tx: &mut SystemTx) -> Result<HashMap<LocationId, Standing>, Error> {
    let rows = sqlx::query!(
        r#"select location_id as "location_id!", signature, summary, state from incident
           where location_id is not null and signature = 'engine_away' and (state = 'open' or is_dismissed)"#
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| {
            let one = Standing {
                signature: Signature::read(&row.signature),
                summary: row.summary,
                is_dismissed: row.state == "closed",
            };
            (LocationId(row.location_id), one)
        })
        .collect())
}

/// What fails and was not told, because of something larger that is over since `before`, or because of maintenance that is not
/// among `running`; the longest first.
pub async fn untold(
    tx: &mut SystemTx,
    before: DateTime<Utc>,
    running: &[MaintenanceId],
    limit: i64,
) -> Result<Vec<IncidentId>, Error> {
    let running: Vec<Uuid> = running.iter().map(|id| id.0).collect();
    let ids = sqlx::query_scalar!(
        "select i.id from incident i left join incident p on p.id = i.parent_id \
         where i.state = 'open' and i.told_summary is null and (p.id is null or p.ended_at <= $1) \
           and (i.maintenance_id is null or i.maintenance_id <> all($2)) \
         order by i.failing_since, i.id limit $3",
        before,
        &running,
        limit
    );
    Ok(ids
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(IncidentId)
        .collect())
}

/// What is open although its server is deleted, gone, or another tenant's by now: nobody will look at it again, or what is found
/// from now on is nothing for whom it was.
pub async fn orphans(tx: &mut SystemTx) -> Result<Vec<IncidentId>, Error> {
    let ids = sqlx::query_scalar!(
        "select i.id from incident i where i.state = 'open' and i.server_id is not null \
         and not exists (select from server s where s.id = i.server_id and s.deleted_at is null and s.tenant_id = i.tenant_id) \
         order by i.id limit 200"
    );
    Ok(ids
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(IncidentId)
        .collect())
}

/// Those that somebody closed and whose end has to be told.
pub async fn owing(tx: &mut SystemTx) -> Result<Vec<IncidentId>, Error> {
    let ids = sqlx::query_scalar!(
        "select id from incident where owes_news and state = 'closed' order by id limit 200"
    );
    Ok(ids
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(IncidentId)
        .collect())
}
