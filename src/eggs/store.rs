//! The queries of eggs and their versions.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::platform::db::{Scoped, StaffTx};
use crate::platform::error::Error;

/// A version as it is kept.
#[derive(Debug, Clone)]
pub(super) struct VersionRow {
    pub(super) egg: String,
    pub(super) number: i32,
    pub(super) category: String,
    pub(super) source: String,
    pub(super) images: Value,
    pub(super) created_by: String,
    pub(super) created_at: DateTime<Utc>,
}

/// An imported template in the list of staff.
#[derive(Debug, Clone)]
pub(super) struct EggRow {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) category: String,
    pub(super) is_enabled: bool,
    pub(super) newest: i32,
    pub(super) servers: i64,
    pub(super) updated_at: DateTime<Utc>,
}

/// One version.
pub(super) async fn version(
    tx: &mut impl Scoped,
    egg: &str,
    number: i32,
) -> Result<Option<VersionRow>, Error> {
    let row = sqlx::query_as!(
        VersionRow,
        "select v.egg, v.number, e.category, v.source, v.images, v.created_by, v.created_at \
         from egg_version v join egg e on e.name = v.egg where v.egg = $1 and v.number = $2",
        egg,
        number
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}

/// The number of the newest version that is offered.
pub(super) async fn offered(tx: &mut impl Scoped, egg: &str) -> Result<Option<i32>, Error> {
    Ok(sqlx::query_scalar!(
        r#"select max(v.number) as "number?" from egg_version v join egg e on e.name = v.egg
           where v.egg = $1 and e.is_enabled"#,
        egg
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The newest versions of all that are offered: name and number.
pub(super) async fn all_offered(tx: &mut impl Scoped) -> Result<Vec<(String, i32)>, Error> {
    let rows = sqlx::query!(
        r#"select e.name, max(v.number) as "number!" from egg e join egg_version v on v.egg = e.name
           where e.is_enabled group by e.name, e.title order by lower(e.title), e.name"#
    );
    Ok(rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(|row| (row.name, row.number))
        .collect())
}

/// All eggs, with how many servers use them.
pub(super) async fn list(tx: &mut StaffTx) -> Result<Vec<EggRow>, Error> {
    let rows = sqlx::query_as!(
        EggRow,
        r#"select e.name, e.title, e.category, e.is_enabled, e.updated_at,
             (select max(number) from egg_version v where v.egg = e.name) as "newest!",
             (select count(*) from server s where split_part(s.template, '@', 1) = e.name and s.template like '%@%') as "servers!"
           from egg e order by lower(e.title), e.name"#
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// Writes a new egg. Says whether its name was free.
pub(super) async fn insert(
    tx: &mut StaffTx,
    (name, title, category): (&str, &str, &str),
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into egg (name, title, category, created_at, updated_at) values ($1, $2, $3, $4, $4) on conflict do nothing",
        name,
        title,
        category,
        now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Keeps an egg from being removed until the transaction ends, for who makes a server of it.
pub(super) async fn hold(tx: &mut impl Scoped, name: &str) -> Result<(), Error> {
    sqlx::query!(
        "select pg_advisory_xact_lock_shared(hashtextextended($1, 3))",
        name
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Waits for those who make servers of an egg, and keeps others from it.
pub(super) async fn claim(tx: &mut StaffTx, name: &str) -> Result<(), Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 3))", name)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Locks an egg until the transaction ends, so that two imports get two numbers.
pub(super) async fn lock(tx: &mut StaffTx, name: &str) -> Result<(), Error> {
    let found = sqlx::query_scalar!("select name from egg where name = $1 for update", name);
    found
        .fetch_optional(tx.conn())
        .await?
        .map(drop)
        .ok_or(Error::NotFound)
}

/// Writes the next version, and what the egg is now. Gives its number.
pub(super) async fn add_version(
    tx: &mut StaffTx,
    (name, title, category): (&str, &str, &str),
    (source, images): (&str, &Value),
    created_by: &str,
    now: DateTime<Utc>,
) -> Result<i32, Error> {
    sqlx::query!(
        "update egg set title = $2, category = $3, updated_at = $4 where name = $1",
        name,
        title,
        category,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(sqlx::query_scalar!(
        "insert into egg_version (egg, number, source, images, created_by, created_at) \
         select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5 from egg_version where egg = $1 returning number",
        name,
        source,
        images,
        created_by,
        now
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Offers an egg, or not.
pub(super) async fn set_enabled(
    tx: &mut StaffTx,
    name: &str,
    enabled: bool,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update egg set is_enabled = $2, updated_at = $3 where name = $1",
        name,
        enabled,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many servers use an egg.
pub(super) async fn servers(tx: &mut StaffTx, name: &str) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from server where split_part(template, '@', 1) = $1 and template like '%@%'"#,
        name
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Removes an egg with its versions.
pub(super) async fn remove(tx: &mut StaffTx, name: &str) -> Result<(), Error> {
    sqlx::query!("delete from egg where name = $1", name)
        .execute(tx.conn())
        .await?;
    Ok(())
}
