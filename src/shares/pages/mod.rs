//! Shares for people: a server's tab with all of them, one with its people and how they connect, and the forms.

mod act;
mod list;
mod live;
mod new;
mod people;
mod person;
mod show;
mod tab;

pub(super) use show::{Extra, page};

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, Rule, TenantScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{ServerId, ShareId};
use crate::platform::web::{Ctx, FormData, Routes};
use crate::servers::model::Server;

use super::actions::{Already, Wanted};
use super::model::{End, ShareAccess, ShareProtocol, Told};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Tenant(Permission::ShareRead);
    let write = Rule::Tenant(Permission::ShareManage);
    Routes::new()
        .get("/t/{tenant}/shares", read, list::list)
        .get("/t/{tenant}/servers/{server_id}/shares", read, tab::show)
        .get("/t/{tenant}/servers/{server_id}/shares/live", read, live::tab)
        .get("/t/{tenant}/servers/{server_id}/shares/new", write, new::form)
        .form("/t/{tenant}/servers/{server_id}/shares", write, new::create)
        .get("/t/{tenant}/servers/{server_id}/shares/{share}", read, show::show)
        .get(
            "/t/{tenant}/servers/{server_id}/shares/{share}/live",
            read,
            live::one,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/shares/{share}/delete",
            write,
            act::remove,
        )
        .form(
            "/t/{tenant}/servers/{server_id}/shares/{share}/people",
            write,
            people::add,
        )
        .get(
            "/t/{tenant}/servers/{server_id}/shares/{share}/people/{login}",
            write,
            person::form,
        )
        .form(
            "/t/{tenant}/servers/{server_id}/shares/{share}/people/{login}/settings",
            write,
            person::save,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/shares/{share}/people/{login}/password",
            write,
            people::renew,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/shares/{share}/people/{login}/remove",
            write,
            act::take,
        )
}

/// Where a server's tab is.
pub(super) fn base(scope: &TenantScope, server: ServerId) -> String {
    format!("/t/{}/servers/{server}/shares", scope.member.slug)
}

pub(super) fn href(scope: &TenantScope, server: ServerId, share: ShareId) -> String {
    format!("{}/{share}", base(scope, server))
}

/// The way back from a page below the tab.
pub(super) fn crumbs(ctx: Ctx, scope: &TenantScope, server: &Server, below: Option<(String, String)>) -> Ctx {
    let servers = ("Servers".to_owned(), format!("/t/{}/servers", scope.member.slug));
    let tab = (server.name.clone(), base(scope, server.id));
    ctx.with_crumbs([servers, tab].into_iter().chain(below))
}

/// Tone and word for whether the server does what is said.
fn words(told: &Told) -> (&'static str, &'static str) {
    match told {
        Told { error: Some(_), .. } => ("warn", "Not in force"),
        Told {
            is_in_force: true, ..
        } => ("good", "In force"),
        Told { .. } => ("busy", "Being told"),
    }
}

/// What a protocol is called.
pub(super) fn title(protocol: ShareProtocol) -> &'static str {
    match protocol {
        ShareProtocol::Smb => "SMB",
        ShareProtocol::Webdav => "WebDAV",
        ShareProtocol::Sftp => "SFTP",
    }
}

/// What protocols are called.
fn titles(protocols: &[ShareProtocol]) -> String {
    let names: Vec<&str> = protocols.iter().map(|one| title(*one)).collect();
    names.join(", ")
}

/// The last day of somebody whose time ends at `until`, as a form shows it.
fn last_day(until: Option<DateTime<Utc>>) -> String {
    until
        .map(|until| (until - Duration::seconds(1)).format("%Y-%m-%d").to_string())
        .unwrap_or_default()
}

/// The end of a day that was typed, if it is another one than what was there: programs can give an end in the middle of a day.
pub(super) fn end(text: &str, was: &str) -> Result<End, &'static str> {
    let text = text.trim();
    if text == was {
        return Ok(End::Same);
    }
    if text.is_empty() {
        return Ok(End::At(None));
    }
    let day: Result<NaiveDate, _> = text.parse();
    let next = day.ok().and_then(|day| day.succ_opt());
    let next = next.ok_or("Enter a day like 2027-01-31, or nothing.")?;
    Ok(End::At(Some(next.and_time(NaiveTime::MIN).and_utc())))
}

/// What a form asks to give; `was` is the last day until now.
fn wanted(data: &FormData, was: &str, already: Already) -> Result<Wanted, Error> {
    let mut errors = FieldErrors::default();
    let access = match data.get("access") {
        "read" => Some(ShareAccess::Read),
        "write" => Some(ShareAccess::Write),
        _ => errors.check("access", Err("Choose one of the two.")),
    };
    let until = errors.check("until", end(data.get("until"), was));
    match (access, until) {
        (Some(access), Some(until)) => Ok(Wanted {
            access,
            until,
            already,
            password: None,
        }),
        _ => Err(errors.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_with_its_night_and_what_is_not_touched_stays() {
        let at = |text: &str| Some(text.parse().unwrap());
        assert_eq!(end(" 2027-01-31 ", ""), Ok(End::At(at("2027-02-01T00:00:00Z"))));
        assert_eq!(last_day(at("2027-02-01T00:00:00Z")), "2027-01-31");
        assert_eq!(last_day(at("2027-02-01T09:00:00Z")), "2027-02-01");
        assert_eq!(end("2027-01-31", "2027-01-31"), Ok(End::Same));
        assert_eq!(end("", "2027-01-31"), Ok(End::At(None)));
        assert_eq!(end("", ""), Ok(End::Same));
        assert!(end("soon", "").is_err());
    }
}
