//! What pages tell, by the functions of the database that show no more than that; and how the panel notes that it lives.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::platform::db::{LoginConn, Scoped, StaffTx, SystemTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::StatusPageId;

/// What the world may read at an address. The connection is outside of every scope: it could read no table.
pub async fn public_read(
    conn: &mut LoginConn,
    slug: &str,
    now: DateTime<Utc>,
) -> Result<Option<Value>, Error> {
    let row = sqlx::query_scalar!(r#"select public_status($1, $2) as "told?""#, slug, now);
    Ok(row.fetch_one(conn.conn()).await?)
}

/// What a tenant's members may read of its page.
pub async fn read_as_member(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<Option<Value>, Error> {
    let row = sqlx::query_scalar!(r#"select members_status($1) as "told?""#, now);
    Ok(row.fetch_one(tx.conn()).await?)
}

/// What staff, and whoever exports pages, may read of any page.
pub async fn read_by_id(
    tx: &mut impl Scoped,
    id: StatusPageId,
    now: DateTime<Utc>,
) -> Result<Option<Value>, Error> {
    let row = sqlx::query_scalar!(r#"select staff_status($1, $2) as "told?""#, id.0, now);
    Ok(row.fetch_one(tx.conn()).await?)
}

/// The page at an address.
pub async fn by_slug(tx: &mut SystemTx, slug: &str) -> Result<Option<StatusPageId>, Error> {
    let id = sqlx::query_scalar!("select id from status_page where slug = $1", slug);
    Ok(id.fetch_optional(tx.conn()).await?.map(StatusPageId))
}

/// The pages that the world may read, with their addresses.
pub async fn public_slugs(tx: &mut SystemTx) -> Result<Vec<(StatusPageId, String)>, Error> {
    let rows = sqlx::query!(
        "select p.id, p.slug from status_page p left join tenant t on t.id = p.tenant_id \
         where p.visibility = 'public' and (p.tenant_id is null or t.status <> 'closed') order by p.slug"
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (StatusPageId(row.id), row.slug)).collect())
}

/// What is open now, for staff: of what, and what is known.
pub async fn open_incidents(tx: &mut StaffTx, limit: i64) -> Result<Vec<(String, String)>, Error> {
    let rows = sqlx::query!(
        r#"select concat_ws(', ', coalesce(i.server_name, l.name), t.name) as "what!", i.summary
           from incident i left join tenant t on t.id = i.tenant_id left join location l on l.id = i.location_id
           where i.state = 'open' and i.parent_id is null order by i.opened_at desc, i.id desc limit $1"#,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (row.what, row.summary)).collect())
}

/// Notes that a panel lives. Says when one did before.
pub async fn beat(tx: &mut SystemTx, now: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
    sqlx::query!(
        "insert into panel_beat (at) values ($1) on conflict (is_one) do nothing",
        now
    )
    .execute(tx.conn())
    .await?;
    let before = sqlx::query_scalar!("select at from panel_beat for update")
        .fetch_one(tx.conn())
        .await?;
    sqlx::query!("update panel_beat set at = greatest(at, $1)", now)
        .execute(tx.conn())
        .await?;
    Ok(before)
}

/// Notes that no panel lived in a time.
pub async fn note_gap(
    tx: &mut SystemTx,
    (began, ended): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), Error> {
    sqlx::query!(
        "insert into panel_gap (began_at, ended_at) values ($1, $2) on conflict do nothing",
        began,
        ended
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
