//! Break-glass: staff see what is a customer's own only with a reason, a ticket of that customer and a time limit, and the customer
//! sees that they did.
//!
//! - A grant is one person's, for one organisation, for some of: consoles, files, mail. Nobody has two for one organisation at once.
//! - Whoever looks asks first ([`check`]): a console when it is opened and once a minute from then on, everything else each time. What
//!   was looked at is written down with the look.
//! - It ends when its time is up, whether anything is written then or not, or when somebody of the staff ends it; consoles that it
//!   opened are closed at once.
//! - The organisation's people see all of it at once and for good; its owners are told by mail.
//! - Mail: what is gated is the way of a customer's mail, message by message. The queue of the whole mail service is not, which has
//!   envelopes only and has to be worked on at night without a ticket; the content of mail no page of staff shows at all.

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
use utoipa_axum::routes;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::db::{Scoped, StaffTx};
use crate::platform::error::Error;
use crate::platform::ids::{TenantId, UserId};
use crate::platform::web::page::Tone;
use crate::platform::web::{Ctx, Routes};

pub use actions::{check, note_use};
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
        .api(own, routes!(api::list))
        .api(read, routes!(api::staff_list))
        .api(read, routes!(api::staff_show))
        .api(look, routes!(api::open))
        .api(look, routes!(api::end))
        .api(look, routes!(api::files))
        .api(look, routes!(api::content))
        .api(look, routes!(api::mail))
}
