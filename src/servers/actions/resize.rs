//! Another size for any tenant's server, by staff: within the tenant's plan, as the tenant's own people have it.

use crate::app::App;
use crate::audit::Change;
use crate::eggs;
use crate::platform::access::Who;
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::{storage, tenants};

use super::super::model::admit;
use super::super::store::{self, Wish};
use super::create::fits_template;
use super::room::has_room;
use super::update::template_is_gone;
use super::{Asked, announce, shown, target};

/// Gives a server another size inside of a transaction that its caller ends; the caller then pokes the reconciler.
pub async fn resize_within(
    app: &App,
    tx: &mut StaffTx,
    who: &Who,
    id: ServerId,
    size: &str,
) -> Result<Asked, Error> {
    let tenant = store::find(tx, id).await?.tenant;
    store::lock_tenant(tx, tenant).await?;
    let before = store::lock(tx, id).await?;
    before.check_stays()?;
    let size = store::find_size(tx, size).await?;
    let size = size.ok_or_else(|| Error::invalid("size", "Choose one of the sizes."))?;
    let offer = eggs::warm(app, tx, &before.template).await?;
    let offer = offer.ok_or_else(|| template_is_gone(&before.template))?;
    fits_template(&size, &offer).map_err(|message| Error::invalid("size", message))?;
    if size.id == before.size && size.resources == before.resources {
        return Err(Error::conflict("same-size", "The server has this size already."));
    }
    has_room(tx, &before, &size).await?;
    let limits = tenants::find_tenant(tx, before.tenant).await?.limits;
    let used = tenants::usage(tx, before.tenant, app.now()).await?;
    let more = size.resources.instead_of(before.resources);
    let limits = storage::limits(tx, before.tenant, limits, &more).await?;
    admit(&limits, &used, &more)?;
    store::save_size(tx, id, &size).await?;
    let wish = Wish {
        settings: true,
        ..Wish::default()
    };
    store::wish(tx, id, wish, app.now()).await?;
    let server = store::find(tx, id).await?;
    let operation = announce(app, tx, who, &server, ("server.resize", "resize")).await?;
    let change = Change::between("server.configure", shown(&before), shown(&server));
    app.audit(tx, who, &target(&server), &change).await?;
    Ok(Asked { server, operation })
}
