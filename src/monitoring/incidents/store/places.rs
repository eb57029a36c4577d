//! Where locations stand.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, StaffTx};
use crate::platform::error::Error;
use crate::platform::ids::LocationId;

use super::super::group::Place;

/// What is written down about a location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// Which.
    pub location: LocationId,
    /// What it is called.
    pub name: String,
    /// The site.
    pub site: String,
    /// The room.
    pub room: String,
    /// The rack.
    pub rack: String,
    /// The unit in the rack.
    pub unit: String,
    /// What the machine is called in the provider's books.
    pub asset: String,
    /// Counts changes.
    pub version: i64,
}

impl From<Inventory> for Place {
    fn from(one: Inventory) -> Self {
        Self {
            location: one.location,
            name: one.name,
            site: one.site,
            room: one.room,
            rack: one.rack,
        }
    }
}

macro_rules! select {
    ($rest:literal $(, $argument:expr)*) => {
        sqlx::query!(
            r#"select l.id, l.name, coalesce(v.site, '') as "site!", coalesce(v.room, '') as "room!",
                 coalesce(v.rack, '') as "rack!", coalesce(v.unit, '') as "unit!", coalesce(v.asset, '') as "asset!",
                 coalesce(v.version, 0) as "version!"
               from location l left join location_inventory v on v.location_id = l.id "# + $rest
            $(, $argument)*
        )
    };
}

macro_rules! read {
    ($row:expr) => {
        Inventory {
            location: LocationId($row.id),
            name: $row.name,
            site: $row.site,
            room: $row.room,
            rack: $row.rack,
            unit: $row.unit,
            asset: $row.asset,
            version: $row.version,
        }
    };
}

/// A location.
pub async fn place(tx: &mut impl Scoped, id: LocationId) -> Result<Inventory, Error> {
    let row = select!("where l.id = $1", id.0).fetch_optional(tx.conn()).await?;
    row.map(|row| read!(row)).ok_or(Error::NotFound)
}

/// All locations.
pub async fn places(tx: &mut impl Scoped) -> Result<Vec<Inventory>, Error> {
    let rows = select!("order by l.name, l.id").fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(|row| read!(row)).collect())
}

/// Writes down where a location stands.
pub async fn save_place(tx: &mut StaffTx, new: &Inventory) -> Result<(), Error> {
    sqlx::query!(
        "insert into location_inventory as v (location_id, site, room, rack, unit, asset) values ($1, $2, $3, $4, $5, $6) \
         on conflict (location_id) do update set site = $2, room = $3, rack = $4, unit = $5, asset = $6, \
           version = v.version + 1",
        new.location.0,
        new.site,
        new.room,
        new.rack,
        new.unit,
        new.asset
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes down that a location stands there from now on. What was is kept with its times: maintenance of a rack is of what stood in
/// it then.
pub async fn save_stood(tx: &mut StaffTx, new: &Inventory, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update location_stood set until = greatest(since, $2) where location_id = $1 and until = 'infinity'",
        new.location.0,
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into location_stood (location_id, since, site, room, rack) values ($1, $2, $3, $4, $5) \
         on conflict (location_id, since) do update set site = $3, room = $4, rack = $5, until = 'infinity'",
        new.location.0,
        now,
        new.site,
        new.room,
        new.rack
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
