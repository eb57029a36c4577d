//! The left rail: where a person may go, in groups of what belongs together. What has no entry for this person has no title either.

use crate::guests;
use crate::platform::access::{Actor, Member, Permission};
use crate::platform::web::page::{Nav, NavArea, NavGroup, NavItem};

use Permission as P;

/// An entry: its words, its icon, where it is below its area, and what it takes to see it.
type Entry = (&'static str, &'static str, &'static str, Permission);

/// What stands above some entries, and those.
type Group = (&'static str, &'static [Entry]);

/// A tenant's area.
const TENANT: &[Group] = &[
    ("", &[("Overview", "layout-dashboard", "", P::TenantRead)]),
    (
        "Services",
        &[
            ("Servers", "server", "/servers", P::ServerRead),
            ("Stacks", "layers", "/stacks", P::ServerRead),
            ("Networks", "network", "/networks", P::NetworkRead),
            ("Storage", "hard-drive", "/storage", P::TenantRead),
            ("Volumes", "database", "/volumes", P::VolumeRead),
            ("Shares", "share-2", "/shares", P::ShareRead),
            ("Backups", "archive", "/backups", P::BackupRead),
            ("Mail", "mail", "/mail", P::MailRead),
        ],
    ),
    (
        "Support",
        &[
            ("Tickets", "ticket", "/tickets", P::TicketRead),
            ("Checks", "activity", "/checks", P::CheckRead),
            ("Incidents", "triangle-alert", "/incidents", P::CheckRead),
            ("Maintenance", "calendar-clock", "/maintenance", P::CheckRead),
            ("SLA", "gauge", "/sla", P::SlaRead),
            ("Status page", "globe", "/status-page", P::StatusRead),
        ],
    ),
    (
        "Organisation",
        &[
            ("Members", "users", "/members", P::MemberRead),
            ("Access of staff", "eye", "/break-glass", P::BreakGlassRead),
            ("Webhooks", "webhook", "/webhooks", P::WebhookRead),
            ("Audit log", "history", "/audit", P::AuditRead),
            ("Settings", "settings", "/settings", P::TenantRead),
        ],
    ),
];

/// The provider's.
const STAFF: &[Group] = &[
    ("", &[("Overview", "layout-dashboard", "", P::StaffSystemRead)]),
    (
        "Operations",
        &[
            ("Tickets", "ticket", "/tickets", P::StaffTicketRead),
            ("Wallboard", "monitor", "/wallboard", P::StaffTicketRead),
            ("On call", "clock", "/on-call", P::StaffOnCallRead),
            ("Checks", "activity", "/checks", P::StaffCheckRead),
            ("Incidents", "triangle-alert", "/incidents", P::StaffCheckRead),
            ("Runbooks", "book-open", "/runbooks", P::StaffRunbookRead),
            ("Break glass", "eye", "/break-glass", P::StaffBreakGlassRead),
            ("Maintenance", "calendar-clock", "/maintenance", P::StaffCheckRead),
            ("Status pages", "globe", "/status-pages", P::StaffStatusRead),
        ],
    ),
    (
        "Customers",
        &[
            ("Tenants", "building-2", "/tenants", P::StaffTenantRead),
            ("Plans", "package", "/plans", P::StaffPlanRead),
            ("SLA", "scroll-text", "/sla", P::StaffSlaRead),
            ("Certificates", "scroll-text", "/certificates", P::StaffTenantRead),
        ],
    ),
    (
        "Infrastructure",
        &[
            ("Servers", "server", "/servers", P::StaffServerRead),
            ("Stacks", "layers", "/stacks", P::StaffServerRead),
            ("Capacity", "gauge", "/capacity", P::StaffSystemRead),
            ("Backups", "archive", "/backups", P::StaffBackupRead),
            ("Restore drills", "shield", "/drills", P::StaffBackupRead),
            ("Mail", "mail", "/mail", P::StaffMailRead),
            ("Catalogue", "layout-grid", "/catalogue", P::StaffCatalogueRead),
            ("Eggs", "package", "/eggs", P::StaffCatalogueRead),
        ],
    ),
    (
        "Administration",
        &[
            ("People", "users", "/people", P::StaffPeopleRead),
            ("Notifications", "bell", "/notifications", P::StaffSystemRead),
            ("Webhooks", "webhook", "/webhooks", P::StaffWebhookRead),
            ("Audit log", "history", "/audit", P::StaffAuditRead),
        ],
    ),
];

/// The rail of the area that a page is in, as this person sees it.
pub fn draw(actor: &Actor, member: Option<&Member>, path: &str) -> Nav {
    let is_shared = is_shared(member, path);
    let groups = match member {
        _ if is_shared => shared(actor, path),
        Some(member) => tenant(actor, member, path),
        None if path.starts_with("/staff") => staff(actor, path),
        None => account(path),
    };
    let (area, home) = match member {
        _ if is_shared => (SHARED.to_owned(), "/shared".to_owned()),
        Some(member) => (member.name.clone(), format!("/t/{}", member.slug)),
        None if path.starts_with("/staff") => ("Provider".to_owned(), "/staff".to_owned()),
        None => ("Your account".to_owned(), "/account".to_owned()),
    };
    Nav {
        area,
        home,
        groups,
        areas: areas(actor, member, path),
        user_name: actor.name.clone(),
        user_email: actor.email.clone(),
        palette: palette(actor, member, path),
    }
}

/// The area of what others share with a person.
const SHARED: &str = "Shared with me";

/// Whether a page is of that area: its list, or a server at whose tenant the person is a guest.
fn is_shared(member: Option<&Member>, path: &str) -> bool {
    member.map_or(path == "/shared", |member| member.pass().is_some())
}

/// Where the command palette asks; nowhere on a person's own pages.
fn palette(actor: &Actor, member: Option<&Member>, path: &str) -> String {
    match member {
        Some(member) if member.pass().is_none() && actor.may_in(member, Permission::ServerRead) => {
            format!("/t/{}/search", member.slug)
        }
        None if path.starts_with("/staff") && actor.may_as_staff(Permission::StaffServerRead) => {
            "/staff/search".to_owned()
        }
        _ => String::new(),
    }
}

fn areas(actor: &Actor, member: Option<&Member>, path: &str) -> Vec<NavArea> {
    let staff = actor.staff.map(|_| NavArea {
        label: "Provider".to_owned(),
        href: "/staff".to_owned(),
        current: path.starts_with("/staff"),
    });
    let tenants = actor.memberships.iter().map(|known| NavArea {
        label: known.name.clone(),
        href: format!("/t/{}", known.slug),
        current: member.is_some_and(|member| member.tenant == known.tenant),
    });
    let shared = (!actor.guests.is_empty()).then(|| NavArea {
        label: SHARED.to_owned(),
        href: "/shared".to_owned(),
        current: is_shared(member, path),
    });
    let areas: Vec<_> = staff.into_iter().chain(tenants).chain(shared).collect();
    let is_somewhere_else = !areas.iter().any(|area| area.current);
    if areas.len() > 1 || is_somewhere_else {
        areas
    } else {
        Vec::new()
    }
}

fn item(label: &'static str, icon: &'static str, href: String, home: &str, path: &str) -> NavItem {
    let below = path
        .strip_prefix(&*href)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let current = if href == home { path == home } else { below };
    NavItem {
        label: label.into(),
        href,
        icon,
        current,
    }
}

/// Entries without a title.
fn plain(items: Vec<NavItem>) -> NavGroup {
    NavGroup { title: "", items }
}

/// The servers that are shared with a person, by whatever tenant.
fn shared(actor: &Actor, path: &str) -> Vec<NavGroup> {
    let list = item(SHARED, "users", "/shared".to_owned(), "/shared", path);
    let servers = actor.guests.iter().map(|guest| NavItem {
        label: guest.server_name.clone().into(),
        ..item("", "server", guests::href(guest), "", path)
    });
    let items = [list].into_iter().chain(servers).collect();
    vec![plain(items), help(path)]
}

fn tenant(actor: &Actor, member: &Member, path: &str) -> Vec<NavGroup> {
    let home = format!("/t/{}", member.slug);
    grouped(TENANT, &home, path, |permission| actor.may_in(member, permission))
}

fn staff(actor: &Actor, path: &str) -> Vec<NavGroup> {
    grouped(STAFF, "/staff", path, |permission| actor.may_as_staff(permission))
}

/// The groups of an area that begins at `home`, with what this person may see of them.
fn grouped(
    groups: &'static [Group],
    home: &str,
    path: &str,
    may: impl Fn(Permission) -> bool,
) -> Vec<NavGroup> {
    let seen = groups.iter().map(|&(title, entries)| {
        let allowed = entries
            .iter()
            .copied()
            .filter(|(.., permission)| may(*permission));
        let items =
            allowed.map(|(label, icon, below, _)| item(label, icon, format!("{home}{below}"), home, path));
        NavGroup {
            title,
            items: items.collect(),
        }
    });
    seen.filter(|group| !group.items.is_empty())
        .chain([help(path)])
        .collect()
}

fn account(path: &str) -> Vec<NavGroup> {
    let entries = [
        ("Profile", "circle-user", ""),
        ("Sessions", "monitor", "/sessions"),
        ("API tokens", "key-round", "/tokens"),
    ];
    let href = |below: &str| format!("/account{below}");
    let items = entries
        .into_iter()
        .map(|(label, icon, below)| item(label, icon, href(below), "/account", path));
    vec![plain(items.collect()), help(path)]
}

/// The last entry of every area.
fn help(path: &str) -> NavGroup {
    plain(vec![item("Help", "life-buoy", "/help".to_owned(), "", path)])
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use scraper::{Html, Selector};

    use crate::platform::access::StaffRole;
    use crate::testing::{Client, TestApp};

    async fn texts(browser: &Client, path: &str, selector: &str) -> Vec<String> {
        let page = Html::parse_document(&browser.get(path).await.expect(200).body);
        let Ok(selector) = Selector::parse(selector) else {
            unreachable!("{selector} is no selector");
        };
        let found = page.select(&selector).map(|one| {
            let text: String = one.text().collect();
            text.trim().to_owned()
        });
        found.collect()
    }

    #[tokio::test]
    async fn entries_stand_in_groups_of_what_a_person_may_see() {
        let app = TestApp::start().await;
        let (_, ada) = app.owner("acme").await;
        let titles = texts(&ada, "/t/acme/servers", "#rail .rail-title").await;
        assert_eq!(titles, ["Services", "Support", "Organisation"]);
        let services = "#rail ul[aria-labelledby=rail-2] a";
        let services = texts(&ada, "/t/acme/servers", services).await;
        assert_eq!((&*services[0], services.len()), ("Servers", 8));
        let current = texts(&ada, "/t/acme/servers", "#rail [aria-current=page]").await;
        assert_eq!(current, ["Servers"]);
        assert_eq!(texts(&ada, "/account", "#rail .rail-title").await, [""; 0]);
        let boss = app.staff("boss", StaffRole::Owner).await;
        let boss = app.browser(boss).await;
        let titles = texts(&boss, "/staff", "#rail .rail-title").await;
        let all = ["Operations", "Customers", "Infrastructure", "Administration"];
        assert_eq!(titles, all);
    }
}
