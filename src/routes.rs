//! The table of contents: every feature's routes, and the middleware around them in order.

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
use crate::platform::access::Rule;
use crate::platform::error::Error;
use crate::platform::web::page::DrawNav;
use crate::platform::web::{
    AskAgain, ClientAddress, Kit, Limiter, MAX_BODY, Routes, asset, draw_errors, health, limit_time,
    log_requests, refuse_cross_origin, security_headers,
};
use crate::{
    accounts, audit, backups, break_glass, breakdowns, catalogue, certificates, drills, eggs, exit, files,
    guests, help, mail, maintenance, monitoring, networks, notifications, on_call, overview, rail, runbooks,
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
        .layer(Extension(DrawNav(rail::draw)))
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
