//! What a process does once before it works on servers.

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::ids::LocationId;

use super::super::model::{Location, PortRange};
use super::super::store;

/// Writes the location that the settings describe, or what changed of it.
pub async fn set_up_location(app: &App, scope: &SystemScope) -> Result<Location, Error> {
    let config = &app.config;
    let (first, last) = config.ports;
    let mut tx = scope.begin().await?;
    store::save_location(
        &mut tx,
        LocationId::new(&*app.ids, app.now()),
        (&config.publish_address.to_string(), &config.public_host),
        PortRange { first, last },
        &config.network_pool,
    )
    .await?;
    let location = store::own_location(&mut tx).await?;
    tx.commit().await?;
    location.ok_or_else(|| Error::internal("the location that was just written is not there"))
}
