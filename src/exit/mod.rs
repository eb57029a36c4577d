//! All that a tenant has, as one download; and nothing of anybody else's.
//!
//! - It is streamed, and staged nowhere: neither memory nor the host's disk holds it. Volumes are passed on from the engine's
//!   own tars, entry by entry, and the checksums of what went by follow in parts.
//! - It ends with an entry `END.json`. Whatever cuts it off, a broken transfer, a panel that stops or an engine that is away,
//!   cuts it off before that, so that nobody takes a part for the whole.
//! - What is in it is a list, `sections`: whoever adds a feature that tenants have data in adds a line there.
//! - All that is read is read inside the tenant: row-level security keeps every other tenant's rows out, for staff too.
//! - Staff take one only while they have broken the glass for it ([`crate::break_glass`]); it is cut off when that ends.
//! - One at a time for a tenant. Its row is a lease that its sender renews; one that is not renewed was cut off.

mod actions;
mod api;
mod model;
mod outer;
mod pages;
mod sections;
mod source;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

pub use actions::clean_up;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

/// Events about a tenant's downloads have this topic; the target is the download.
pub const TOPIC: &str = "exit-archive";

/// The feature's addresses.
pub fn routes() -> Routes<App> {
    let own = Rule::Tenant(P::TenantExport);
    let staff = Rule::Staff(P::StaffTenantExport);
    Routes::new()
        .get("/t/{tenant}/settings/archive", own, pages::own)
        .get("/t/{tenant}/settings/archive/live", own, pages::live)
        .get("/t/{tenant}/settings/archive/download", own, pages::download)
        .get("/staff/tenants/{tenant}/archive", staff, pages::of_tenant)
        .get(
            "/staff/tenants/{tenant}/archive/download",
            staff,
            pages::staff_download,
        )
        .api(own, operation!(api::list))
        .api(own, operation!(api::download))
        .api(staff, operation!(api::staff_list))
        .api(staff, operation!(api::staff_download))
}
