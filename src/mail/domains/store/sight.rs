//! When domains are looked at again, and what was seen.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::MailDomainId;

use super::super::model::Sight;

/// Takes verified domains that are due, at most `limit`, and puts their next look off until whoever took them must have died.
pub async fn claim_looks(
    tx: &mut SystemTx,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<MailDomainId>, Error> {
    let ids = sqlx::query_scalar!(
        r#"update mail_domain set look_at = $2 where id in (
             select id from mail_domain where verified_at is not null and look_at <= $1 order by look_at limit $3
             for update skip locked)
           returning id as "id: MailDomainId""#,
        now,
        until,
        limit
    );
    Ok(ids.fetch_all(tx.conn()).await?)
}

/// Keeps what was seen, and when to look next. Says whether the domain was lost sight of by this, or is seen again.
pub async fn save_sight(
    tx: &mut SystemTx,
    id: MailDomainId,
    sight: Sight,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let changed = sqlx::query_scalar!(
        r#"with before as (select id, lost_at from mail_domain where id = $1 for update)
           update mail_domain d set look_at = $2, lost_at = case when $3 then null when $4 then coalesce(d.lost_at, $5) else d.lost_at end
             from before where d.id = before.id
           returning (before.lost_at is null) <> (d.lost_at is null) as "changed!""#,
        id.0,
        now + sight.again(),
        sight == Sight::Here,
        sight == Sight::Gone,
        now
    );
    Ok(changed.fetch_optional(tx.conn()).await?.unwrap_or_default())
}
