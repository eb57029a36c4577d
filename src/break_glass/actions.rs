//! Opening and ending grants, and asking for one.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::notifications::{self, Draft};
use crate::platform::access::{Permission, StaffRole, StaffScope, Via, Who, staff_may};
use crate::platform::db::{Scoped, StaffTx};
use crate::platform::error::Error;
use crate::platform::events::{self, GUEST_TOPIC};
use crate::platform::ids::{BreakGlassId, TenantId, UserId};
use crate::tenants;
use crate::tickets::{self, EventKind, State, Ticket};

use super::TOPIC;
use super::model::{Grant, Part, Wish};
use super::store;

fn target(grant: &Grant) -> Target<'_> {
    Target {
        kind: "break_glass",
        id: Some(grant.id.0),
        label: &grant.staff_label,
        tenant: Some(grant.tenant),
    }
}

pub(super) fn is_open_already() -> Error {
    Error::conflict(
        "glass-open",
        "You have access to this organisation already. End it first.",
    )
}

fn is_closed() -> Error {
    Error::conflict(
        "glass-closed",
        "This is the customer's own. Break the glass first, with a ticket, a reason and a time.",
    )
}

/// Lets whoever asks see what is a ticket's tenant's for a while. The tenant sees it at once, and its owners get a mail.
pub async fn open(app: &App, scope: &StaffScope, ticket: Ticket, wish: &Wish) -> Result<Grant, Error> {
    let (now, staff) = (app.now(), scope.actor.user);
    let mut tx = scope.begin().await?;
    // The ticket first, as everywhere; and it may have been closed since it was chosen.
    let ticket = tickets::lock(&mut tx, ticket.id).await?;
    let Some(tenant) = ticket.tenant else {
        return Err(Error::invalid(
            "ticket",
            "This ticket is no organisation's. Choose one of the organisation's.",
        ));
    };
    if ticket.state == State::Closed {
        return Err(Error::invalid(
            "ticket",
            "This ticket is closed. Choose an open one.",
        ));
    }
    // One whose time is up, but whose end nobody has written yet, is in the way of no other.
    if let Some(before) = store::unended(&mut tx, (staff, tenant)).await? {
        if before.is_open(now) {
            return Err(is_open_already());
        }
        finish(app, &mut tx, &scope.who, &before, "time").await?;
    }
    let id = BreakGlassId::new(&*app.ids, now);
    let label = format!("{} ({})", scope.actor.name, scope.actor.email);
    let session = match scope.actor.via {
        Via::Session(id) => Some(id),
        Via::Token { .. } => None,
    };
    let by = (staff, session, label.as_str());
    store::insert(&mut tx, (id, tenant, ticket.id), by, wish, now).await?;
    let grant = store::find(&mut tx, id).await?;
    let told = json!({
        "parts": grant.parts, "reason": grant.reason, "ticket": grant.ticket_number, "until": grant.until,
    });
    let change = Change::to("break_glass.open", told);
    app.audit(&mut tx, &scope.who, &target(&grant), &change).await?;
    events::emit(&mut tx, Some(tenant), TOPIC, Some(id.0)).await?;
    let verb = format!(
        "opened access to {} until {}",
        grant.words(),
        grant.until.format("%H:%M UTC")
    );
    tickets::record(
        app,
        &mut tx,
        &scope.who,
        ticket.id,
        EventKind::ActedOn { verb },
        true,
    )
    .await?;
    mail(app, &mut tx, tenant, &grant).await?;
    tx.commit().await?;
    Ok(grant)
}

async fn mail(app: &App, tx: &mut StaffTx, tenant: TenantId, grant: &Grant) -> Result<(), Error> {
    let tenant = tenants::find_tenant(tx, tenant).await?;
    let draft = Draft {
        subject: format!("Staff opened access to {} of {}", grant.words(), tenant.name),
        text: format!(
            "{}\n\nWhat they look at is written down. See it here, now and later:\n{}/t/{}/break-glass\n",
            grant.sentence(),
            app.config.public_url,
            tenant.slug
        ),
        about: Some(grant.id.0),
    };
    notifications::tell_owners(app, tx, &tenant, &draft).await
}

/// Ends one early. Anybody of the staff who may open one may; ending twice changes nothing.
pub async fn end(app: &App, scope: &StaffScope, id: BreakGlassId) -> Result<Grant, Error> {
    let mut tx = scope.begin().await?;
    let grant = store::find(&mut tx, id).await?;
    let by = if grant.is_open(app.now()) { "staff" } else { "time" };
    finish(app, &mut tx, &scope.who, &grant, by).await?;
    let grant = store::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(grant)
}

/// Writes the end of one, tells whoever looks, and has the consoles closed that it opened.
pub(super) async fn finish(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    grant: &Grant,
    by: &str,
) -> Result<(), Error> {
    let at = app.now().min(grant.until);
    if !store::end(tx, grant.id, (at, by)).await? {
        return Ok(());
    }
    let change = Change::to("break_glass.end", json!({ "by": by, "uses": grant.uses }));
    app.audit(tx, who, &target(grant), &change).await?;
    events::emit(tx, Some(grant.tenant), TOPIC, Some(grant.id.0)).await?;
    if let Some(staff) = grant.staff {
        for server in store::open_consoles(tx, (staff, grant.tenant)).await? {
            // What consoles listen to, and then ask again whether they may stay.
            events::emit(tx, Some(grant.tenant), GUEST_TOPIC, Some(server.0)).await?;
        }
    }
    Ok(())
}

/// The roles that may break the glass.
pub(super) fn roles() -> Vec<String> {
    let all = StaffRole::ALL.iter().copied();
    all.filter(|role| staff_may(*role, Permission::StaffBreakGlass))
        .map(|role| role.name().to_owned())
        .collect()
}

/// Ends what somebody has open and may not have any more: they signed out, were disabled, or lost their role.
pub async fn end_lost(app: &App, tx: &mut impl Scoped, who: &Who, staff: UserId) -> Result<(), Error> {
    for grant in store::lost(tx, staff, &roles()).await? {
        finish(app, tx, who, &grant, "left").await?;
    }
    Ok(())
}

/// The open grant of whoever asks, for a part of what is a tenant's; refuses them without one.
pub async fn check(
    tx: &mut StaffTx,
    scope: &StaffScope,
    (tenant, part): (TenantId, Part),
    now: DateTime<Utc>,
) -> Result<Grant, Error> {
    let open = super::open_for(tx, scope.actor.user, tenant, now).await?;
    let open = open.filter(|grant| grant.parts.contains(&part));
    open.ok_or_else(is_closed)
}

/// Writes that something was looked at, in the transaction of the look.
pub async fn note_use(
    app: &App,
    tx: &mut StaffTx,
    grant: &Grant,
    (part, what): (Part, &str),
) -> Result<(), Error> {
    store::add_use(tx, grant, (part, what), app.now()).await?;
    events::emit(tx, Some(grant.tenant), TOPIC, Some(grant.id.0)).await
}
