//! Mailboxes for people: all of a tenant's and a domain's, one with its settings, its passwords and its end, and the deleted ones.

mod act;
mod app_passwords;
mod deleted;
mod head;
mod list;
mod new;
mod send_as;
mod show;

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::drivers::pool::show_size;
use crate::mail::nav;
use crate::platform::access::{Permission, Rule, TenantScope};
use crate::platform::web::{Routes, ago};

use super::model::{Mailbox, Usage};

pub use head::Head;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (
        Rule::Tenant(Permission::MailRead),
        Rule::Tenant(Permission::MailWrite),
    );
    Routes::new()
        .get("/t/{tenant}/mail/mailboxes", read, list::of_tenant)
        .get(
            "/t/{tenant}/mail/domains/{domain}/mailboxes",
            read,
            list::of_domain,
        )
        .get("/t/{tenant}/mail/deleted-mailboxes", read, deleted::list)
        .get("/t/{tenant}/mail/mailboxes/new", write, new::form)
        .form("/t/{tenant}/mail/mailboxes", write, new::create)
        .merge(one(read, write))
        .merge(parts(read, write))
}

fn one(read: Rule, write: Rule) -> Routes<App> {
    Routes::new()
        .get("/t/{tenant}/mail/mailboxes/{mailbox}", read, show::show)
        .form("/t/{tenant}/mail/mailboxes/{mailbox}/settings", write, show::save)
        .form(
            "/t/{tenant}/mail/mailboxes/{mailbox}/password",
            write,
            show::password,
        )
        .form(
            "/t/{tenant}/mail/mailboxes/{mailbox}/set-up-link",
            write,
            show::set_up_link,
        )
        .post("/t/{tenant}/mail/mailboxes/{mailbox}/enable", write, act::enable)
        .post(
            "/t/{tenant}/mail/mailboxes/{mailbox}/disable",
            write,
            act::disable,
        )
        .post("/t/{tenant}/mail/mailboxes/{mailbox}/delete", write, act::remove)
        .post(
            "/t/{tenant}/mail/mailboxes/{mailbox}/restore",
            write,
            act::restore,
        )
        .post("/t/{tenant}/mail/mailboxes/{mailbox}/erase", write, act::erase)
}

fn parts(read: Rule, write: Rule) -> Routes<App> {
    Routes::new()
        .get(
            "/t/{tenant}/mail/mailboxes/{mailbox}/app-passwords",
            read,
            app_passwords::list,
        )
        .form(
            "/t/{tenant}/mail/mailboxes/{mailbox}/app-passwords",
            write,
            app_passwords::make,
        )
        .post(
            "/t/{tenant}/mail/mailboxes/{mailbox}/app-passwords/{app_password}/remove",
            write,
            app_passwords::remove,
        )
        .get(
            "/t/{tenant}/mail/mailboxes/{mailbox}/send-as",
            read,
            send_as::list,
        )
        .form(
            "/t/{tenant}/mail/mailboxes/{mailbox}/send-as",
            write,
            send_as::allow,
        )
        .post(
            "/t/{tenant}/mail/mailboxes/{mailbox}/send-as/{address}/remove",
            write,
            send_as::forbid,
        )
}

/// Where deleted ones are.
fn deleted_href(scope: &TenantScope) -> String {
    format!("{}/deleted-mailboxes", nav::area(scope))
}

fn bytes(bytes: i64) -> String {
    show_size(u64::try_from(bytes).unwrap_or_default())
}

/// What it holds of what it may, in words.
fn held(mailbox: &Mailbox) -> String {
    let used = bytes(mailbox.used_bytes);
    match mailbox.quota_mib {
        None => format!("{used}, no limit of its own"),
        Some(mib) => format!("{used} of {}", bytes(mib.saturating_mul(1 << 20))),
    }
}

/// How full it is, in percent, if that can be said.
fn percent(mailbox: &Mailbox) -> Option<u32> {
    match mailbox.usage() {
        Usage::Percent(percent) => Some(percent),
        Usage::Nothing => Some(100),
        Usage::Unlimited => None,
    }
}

/// The last sign-in of any kind.
fn last_seen(mailbox: &Mailbox, now: DateTime<Utc>) -> String {
    let times = [
        mailbox.last_imap_at,
        mailbox.last_pop3_at,
        mailbox.last_smtp_at,
        mailbox.last_sieve_at,
    ];
    let last = times.into_iter().flatten().max();
    last.map_or_else(|| "Not yet".to_owned(), |at| ago(at, now))
}
