//! The organisation, its people, and what its servers share.

use serde_json::json;

use super::super::outer::{Outer, Stop};
use super::super::source::Source;
use super::super::store;

pub(super) async fn write(source: &Source, outer: &mut Outer) -> Result<(), Stop> {
    let mut tx = source.begin().await?;
    let organisation = store::organisation(&mut tx, source.tenant).await?;
    let people = json!({
        "members": store::members(&mut tx, source.tenant).await?,
        "invitations": store::invitations(&mut tx, source.tenant).await?,
    });
    drop(tx);
    outer.json("tenant.json", &organisation).await?;
    outer.json("members.json", &people).await
}

pub(super) async fn write_things(source: &Source, outer: &mut Outer) -> Result<(), Stop> {
    let mut tx = source.begin().await?;
    let networks = store::networks(&mut tx, source.tenant).await?;
    let stacks = store::stacks(&mut tx, source.tenant).await?;
    let backups = store::backups(&mut tx, source.tenant).await?;
    drop(tx);
    outer.json("networks.json", &networks).await?;
    outer.json("stacks.json", &stacks).await?;
    outer.json("backups.json", &backups).await
}
