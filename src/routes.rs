//! The table of contents: every feature's routes, the middleware around them in order, and the left rail.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::{Extension, Router};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::csrf::CsrfLayer;

use crate::app::App;
use crate::platform::access::{Actor, Member, Permission, Rule};
use crate::platform::error::Error;
use crate::platform::web::page::{DrawNav, Nav, NavArea, NavItem};
use crate::platform::web::{
    AskAgain, ClientAddress, Kit, Limiter, MAX_BODY, Routes, asset, draw_errors, health, limit_time,
    log_requests, refuse_cross_origin, security_headers,
};
use crate::{
    accounts, audit, backups, break_glass, breakdowns, catalogue, certificates, drills, eggs, exit, files,
    guests, help, mail, maintenance, monitoring, networks, notifications, on_call, overview, runbooks,
    schedules, search, servers, shares, sla, snapshots, stacks, status, storage, tenants, ticket_mail,
    tickets, usage, volumes, webhooks,
};

/// Every route of the panel.
pub fn all() -> Routes<App> {
    let machinery = Routes::new()
        .get("/livez", Rule::Public, health::livez)
        .get("/readyz", Rule::Public, readyz)
        .get("/static/{hash}/{*name}", Rule::Public, asset);
    machinery
        .merge(accounts::routes())
        .merge(audit::routes())
        .merge(catalogue::routes())
        .merge(certificates::routes())
        .merge(drills::routes())
        .merge(exit::routes())
        .merge(files::routes())
        .merge(eggs::routes())
        .merge(guests::routes())
        .merge(help::routes())
        .merge(backups::routes())
        .merge(break_glass::routes())
        .merge(breakdowns::routes())
        .merge(mail::routes())
        .merge(maintenance::routes())
        .merge(monitoring::checks::routes())
        .merge(monitoring::incidents::routes())
        .merge(networks::routes())
        .merge(volumes::routes())
        .merge(notifications::routes())
        .merge(on_call::routes())
        .merge(overview::routes())
        .merge(runbooks::routes())
        .merge(schedules::routes())
        .merge(search::routes())
        .merge(servers::routes())
        .merge(shares::routes())
        .merge(sla::routes())
        .merge(snapshots::routes())
        .merge(stacks::routes())
        .merge(status::routes())
        .merge(storage::routes())
        .merge(tenants::routes())
        .merge(ticket_mail::routes())
        .merge(tickets::routes())
        .merge(usage::routes())
        .merge(webhooks::routes())
}

/// Whether the panel can work, for load balancers.
async fn readyz(State(app): State<App>) -> Result<&'static str, Error> {
    if health::is_ready(&app.db, &app.started).await {
        Ok("ok\n")
    } else {
        Err(Error::Unavailable("not ready".into()))
    }
}

/// The panel as a service. Layers are listed from the outside in.
pub fn router(app: &App, kit: &Kit) -> Router {
    let csrf = CsrfLayer::new();
    let csrf = csrf
        .clone()
        .add_trusted_origin(&app.config.public_url)
        .unwrap_or(csrf);
    let trusted: Arc<[ipnet::IpNet]> = app.config.trusted_proxies.clone().into();
    let routes = all();
    // One service: each `Router::layer` would wrap every route in a box of its own.
    let layers = ServiceBuilder::new()
        .layer(from_fn_with_state(trusted, ClientAddress::find))
        .layer(from_fn_with_state(
            Arc::new(app.config.is_https()),
            security_headers,
        ))
        .layer(CompressionLayer::new().compress_when(worth_compressing()))
        .layer(from_fn(log_requests))
        .layer(from_fn(draw_errors))
        .layer(from_fn_with_state(
            Arc::clone(&kit.limiter),
            Limiter::limit_addresses,
        ))
        .layer(Extension(AskAgain(accounts::ask_again)))
        .layer(Extension(DrawNav(draw_nav)))
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(routes.lasting(), limit_time))
        .layer(csrf.with_rejection_response(refuse_cross_origin))
        .layer(DefaultBodyLimit::max(MAX_BODY));
    routes.into_router(kit).layer(layers).with_state(app.clone())
}

/// Not what customers download: it may be large, and its length is worth more to whoever waits for it.
fn worth_compressing() -> impl Predicate {
    DefaultPredicate::new()
        .and(NotForContentType::const_new("application/octet-stream"))
        .and(NotForContentType::const_new("application/x-tar"))
}

/// What guards need, from the app.
pub fn kit(app: &App) -> Kit {
    Kit {
        db: app.db.clone(),
        authenticate: Arc::clone(&app.authenticate),
        mailboxes: Arc::new(mail::MailboxAuthenticator::new(
            Arc::clone(&app.clock),
            &app.config,
        )),
        limiter: Arc::new(Limiter::new(app.config.rate_per_minute)),
        clock: Arc::clone(&app.clock),
        keyring: Arc::clone(&app.keyring),
    }
}

fn draw_nav(actor: &Actor, member: Option<&Member>, path: &str) -> Nav {
    let is_shared = is_shared(member, path);
    let items = match member {
        _ if is_shared => shared_items(actor, path),
        Some(member) => tenant_items(actor, member, path),
        None if path.starts_with("/staff") => staff_items(actor, path),
        None => account_items(path),
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
        items,
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

/// The servers that are shared with a person, by whatever tenant.
fn shared_items(actor: &Actor, path: &str) -> Vec<NavItem> {
    let list = item(SHARED, "users", "/shared".to_owned(), "/shared", path);
    let servers = actor.guests.iter().map(|guest| NavItem {
        label: guest.server_name.clone().into(),
        ..item("", "server", guests::href(guest), "", path)
    });
    [list]
        .into_iter()
        .chain(servers)
        .chain([help_item(path)])
        .collect()
}

fn tenant_items(actor: &Actor, member: &Member, path: &str) -> Vec<NavItem> {
    use Permission as P;
    let home = format!("/t/{}", member.slug);
    let entries = [
        ("Overview", "layout-dashboard", "", P::TenantRead),
        ("Servers", "server", "/servers", P::ServerRead),
        ("Stacks", "layers", "/stacks", P::ServerRead),
        ("Checks", "activity", "/checks", P::CheckRead),
        ("Incidents", "triangle-alert", "/incidents", P::CheckRead),
        ("Maintenance", "calendar-clock", "/maintenance", P::CheckRead),
        ("Networks", "network", "/networks", P::NetworkRead),
        ("Storage", "hard-drive", "/storage", P::TenantRead),
        ("Volumes", "database", "/volumes", P::VolumeRead),
        ("Shares", "share-2", "/shares", P::ShareRead),
        ("Backups", "archive", "/backups", P::BackupRead),
        ("Mail", "mail", "/mail", P::MailRead),
        ("Tickets", "ticket", "/tickets", P::TicketRead),
        ("SLA", "gauge", "/sla", P::SlaRead),
        ("Status page", "globe", "/status-page", P::StatusRead),
        ("Webhooks", "webhook", "/webhooks", P::WebhookRead),
        ("Members", "users", "/members", P::MemberRead),
        ("Access of staff", "eye", "/break-glass", P::BreakGlassRead),
        ("Audit log", "history", "/audit", P::AuditRead),
        ("Settings", "settings", "/settings", P::TenantRead),
    ];
    let allowed = entries
        .into_iter()
        .filter(|(.., permission)| actor.may_in(member, *permission));
    allowed
        .map(|(label, icon, below, _)| item(label, icon, format!("{home}{below}"), &home, path))
        .chain([help_item(path)])
        .collect()
}

fn staff_items(actor: &Actor, path: &str) -> Vec<NavItem> {
    use Permission as P;
    let entries = [
        ("Overview", "layout-dashboard", "", P::StaffSystemRead),
        ("Tickets", "ticket", "/tickets", P::StaffTicketRead),
        ("Wallboard", "monitor", "/wallboard", P::StaffTicketRead),
        ("On call", "clock", "/on-call", P::StaffOnCallRead),
        ("Runbooks", "book-open", "/runbooks", P::StaffRunbookRead),
        ("Break glass", "eye", "/break-glass", P::StaffBreakGlassRead),
        ("Tenants", "building-2", "/tenants", P::StaffTenantRead),
        ("Servers", "server", "/servers", P::StaffServerRead),
        ("Stacks", "layers", "/stacks", P::StaffServerRead),
        ("Checks", "activity", "/checks", P::StaffCheckRead),
        ("Incidents", "triangle-alert", "/incidents", P::StaffCheckRead),
        ("Maintenance", "calendar-clock", "/maintenance", P::StaffCheckRead),
        ("Capacity", "gauge", "/capacity", P::StaffSystemRead),
        ("Backups", "archive", "/backups", P::StaffBackupRead),
        ("Mail", "mail", "/mail", P::StaffMailRead),
        ("Plans", "package", "/plans", P::StaffPlanRead),
        ("SLA", "scroll-text", "/sla", P::StaffSlaRead),
        ("Status pages", "globe", "/status-pages", P::StaffStatusRead),
        ("Catalogue", "layout-grid", "/catalogue", P::StaffCatalogueRead),
        ("Eggs", "package", "/eggs", P::StaffCatalogueRead),
        ("Restore drills", "shield", "/drills", P::StaffBackupRead),
        ("Certificates", "scroll-text", "/certificates", P::StaffTenantRead),
        ("People", "users", "/people", P::StaffPeopleRead),
        ("Notifications", "bell", "/notifications", P::StaffSystemRead),
        ("Webhooks", "webhook", "/webhooks", P::StaffWebhookRead),
        ("Audit log", "history", "/audit", P::StaffAuditRead),
    ];
    let allowed = entries
        .into_iter()
        .filter(|(.., permission)| actor.may_as_staff(*permission));
    allowed
        .map(|(label, icon, below, _)| item(label, icon, format!("/staff{below}"), "/staff", path))
        .chain([help_item(path)])
        .collect()
}

fn account_items(path: &str) -> Vec<NavItem> {
    let entries = [
        ("Profile", "circle-user", ""),
        ("Sessions", "monitor", "/sessions"),
        ("API tokens", "key-round", "/tokens"),
    ];
    let href = |below: &str| format!("/account{below}");
    entries
        .into_iter()
        .map(|(label, icon, below)| item(label, icon, href(below), "/account", path))
        .chain([help_item(path)])
        .collect()
}

/// The last entry of every area.
fn help_item(path: &str) -> NavItem {
    item("Help", "life-buoy", "/help".to_owned(), "", path)
}
