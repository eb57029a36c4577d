//! Domains for people: all of them, one with its records and keys, and those of all tenants for the provider.

mod act;
mod head;
mod list;
mod new;
mod rows;
mod show;
mod staff;

use crate::app::App;
use crate::drivers::pool::show_size;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::Routes;

use super::model::{Domain, State};

pub use head::Head;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Tenant(Permission::MailRead);
    let write = Rule::Tenant(Permission::MailWrite);
    Routes::new()
        .get("/t/{tenant}/mail", read, list::list)
        .get("/t/{tenant}/mail/domains/new", write, new::form)
        .form("/t/{tenant}/mail/domains", write, new::create)
        .get("/t/{tenant}/mail/domains/{domain}", read, show::show)
        .form("/t/{tenant}/mail/domains/{domain}/settings", write, show::change)
        .post("/t/{tenant}/mail/domains/{domain}/verify", write, act::verify)
        .post("/t/{tenant}/mail/domains/{domain}/check", write, act::check)
        .post("/t/{tenant}/mail/domains/{domain}/delete", write, act::remove)
        .post("/t/{tenant}/mail/domains/{domain}/keys", write, act::make_key)
        .post(
            "/t/{tenant}/mail/domains/{domain}/keys/{key}/activate",
            write,
            act::activate_key,
        )
        .post(
            "/t/{tenant}/mail/domains/{domain}/keys/{key}/delete",
            write,
            act::remove_key,
        )
        .get(
            "/staff/mail/domains",
            Rule::Staff(Permission::StaffMailRead),
            staff::list,
        )
}

/// Tone and word for how a domain is, and what else there is to say.
fn words(domain: &Domain) -> (&'static str, &'static str, String) {
    match domain.state() {
        State::Unverified => ("warn", "Not verified", "No mail goes in or out yet.".to_owned()),
        State::Disabled => ("idle", "Disabled", String::new()),
        State::Active => match (domain.checked_at, domain.problems()) {
            (None, _) => ("good", "In use", "Its records were not checked yet.".to_owned()),
            (Some(_), 0) => ("good", "In use", String::new()),
            (Some(_), 1) => ("warn", "In use", "One record has to be put right.".to_owned()),
            (Some(_), many) => ("warn", "In use", format!("{many} records have to be put right.")),
        },
    }
}

/// What its mailboxes hold of what they may.
fn held(domain: &Domain) -> String {
    let used = show_size(u64::try_from(domain.used_bytes).unwrap_or_default());
    match domain.quota_mib.and_then(|mib| u64::try_from(mib).ok()) {
        Some(mib) => format!("{used} of {}", show_size(mib.saturating_mul(1 << 20))),
        None => used,
    }
}
