//! The queries of audit events.

use chrono::{DateTime, Utc};

use crate::platform::access::Who;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::AuditId;

use super::model::{Change, Target};

/// Writes one event in the action's transaction.
pub async fn record(
    tx: &mut impl Scoped,
    (id, now): (AuditId, DateTime<Utc>),
    who: &Who,
    target: &Target<'_>,
    change: &Change,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into audit_event (id, at, tenant_id, actor_kind, actor_user_id, actor_token_id, actor_label, action, \
         target_kind, target_id, target_label, before, after, ip, request_id) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        id.0,
        now,
        target.tenant.map(|id| id.0),
        who.kind,
        who.user.map(|id| id.0),
        who.token.map(|id| id.0),
        who.label,
        change.action,
        target.kind,
        target.id,
        target.label,
        change.before,
        change.after,
        who.ip,
        who.request_id,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
