//! Break-glass: staff see what is a customer's own only with a reason, a ticket of that customer and a time limit, and the customer
//! sees that they did.
//!
//! - A grant is one person's, for one organisation, for some of: consoles, files, mail, the whole archive. Nobody has two for one organisation at
//!   once.
//! - Whoever looks asks first ([`check`]): a console when it is opened and once a minute from then on, everything else each time. What
//!   was looked at is written down with the look.
//! - It ends when its time is up, whether anything is written then or not, when somebody of the staff ends it, or when whoever opened
//!   it signs out, is disabled or loses the role; consoles and archives that it opened are broken off. Until then each of their pages
//!   says that it is open.
//! - The organisation's people see all of it at once and for good; its owners are told by mail.
//! - Mail: what is gated is the way of a customer's mail, message by message, and of what waits in the queue its people and subjects.
//!   The queue itself has to be worked on at night without a ticket, by its domains; the content of mail no page of staff shows at all.

mod actions;
mod api;
mod looks;
mod model;
mod pages;
mod staff;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
mod watch;

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::db::{Scoped, StaffTx};
use crate::platform::error::Error;
use crate::platform::ids::{BreakGlassId, TenantId, UserId};
use crate::platform::web::page::Tone;
use crate::platform::web::{Ctx, Routes, operation};

pub use actions::{check, end_lost, note_use};
pub use model::{Grant, Part};
pub use watch::begin;

/// Events about grants have this topic; the target is the grant.
pub const TOPIC: &str = "break_glass";

/// The grant by which one of the staff may see what is a tenant's now.
pub async fn open_for(
    tx: &mut StaffTx,
    staff: UserId,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<Option<Grant>, Error> {
    let newest = store::unended(tx, (staff, tenant)).await?;
    Ok(newest.filter(|grant| grant.is_open(now)))
}

/// All that one of the staff has open, for a part of what is tenants'.
pub async fn open_for_all(
    tx: &mut StaffTx,
    staff: UserId,
    part: Part,
    now: DateTime<Utc>,
) -> Result<Vec<Grant>, Error> {
    let mut open = store::open_by(tx, staff, now).await?;
    open.retain(|grant| grant.parts.contains(&part));
    Ok(open)
}

/// Whether a grant that was open still is.
pub async fn lasts(tx: &mut impl Scoped, id: BreakGlassId, now: DateTime<Utc>) -> Result<bool, Error> {
    match store::find(tx, id).await {
        Ok(grant) => Ok(grant.is_open(now)),
        Err(Error::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Says on a tenant's page that staff can see what is the tenant's now.
pub async fn with_banner(
    tx: &mut impl Scoped,
    ctx: Ctx,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<Ctx, Error> {
    let open = store::open_of(tx, tenant, now).await?;
    Ok(open
        .iter()
        .fold(ctx, |ctx, grant| ctx.with_banner(Tone::Warn, grant.sentence())))
}

/// The feature's addresses.
pub fn routes() -> Routes<App> {
    let own = Rule::Tenant(P::BreakGlassRead);
    let read = Rule::Staff(P::StaffBreakGlassRead);
    let look = Rule::Staff(P::StaffBreakGlass);
    Routes::new()
        .get("/t/{tenant}/break-glass", own, pages::list)
        .get("/t/{tenant}/break-glass/live", own, pages::live)
        .get("/staff/break-glass", read, staff::list)
        .get("/staff/break-glass/new", look, staff::new)
        .form("/staff/break-glass", look, staff::open)
        .get("/staff/break-glass/{grant}", read, staff::show)
        .post("/staff/break-glass/{grant}/end", look, staff::end)
        .get(
            "/staff/break-glass/{grant}/servers/{server_id}/files",
            look,
            looks::files,
        )
        .get(
            "/staff/break-glass/{grant}/servers/{server_id}/files/content",
            look,
            looks::content,
        )
        .get("/staff/break-glass/{grant}/mail", look, looks::mail)
        .api(own, operation!(api::list))
        .api(read, operation!(api::staff_list))
        .api(read, operation!(api::staff_show))
        .api(look, operation!(api::open))
        .api(look, operation!(api::end))
        .api(look, operation!(api::files))
        .api(look, operation!(api::content))
        .api(look, operation!(api::mail))
}
