//! Where windows can be that is no single location or server: sites and racks, as somebody wrote them down for locations.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::platform::db::{Scoped as _, StaffTx};
use crate::platform::error::Error;
use crate::platform::ids::{LocationId, ServerId};

use super::super::model::Place;

/// Site, room and rack of a window's row.
pub(super) type Spot = (Option<String>, Option<String>, Option<String>);

/// The place that a window's row names.
pub(super) fn read((location, server): (Option<Uuid>, Option<Uuid>), (site, room, rack): Spot) -> Place {
    match (location, server, site, rack) {
        (_, Some(id), ..) => Place::Server(ServerId(id)),
        (Some(id), ..) => Place::Location(LocationId(id)),
        (None, None, Some(site), Some(rack)) => Place::Rack {
            site,
            room: room.unwrap_or_default(),
            rack,
        },
        (None, None, Some(site), None) => Place::Site(site),
        (None, None, None, _) => Place::Everything,
    }
}

/// All sites and racks in which a location stands now, sites first.
pub async fn spots(tx: &mut StaffTx) -> Result<Vec<Place>, Error> {
    let rows =
        sqlx::query!("select distinct site, room, rack from location_inventory order by site, room, rack");
    let rows = rows.fetch_all(tx.conn()).await?;
    let sites: BTreeSet<String> = rows.iter().map(|row| row.site.clone()).collect();
    let sites = sites.into_iter().filter(|site| !site.is_empty()).map(Place::Site);
    let racks = rows.into_iter().filter(|row| !row.rack.is_empty());
    let racks = racks.map(|row| Place::Rack {
        site: row.site,
        room: row.room,
        rack: row.rack,
    });
    Ok(sites.chain(racks).collect())
}
