//! The queries of the record of uses.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, ShareId, ShareUseId, TenantId};

use super::super::record::model::{LinkUse, News, Seen, ShareUseVerb, ShareUseWay, Use};

/// How many uses of a server are kept.
const MOST_OF_SERVER: i64 = 100_000;

/// The number of the newest use of a server that is known, locked; nothing if the server never had a share.
pub async fn lock_seen(tx: &mut SystemTx, server: ServerId) -> Result<Option<i64>, Error> {
    let row = sqlx::query_scalar!(
        "select uses_seen from share_state where server_id = $1 for update",
        server.0
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}

/// Adds what a server wrote down, and when its shares and people were there last.
pub async fn add_seen(
    tx: &mut SystemTx,
    (tenant, server): (TenantId, ServerId),
    (ids, news): (&[Uuid], &News),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let found = &news.uses;
    let text =
        |of: fn(&Seen) -> &str| -> Vec<String> { found.iter().map(|one| of(one).to_owned()).collect() };
    let ats: Vec<DateTime<Utc>> = found.iter().map(|one| one.at).collect();
    let ips: Vec<Option<String>> = found.iter().map(|one| one.ip.clone()).collect();
    sqlx::query!(
        "insert into share_use (id, tenant_id, server_id, share_id, share_name, login, way, verb, path, ip, at) \
         select u.id, $1, $2, h.id, u.share, u.login, u.way, u.verb, u.path, u.ip, u.at \
         from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::timestamptz[]) \
           as u(id, share, login, way, verb, path, ip, at) left join share h on h.server_id = $2 and h.name = u.share and h.created_at <= u.at",
        tenant.0,
        server.0,
        ids,
        &text(|one| &one.share),
        &text(|one| &one.login),
        &text(|one| one.way.word()),
        &text(|one| one.verb.word()),
        &text(|one| &one.path),
        &ips as &[Option<String>],
        &ats
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update share_state set uses_seen = $2, uses_dropped = uses_dropped + $3, \
         uses_dropped_at = case when $3 > 0 then $4 else uses_dropped_at end where server_id = $1",
        server.0,
        news.newest,
        news.dropped,
        now
    )
    .execute(tx.conn())
    .await?;
    // Nobody fills the database with what a server says: the newest stay.
    sqlx::query!(
        "delete from share_use where server_id = $1 and (at, id) <= ( \
           select at, id from share_use where server_id = $1 order by at desc, id desc offset $2 limit 1)",
        server.0,
        MOST_OF_SERVER
    )
    .execute(tx.conn())
    .await?;
    save_last(tx, server, ids).await
}

/// How many uses a server dropped, and when it said so last.
pub async fn dropped(tx: &mut impl Scoped, server: ServerId) -> Result<Option<(i64, DateTime<Utc>)>, Error> {
    let row = sqlx::query!(
        r#"select uses_dropped, uses_dropped_at as "at!" from share_state where server_id = $1 and uses_dropped_at is not null"#,
        server.0
    );
    let row = row.fetch_optional(tx.conn()).await?;
    Ok(row.map(|row| (row.uses_dropped, row.at)))
}

/// Writes on shares and people what these uses say about when they were there last.
async fn save_last(tx: &mut SystemTx, server: ServerId, ids: &[Uuid]) -> Result<(), Error> {
    sqlx::query!(
        "update share_member m set last_used_at = greatest(m.last_used_at, u.at) from (select share_id, login, max(at) as at from share_use \
           where id = any($2) group by share_id, login) u, share_person p \
         where m.server_id = $1 and m.share_id = u.share_id and p.id = m.person_id and p.login = u.login",
        server.0,
        ids
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update share h set last_used_at = greatest(h.last_used_at, u.at) from (select share_id, max(at) as at from share_use \
           where id = any($2) group by share_id) u where h.server_id = $1 and h.id = u.share_id",
        server.0,
        ids
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Adds what was done by a link of a share, which may have gone meanwhile.
pub async fn add_by_link(
    tx: &mut SystemTx,
    (tenant, server): (TenantId, ServerId),
    id: Uuid,
    one: &LinkUse<'_>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into share_use (id, tenant_id, server_id, share_id, share_name, way, verb, path, ip, at) \
         values ($1, $2, $3, (select id from share where id = $4 for key share), $5, $6, $7, $8, $9, $10)",
        id,
        tenant.0,
        server.0,
        one.share.0.0,
        one.share.1,
        ShareUseWay::Link.word(),
        one.verb.word(),
        one.path,
        one.ip,
        one.at
    )
    .execute(tx.conn())
    .await?;
    save_last(tx, server, &[id]).await
}

struct Row {
    id: Uuid,
    at: DateTime<Utc>,
    share_id: Option<Uuid>,
    share_name: String,
    login: Option<String>,
    way: String,
    verb: String,
    path: String,
    ip: Option<String>,
}

impl TryFrom<Row> for Use {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let unknown = || Error::internal("a use of a share has a word that is not known");
        Ok(Self {
            id: ShareUseId(row.id),
            at: row.at,
            share: row.share_id.map(ShareId),
            share_name: row.share_name,
            login: row.login,
            way: ShareUseWay::read(&row.way).ok_or_else(unknown)?,
            verb: ShareUseVerb::read(&row.verb).ok_or_else(unknown)?,
            path: row.path,
            ip: row.ip,
        })
    }
}

/// A page of a server's uses, or of one share's, the newest first, those before the key.
pub async fn uses(
    tx: &mut impl Scoped,
    (server, share): (ServerId, Option<ShareId>),
    pattern: Option<&str>,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Use>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, at, share_id, share_name, login, way, verb, path, ip from share_use \
         where server_id = $1 and ($2::uuid is null or share_id = $2) \
           and (at, id) < (coalesce($3, 'infinity'::timestamptz), coalesce($4, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)) \
           and ($5::text is null or login ilike $5 or path ilike $5 or share_name ilike $5 or ip ilike $5) \
         order by at desc, id desc limit $6",
        server.0,
        share.map(|share| share.0),
        before.map(|(at, _)| at),
        before.map(|(_, id)| id),
        pattern,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    rows.into_iter().map(Use::try_from).collect()
}

/// Forgets uses from before then. Says how many.
pub async fn purge_uses(tx: &mut SystemTx, before: DateTime<Utc>) -> Result<u64, Error> {
    let done = sqlx::query!("delete from share_use where at < $1", before);
    Ok(done.execute(tx.conn()).await?.rows_affected())
}
