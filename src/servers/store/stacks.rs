//! Servers as parts of stacks.

use uuid::Uuid;

use crate::platform::db::{Scoped, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, StackId};

use super::super::model::{Server, StackPlace};
use super::rows::select;

/// Gives a new server its place in a stack.
pub async fn set_place(
    tx: &mut TenantTx,
    id: ServerId,
    place: &StackPlace,
    volumes_of: Option<ServerId>,
) -> Result<(), Error> {
    sqlx::query!(
        "update server set stack_id = $2, stack_blueprint = $3, stack_part = $4, stack_replica = $5, volumes_of = $6, \
         is_disk_enforced = (select h.is_disk_enforced from server h where h.id = $6) where id = $1",
        id.0,
        place.stack.0,
        place.blueprint,
        place.part,
        place.replica,
        volumes_of.map(|server| server.0)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether other servers have the volumes of this one, or it has another's. It is asked past what the scope sees: a guest sees no
/// other server.
pub async fn shares_volumes(tx: &mut impl Scoped, id: ServerId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(r#"select server_shares_volumes($1) as "shares!""#, id.0);
    Ok(found.fetch_one(tx.conn()).await?)
}

/// All servers of these stacks, deleted ones too.
pub async fn of_stacks(tx: &mut impl Scoped, stacks: &[StackId]) -> Result<Vec<Server>, Error> {
    let stacks: Vec<Uuid> = stacks.iter().map(|stack| stack.0).collect();
    let rows = select!(
        "where s.stack_id = any($1) order by s.stack_id, s.stack_part, s.stack_replica",
        &stacks
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Server::from).collect())
}

/// The same of one, locked until the transaction ends. Not their keys: replicas refer to the first of them, and a
/// reconciler that writes one of them twice looks whether that is there.
pub async fn lock_stack(tx: &mut impl Scoped, stack: StackId) -> Result<Vec<Server>, Error> {
    let rows = select!(
        "where s.stack_id = $1 order by s.stack_part, s.stack_replica for no key update of s",
        stack.0
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Server::from).collect())
}
