//! What people do on pages, programs can do by the API, under the same rule. Walks the table that `berth routes` prints: every
//! page that changes something must have its operation, at the address that follows from its own. What is left out stands
//! below with its reason, and a line that is no longer needed fails, too.

use berth::platform::access::Rule;
use berth::platform::web::{Kind, RouteInfo};

/// Pages that no program needs, and why.
const PAGES_ONLY: &[(&str, &str)] = &[
    (
        "/page-links/{token}",
        "its link is for a person who was paged, without a sign-in",
    ),
    ("/sign-in", "proves who somebody is"),
    ("/sign-out", "ends a session, which programs do not have"),
    ("/mailbox/sign-in", "proves who somebody is"),
    ("/mailbox/sign-out", "ends a session, which programs do not have"),
    ("/setup/{token}", "proves who somebody is"),
    (
        "/invite/{token}",
        "its link is for a person, who makes an account or signs in",
    ),
    ("/password/{token}", "proves who somebody is"),
    (
        "/mail/webmail/exchange",
        "is asked by the webmail container with a one-time token",
    ),
    (
        "/mail/webmail/end",
        "is asked by the webmail container with the password that ends",
    ),
    ("/s/{token}", "its link is for a person without an account"),
    ("/mailbox/set-up/{token}", "proves who somebody is"),
    (
        "/autodiscover/autodiscover.xml",
        "mail programs ask for their settings by a post, which changes nothing",
    ),
    (
        "/Autodiscover/Autodiscover.xml",
        "mail programs ask for their settings by a post, which changes nothing",
    ),
    (
        "/account/password",
        "a stolen token must not take the account over",
    ),
    (
        "/account/sessions/end-others",
        "a token must not end the sessions that could revoke it",
    ),
    (
        "/account/sessions/{session}/end",
        "a token must not end the sessions that could revoke it",
    ),
    ("/account/tokens/new", "a token must not make another one"),
    (
        "/account/tokens/{token}/revoke",
        "a token must not take another one away",
    ),
    (
        "/t/{tenant}/servers/new",
        "only asks the form's next questions, and changes nothing",
    ),
];

/// How pages and operations name the same place, where they differ: a page stands where people look for it.
const PLACES: &[(&str, &str)] = &[
    ("/t/{tenant}/leave", "/api/v1/tenant/leave"),
    ("/shared/", "/api/v1/shared-servers/"),
    ("/t/{tenant}/settings/", "/api/v1/tenant/"),
    ("/account/name", "/api/v1/me/name"),
    ("/staff/people/invite", "/api/v1/staff/invitations"),
    ("/staff/people/invitations/", "/api/v1/staff/invitations/"),
    ("/t/{tenant}/members/invitations", "/api/v1/invitations"),
    (
        "/staff/tenants/{tenant}/members/invitations",
        "/api/v1/staff/tenants/{tenant}/invitations",
    ),
    ("/t/{tenant}/", "/api/v1/"),
    ("/staff/", "/api/v1/staff/"),
];

/// Browsers' forms can only post, so their addresses end in a word for what programs say by the method.
const METHODS: &[(&str, &str)] = &[
    ("/remove", "DELETE"),
    ("/revoke", "DELETE"),
    ("/delete", "DELETE"),
    ("/name", "PATCH"),
    ("/role", "PATCH"),
    ("/plan", "PATCH"),
    ("/settings", "PATCH"),
];

/// Pages of files, of shares' people and of what happens to mail, whose forms and operations divide one address differently, and of what
/// is set as a whole.
const FILES: &[(&str, &str, &str)] = &[
    ("/time-zone", "PUT", "/time-zone"),
    ("/overuse", "PUT", "/overuse"),
    ("/plans/{plan}/mail", "PUT", "/plans/{plan}/mail"),
    ("/plans/{plan}/support", "PUT", "/plans/{plan}/support"),
    ("/rules/new", "PUT", "/rules"),
    ("/rules/{rule}", "PUT", "/rules"),
    ("/rules/{rule}/move", "PUT", "/rules"),
    ("/rules/{rule}/delete", "PUT", "/rules"),
    ("/script", "PUT", "/rules"),
    ("/reply", "PUT", "/reply"),
    ("/spam", "PUT", "/spam"),
    ("/forwarding", "PUT", "/forwarding"),
    ("/shares/{share}/people", "PUT", "/shares/{share}/people/{login}"),
    ("/people/{login}/settings", "PUT", "/people/{login}"),
    ("/files/edit", "PUT", "/files/content"),
    ("/files/upload", "PUT", "/files/content"),
    ("/files/change", "PATCH", "/files"),
];

/// The method and address that an operation must have which does what this page does.
fn counterpart(page: &str) -> (&'static str, String) {
    let (from, to) = PLACES
        .iter()
        .find(|(from, _)| page.starts_with(from))
        .unwrap_or_else(|| panic!("{page}: where would programs look for it?"));
    let place = page.replacen(from, to, 1);
    if let Some((end, method, instead)) = FILES.iter().find(|(end, ..)| place.ends_with(end)) {
        return (*method, format!("{}{instead}", &place[..place.len() - end.len()]));
    }
    if let Some((end, method)) = METHODS.iter().find(|(end, _)| place.ends_with(end)) {
        return (*method, place[..place.len() - end.len()].to_owned());
    }
    // A secret is shown to a page by a post, so that it is not in the browser's history.
    let method = if place.contains("/secrets/") {
        "GET"
    } else if place.ends_with('}') && !place.contains("/actions/") {
        "PATCH"
    } else {
        "POST"
    };
    (method, place)
}

/// The pages that change something. A mailbox's own person has no token, and no API; what they do, programs of the tenant do.
fn changing(table: &[RouteInfo]) -> impl Iterator<Item = &RouteInfo> {
    table
        .iter()
        .filter(|route| route.kind == Kind::Page && route.method != "GET" && route.rule != Rule::Mailbox)
}

#[test]
fn what_people_can_do_programs_can() {
    let table = berth::routes::all().table();
    let mut missing = Vec::new();
    let mut found = 0;
    for page in changing(&table) {
        if PAGES_ONLY.iter().any(|(path, _)| *path == page.path) {
            continue;
        }
        let (method, path) = counterpart(&page.path);
        let operation = table
            .iter()
            .find(|route| route.kind == Kind::Api && route.method == method && route.path == path);
        match operation {
            None => missing.push(format!("{} has no {method} {path}", page.path)),
            Some(operation) if operation.rule != page.rule => missing.push(format!(
                "{} asks for {}, and {method} {path} for {}",
                page.path, page.rule, operation.rule
            )),
            Some(_) => found += 1,
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(
        found > 30,
        "only {found} pages change something: the walk is blind"
    );
}

#[test]
fn what_is_for_pages_only_is_there_and_is_no_customers_or_staff_work() {
    let table = berth::routes::all().table();
    for (path, why) in PAGES_ONLY {
        let page = changing(&table).find(|page| page.path == *path);
        let page = page.unwrap_or_else(|| panic!("{path} ({why}) changes nothing: take its line away"));
        // Who somebody is, and nothing that a role allows; but for the form that changes nothing.
        assert!(
            matches!(page.rule, Rule::Public | Rule::SignedIn) || path.ends_with("/servers/new"),
            "{path} is a {} route, which programs need as well",
            page.rule
        );
    }
    for (from, _) in PLACES {
        assert!(
            changing(&table).any(|page| page.path.starts_with(from)),
            "{from} is not there"
        );
    }
    let files = FILES.iter().map(|(end, method, _)| (end, method));
    for (end, _) in METHODS.iter().map(|(end, method)| (end, method)).chain(files) {
        assert!(
            changing(&table).any(|page| page.path.ends_with(end)),
            "{end} is not there"
        );
    }
}

#[test]
fn what_a_mailbox_s_person_does_to_their_mail_the_tenant_can() {
    let table = berth::routes::all().table();
    let own = table
        .iter()
        .filter(|route| route.rule == Rule::Mailbox && route.method != "GET");
    let mut found = 0;
    for page in own {
        let rest = page.path.strip_prefix("/mailbox/").unwrap();
        // Aliases of the tenant stand beside its mailboxes; passwords and programs' passwords have forms of their own there, and
        // nobody opens somebody else's mail.
        if ["aliases", "password", "app-passwords", "webmail"]
            .iter()
            .any(|part| rest.starts_with(part))
        {
            continue;
        }
        let theirs = format!("/t/{{tenant}}/mail/mailboxes/{{mailbox}}/{rest}");
        let is_there = |route: &RouteInfo| route.path == theirs && route.method == page.method;
        assert!(table.iter().any(is_there), "{theirs} is not there");
        found += 1;
    }
    assert!(found >= 8, "only {found}: the walk is blind");
}
