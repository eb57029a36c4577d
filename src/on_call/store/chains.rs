//! Chains.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, StaffTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{EscalationId, RotaId, UserId};

use super::super::model::{Aim, Chain, Level};

async fn load(tx: &mut impl Scoped, only: Option<EscalationId>) -> Result<Vec<Chain>, Error> {
    let only = only.map(|id| id.0);
    let rows = sqlx::query!(
        r#"select id as "id: EscalationId", name, is_default, repeats, version from on_call_chain
           where $1::uuid is null or id = $1 order by lower(name), id"#,
        only
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    let mut chains: Vec<Chain> = rows
        .map(|row| Chain {
            id: row.id,
            name: row.name,
            is_default: row.is_default,
            repeats: row.repeats,
            levels: Vec::new(),
            version: row.version,
        })
        .collect();
    let levels = sqlx::query!(
        r#"select chain_id as "chain_id: EscalationId", rota_id as "rota_id: RotaId", user_id as "user_id: UserId", wait_minutes
           from on_call_level where $1::uuid is null or chain_id = $1 order by chain_id, position"#,
        only
    );
    for level in levels.fetch_all(tx.conn()).await? {
        let aim = level.rota_id.map(Aim::Rota).or(level.user_id.map(Aim::Person));
        let chain = chains.iter_mut().find(|chain| chain.id == level.chain_id);
        if let Some((chain, aim)) = chain.zip(aim) {
            chain.levels.push(Level {
                aim,
                wait: level.wait_minutes,
            });
        }
    }
    Ok(chains)
}

/// All of them by name.
pub async fn chains(tx: &mut impl Scoped) -> Result<Vec<Chain>, Error> {
    load(tx, None).await
}

/// One.
pub async fn chain(tx: &mut impl Scoped, id: EscalationId) -> Result<Chain, Error> {
    load(tx, Some(id)).await?.pop().ok_or(Error::NotFound)
}

/// The one that tickets use.
pub async fn default_chain(tx: &mut impl Scoped) -> Result<Option<EscalationId>, Error> {
    let id = sqlx::query_scalar!(r#"select id as "id: EscalationId" from on_call_chain where is_default"#);
    Ok(id.fetch_optional(tx.conn()).await?)
}

/// Makes all that choose which one tickets use wait for each other until the transaction ends: there is one at most.
pub async fn lock_default(tx: &mut StaffTx) -> Result<(), Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('the chain that tickets use', 12))")
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// One, kept from others' changes.
pub async fn lock_chain(tx: &mut StaffTx, id: EscalationId) -> Result<Chain, Error> {
    let found = sqlx::query_scalar!("select version from on_call_chain where id = $1 for update", id.0);
    found.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    chain(tx, id).await
}

fn taken(error: sqlx::Error) -> Error {
    if violates(&error, "on_call_chain_name_key") {
        return Error::invalid("name", "Another chain is called so. Use another name.");
    }
    error.into()
}

fn lost(error: sqlx::Error) -> Error {
    if violates(&error, "on_call_level_rota_id_fkey") {
        let message = "A rota of this chain was deleted meanwhile. Choose another one.";
        return Error::conflict("rota-gone", message);
    }
    error.into()
}

/// Writes a new one.
pub async fn insert_chain(
    tx: &mut StaffTx,
    (id, is_default): (EscalationId, bool),
    (name, repeats): (&str, i32),
    levels: &[Level],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into on_call_chain (id, name, is_default, repeats, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)",
        id.0,
        name,
        is_default,
        repeats,
        now
    )
    .execute(tx.conn())
    .await
    .map_err(taken)?;
    put_levels(tx, id, levels).await
}

async fn put_levels(tx: &mut StaffTx, id: EscalationId, levels: &[Level]) -> Result<(), Error> {
    sqlx::query!("delete from on_call_level where chain_id = $1", id.0)
        .execute(tx.conn())
        .await?;
    for (place, level) in levels.iter().enumerate() {
        let (rota, user): (Option<Uuid>, Option<Uuid>) = match level.aim {
            Aim::Rota(rota) => (Some(rota.0), None),
            Aim::Person(user) => (None, Some(user.0)),
            Aim::Anybody => (None, None),
        };
        sqlx::query!(
            "insert into on_call_level (chain_id, position, rota_id, user_id, wait_minutes) values ($1, $2, $3, $4, $5)",
            id.0,
            i32::try_from(place).unwrap_or(i32::MAX),
            rota,
            user,
            level.wait
        )
        .execute(tx.conn())
        .await
        .map_err(lost)?;
    }
    Ok(())
}

/// Writes what one is from now on.
pub async fn save_chain(
    tx: &mut StaffTx,
    id: EscalationId,
    (name, repeats): (&str, i32),
    levels: &[Level],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update on_call_chain set name = $2, repeats = $3, updated_at = $4, version = version + 1 where id = $1",
        id.0,
        name,
        repeats,
        now
    )
    .execute(tx.conn())
    .await
    .map_err(taken)?;
    put_levels(tx, id, levels).await
}

/// Lets none be the one that tickets use.
pub async fn clear_default(tx: &mut StaffTx) -> Result<(), Error> {
    sqlx::query!("update on_call_chain set is_default = false where is_default")
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Lets one be it.
pub async fn set_default(tx: &mut StaffTx, id: EscalationId) -> Result<(), Error> {
    sqlx::query!(
        "update on_call_chain set is_default = true, version = version + 1 where id = $1",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes one away. What pages by it goes on without a chain.
pub async fn delete_chain(tx: &mut StaffTx, id: EscalationId) -> Result<(), Error> {
    sqlx::query!("delete from on_call_chain where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The name of a chain that a rota stands in.
pub async fn is_rota_used(tx: &mut StaffTx, rota: RotaId) -> Result<Option<String>, Error> {
    let name = sqlx::query_scalar!(
        "select c.name from on_call_chain c join on_call_level l on l.chain_id = c.id where l.rota_id = $1 limit 1",
        rota.0
    );
    Ok(name.fetch_optional(tx.conn()).await?)
}
