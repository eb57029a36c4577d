//! Volumes for people: all of them with what each holds, one with its servers, a server's tab with what it mounts, and a
//! tenant's for the provider.

mod act;
mod attach;
mod head;
mod list;
mod live;
mod new;
mod server;
mod show;
mod staff;

use crate::app::App;
use crate::drivers::pool::show_size;
use crate::platform::access::{Permission, Rule, TenantScope};
use crate::platform::ids::{ServerId, VolumeId};
use crate::platform::web::Routes;

use super::model::{State, Volume};

pub use head::{Head, crumbs};
pub use new::typed_size;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Tenant(Permission::VolumeRead);
    let write = Rule::Tenant(Permission::VolumeWrite);
    let change = Rule::Tenant(Permission::VolumeAttach);
    Routes::new()
        .get("/t/{tenant}/volumes", read, list::list)
        .get("/t/{tenant}/volumes/live", read, live::list)
        .get("/t/{tenant}/volumes/new", write, new::form)
        .form("/t/{tenant}/volumes", write, new::create)
        .get("/t/{tenant}/volumes/{volume_id}", read, show::show)
        .get("/t/{tenant}/volumes/{volume_id}/live", read, live::one)
        .form("/t/{tenant}/volumes/{volume_id}/settings", write, show::change)
        .post("/t/{tenant}/volumes/{volume_id}/delete", write, act::remove)
        .get("/t/{tenant}/volumes/{volume_id}/attach", change, attach::form)
        .form(
            "/t/{tenant}/volumes/{volume_id}/attachments",
            change,
            attach::attach,
        )
        .post(
            "/t/{tenant}/volumes/{volume_id}/attachments/{server_id}/remove",
            change,
            act::detach,
        )
        .get("/t/{tenant}/servers/{server_id}/volumes", read, server::show)
        .get("/t/{tenant}/servers/{server_id}/volumes/live", read, live::tab)
        .get(
            "/staff/tenants/{tenant}/volumes",
            Rule::Staff(Permission::StaffTenantRead),
            staff::list,
        )
}

fn base(scope: &TenantScope) -> String {
    format!("/t/{}/volumes", scope.member.slug)
}

fn href(scope: &TenantScope, id: VolumeId) -> String {
    format!("{}/{id}", base(scope))
}

/// Where a server's tab is.
fn tab(scope: &TenantScope, server: ServerId) -> String {
    format!("/t/{}/servers/{server}/volumes", scope.member.slug)
}

/// MiB, as people read them.
fn size(mib: i64) -> String {
    show_size(u64::try_from(mib).unwrap_or_default().saturating_mul(1 << 20))
}

/// Tone, word, and what else there is to say.
fn words(volume: &Volume) -> (&'static str, &'static str, String) {
    let error = volume.error.as_deref();
    let tone = if error.is_none() { "busy" } else { "warn" };
    let refused = error.map(|error| format!("The last change was not made: {error}."));
    let refused = refused.unwrap_or_default();
    let error = error.map(|error| format!("It waits: {error}. It is tried again."));
    let error = error.unwrap_or_default();
    match volume.state() {
        State::Making if volume.is_filling => (tone, "Being filled", error),
        State::Making => (tone, "Being made", error),
        State::Resizing => (tone, "Being resized", error),
        State::Removing => (tone, "Being deleted", error),
        State::Missing => (
            "bad",
            "Missing",
            "The engine does not have it. Ask your provider.".to_owned(),
        ),
        State::Ready if volume.attached > 0 => ("good", "In use", refused),
        State::Ready => ("idle", "Not attached", refused),
    }
}

/// How full it is, in percent; nothing before it was measured.
fn percent(volume: &Volume) -> Option<u32> {
    let used = u64::try_from(volume.used?).ok()?;
    let size = u64::try_from(volume.size_mib).ok()?.saturating_mul(1 << 20);
    let share = used.saturating_mul(100).checked_div(size)?;
    u32::try_from(share.min(100)).ok()
}

/// What it holds of what it may, in words.
fn held(volume: &Volume) -> String {
    let allowed = size(volume.size_mib);
    match volume.used.and_then(|used| u64::try_from(used).ok()) {
        Some(used) => format!("{} of {allowed}", show_size(used)),
        None => format!("not measured yet, of {allowed}"),
    }
}
