//! Moving a server to another tenant, by staff: because a customer's company was sold, split or billed anew.
//!
//! Data, addresses, settings, history, use and operations go along. Guests and their tokens end, the former tenant's networks
//! are left for the new one's common network, and schedules are paused until somebody there has read them. Audit events stay
//! where they happened; both logs tell of the move, and neither names the other organisation: who else is a customer is
//! nobody's business.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::eggs;
use crate::platform::access::StaffScope;
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::events::{self, GUEST_TOPIC};
use crate::platform::ids::{ServerId, TenantId, TicketId};
use crate::tenants::{self, Status, Tenant};
use crate::tickets::{self, EventKind};
use crate::volumes;

use super::super::model::{Server, ServerName};
use super::super::store;
use super::check_whole;
use super::create::fit;
use super::delete::confirm;
use super::restore::{Restored, names};
use super::{KIND, TOPIC, announce, shown, target};

const ACTION: &str = "server.move";

/// Refuses to let a server go from its tenant: whatever binds it there is asked here.
pub async fn may_leave(tx: &mut StaffTx, server: &Server) -> Result<(), Error> {
    server.check_stays()?;
    server.check_alone()?;
    volumes::check_free(tx, server).await?;
    check_whole(tx, server).await
}

/// Moves a server to another tenant; see `confirm` for `typed`. Its name is its own, or the next best if another server there
/// has it. The ticket that it is moved from, one of the former tenant's, tells of it to staff.
pub async fn move_server(
    app: &App,
    scope: &StaffScope,
    id: ServerId,
    (to, ticket): (TenantId, Option<TicketId>),
    typed: Option<&str>,
) -> Result<Restored, Error> {
    let mut tx = scope.begin().await?;
    // Before the server, as all acts of a ticket do.
    let ticket = match ticket {
        Some(ticket) => Some(tickets::lock(&mut tx, ticket).await?),
        None => None,
    };
    let new = match tenants::find_tenant(&mut tx, to).await {
        Err(Error::NotFound) => return Err(Error::invalid("tenant", "Choose one of the tenants.")),
        other => other?,
    };
    store::lock_tenant(&mut tx, to).await?;
    let before = store::lock(&mut tx, id).await?;
    if ticket
        .as_ref()
        .is_some_and(|ticket| ticket.tenant != Some(before.tenant))
    {
        return Err(Error::NotFound);
    }
    confirm(&before, typed)?;
    check(app, &mut tx, &before, &new).await?;
    fit(app, &mut tx, to, &before.resources).await?;
    let (name, host_name) = names(&mut tx, to, &before, (None, ServerName::moved)).await?;
    store::move_server(&mut tx, id, to, (&name, &host_name), app.now()).await?;
    let server = store::find(&mut tx, id).await?;
    let operation = announce(app, &mut tx, &scope.who, &server, (ACTION, "move")).await?;
    let came = "It came here from another organisation.".to_owned();
    super::tell(app, &mut tx, &server, came).await?;
    tell(app, &mut tx, scope, (&before, &server)).await?;
    if let Some(ticket) = ticket {
        let verb = format!("move {}", before.name);
        let kind = EventKind::ActedOn { verb };
        tickets::record(app, &mut tx, &scope.who, ticket.id, kind, false).await?;
    }
    tx.commit().await?;
    app.poke_servers.poke();
    let renamed_from = Some(before.name).filter(|old| *old != server.name);
    Ok(Restored {
        server,
        operation,
        renamed_from,
    })
}

async fn check(app: &App, tx: &mut StaffTx, server: &Server, new: &Tenant) -> Result<(), Error> {
    may_leave(tx, server).await?;
    if server.tenant == new.id {
        return Err(Error::invalid(
            "tenant",
            "It is this tenant's already. Choose another.",
        ));
    }
    if new.status != Status::Active {
        return Err(Error::invalid(
            "tenant",
            "This tenant is not active, so the server could not run there. Resume it first, or choose another.",
        ));
    }
    if eggs::warm(app, tx, &server.template).await?.is_none() {
        let message =
            "Its template is no longer in the catalogue, so its container could not be made anew there.";
        return Err(Error::conflict("template-gone", message));
    }
    Ok(())
}

/// Writes it into both logs, and tells whoever looks: at the lists of both, and at the server's page and console, where those
/// of the former tenant have no business any more.
async fn tell(
    app: &App,
    tx: &mut StaffTx,
    scope: &StaffScope,
    (before, after): (&Server, &Server),
) -> Result<(), Error> {
    let left = Change {
        action: ACTION,
        before: Some(shown(before)),
        after: Some(json!({ "moved": "to another organisation" })),
    };
    let here = Target {
        kind: KIND,
        id: Some(before.id.0),
        label: &before.name,
        tenant: Some(before.tenant),
    };
    app.audit(tx, &scope.who, &here, &left).await?;
    let came = Change {
        action: ACTION,
        before: Some(json!({ "moved": "from another organisation" })),
        after: Some(shown(after)),
    };
    app.audit(tx, &scope.who, &target(after), &came).await?;
    for topic in [TOPIC, GUEST_TOPIC] {
        events::emit(tx, Some(before.tenant), topic, Some(before.id.0)).await?;
    }
    Ok(())
}
