//! The queries of audit events.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::platform::access::Who;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{AuditId, TenantId, TokenId, UserId};

use super::model::{Change, Event, Filter, Target, words};

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

struct Row {
    id: Uuid,
    at: DateTime<Utc>,
    tenant_id: Option<Uuid>,
    tenant_name: Option<String>,
    actor_kind: String,
    actor_user_id: Option<Uuid>,
    actor_token_id: Option<Uuid>,
    actor_label: String,
    action: String,
    target_kind: String,
    target_id: Option<Uuid>,
    target_label: String,
    before: Option<Value>,
    after: Option<Value>,
    ip: Option<String>,
    request_id: Option<String>,
}

impl From<Row> for Event {
    fn from(row: Row) -> Self {
        Self {
            id: AuditId(row.id),
            at: row.at,
            tenant: row.tenant_id.map(TenantId),
            tenant_name: row.tenant_name,
            actor_kind: row.actor_kind,
            actor_user: row.actor_user_id.map(UserId),
            actor_token: row.actor_token_id.map(TokenId),
            actor: row.actor_label,
            action: row.action,
            target_kind: row.target_kind,
            target_id: row.target_id,
            target: row.target_label,
            before: row.before,
            after: row.after,
            ip: row.ip,
            request_id: row.request_id,
        }
    }
}

/// A page of the events that the scope may see, the newest first, those before the key `after`. Times are compared in
/// the index, whether a bound is given or not.
pub(super) async fn list(
    tx: &mut impl Scoped,
    filter: &Filter,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Event>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select a.id, a.at, a.tenant_id, t.name as "tenant_name?", a.actor_kind, a.actor_user_id, a.actor_token_id,
             a.actor_label, a.action, a.target_kind, a.target_id, a.target_label, a.before, a.after, a.ip, a.request_id
           from audit_event a left join tenant t on t.id = a.tenant_id
           where (a.at, a.id) < (coalesce($1, 'infinity'::timestamptz),
                                 coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
             and a.at >= coalesce($3, '-infinity'::timestamptz) and a.at < coalesce($4, 'infinity'::timestamptz)
             and ($5::text is null or a.action = $5 or starts_with(a.action, $5 || '.'))
             and ($6::text is null or a.actor_label ilike $6)
             and ($7::uuid is null or a.target_id = $7)
             and ($8::text is null or a.target_label ilike $8)
             and ($9::uuid is null or a.tenant_id = $9)
             and ($10::text is null or a.tenant_id = (select id from tenant where slug = $10))
           order by a.at desc, a.id desc limit $11"#,
        after.map(|(at, _)| at),
        after.map(|(_, id)| id),
        filter.from,
        filter.to,
        filter.action,
        filter.actor,
        filter.target,
        filter.target_name,
        filter.tenant,
        filter.tenant_slug,
        limit
    );
    Ok(rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Event::from)
        .collect())
}

/// What was done to a thing since a time, in words and by whom, the newest first.
pub async fn changes_of(
    tx: &mut impl Scoped,
    target: Uuid,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<(DateTime<Utc>, String)>, Error> {
    let rows = sqlx::query!(
        "select at, actor_label, action, target_label from audit_event where target_id = $1 and at >= $2 \
         order by at desc, id desc limit $3",
        target,
        since,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    let told = |action: &str, target: &str, who: &str| format!("{who}: {}", words(action, target));
    Ok(rows
        .map(|row| (row.at, told(&row.action, &row.target_label, &row.actor_label)))
        .collect())
}
