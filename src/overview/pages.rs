//! The start page, the choice of an area, and both dashboards.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::audit;
use crate::backups::{self, Of};
use crate::break_glass;
use crate::config::NetworkGuard;
use crate::drills;
use crate::mail::{self, limits::Totals};
use crate::on_call;
use crate::platform::access::{Actor, Permission, StaffScope, TenantRole, TenantScope, UserScope, Visitor};
use crate::platform::error::Error;
use crate::platform::web::page::Tone;
use crate::platform::web::{Ctx, Page, ago};
use crate::servers;
use crate::tenants::{self, Gauge};
use crate::tickets::{TicketCounts, counts};
use crate::usage::bytes;
use crate::webhooks;

use super::store::{self, Deed, Servers, Tenants};
use super::trouble::{TroubleLine, alarmed};

/// Sends everybody to where they belong.
pub async fn home(visitor: Visitor) -> Redirect {
    Redirect::to(
        &visitor
            .actor
            .as_ref()
            .map_or_else(|| "/sign-in".to_owned(), start),
    )
}

/// Where a person's day starts.
fn start(actor: &Actor) -> String {
    match (actor.staff, actor.memberships.as_slice()) {
        (Some(_), _) => "/staff".to_owned(),
        (None, []) if !actor.guests.is_empty() => "/shared".to_owned(),
        (None, [only]) => format!("/t/{}", only.slug),
        (None, _) => "/areas".to_owned(),
    }
}

#[derive(Debug)]
struct AreaCard {
    name: String,
    role: &'static str,
    href: String,
}

#[derive(Template)]
#[template(path = "overview/areas.html")]
pub struct Areas {
    ctx: Ctx,
    areas: Vec<AreaCard>,
}

/// The organisations that a person belongs to.
pub async fn areas(scope: UserScope, ctx: Ctx) -> Response {
    let members = scope.actor.memberships.iter();
    let areas = members.map(|member| AreaCard {
        name: member.name.clone(),
        role: member.role().map_or("Guest", TenantRole::label),
        href: format!("/t/{}", member.slug),
    });
    let shared = (!scope.actor.guests.is_empty()).then(|| AreaCard {
        name: "Shared with me".to_owned(),
        role: "Guest",
        href: "/shared".to_owned(),
    });
    Page(Areas {
        areas: areas.chain(shared).collect(),
        ctx,
    })
    .into_response()
}

#[derive(Debug)]
struct DeedLine {
    iso: String,
    ago: String,
    who: String,
    words: String,
}

impl DeedLine {
    fn new(deed: Deed, now: DateTime<Utc>) -> Self {
        Self {
            iso: deed.at.to_rfc3339(),
            ago: ago(deed.at, now),
            words: audit::words(&deed.action, &deed.target),
            who: deed.who,
        }
    }
}

fn with_guard_banner(ctx: Ctx, guard: NetworkGuard) -> Ctx {
    match guard {
        NetworkGuard::Required => ctx,
        NetworkGuard::Off => ctx.with_banner(
            Tone::Warn,
            "The network guard is off. Servers reach the machine that they run on, and all that it reaches, unless a firewall \
             of yours says otherwise.",
        ),
    }
}

#[derive(Debug)]
struct MailLine {
    mailboxes: String,
    note: String,
    held: String,
}

impl MailLine {
    fn new(totals: &Totals) -> Self {
        Self {
            mailboxes: totals.mailboxes.to_string(),
            note: match totals.domains {
                1 => "in 1 domain".to_owned(),
                domains => format!("in {domains} domains"),
            },
            held: bytes(totals.used_bytes),
        }
    }
}

#[derive(Template)]
#[template(path = "overview/tenant.html")]
pub struct TenantOverview {
    ctx: Ctx,
    name: String,
    slug: String,
    servers: Servers,
    gauges: Vec<Gauge>,
    /// Nothing where there are no mail domains.
    mail: Option<MailLine>,
    /// Nothing for who may not see tickets.
    tickets: Option<TicketCounts>,
    troubled: Vec<TroubleLine>,
    proven: Option<String>,
    deeds: Vec<DeedLine>,
    may_create: bool,
    may_audit: bool,
}

/// A tenant at a glance.
pub async fn tenant(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
) -> Result<Page<TenantOverview>, Error> {
    let (mut tx, now) = (scope.begin().await?, app.now());
    let id = scope.tenant();
    let limits = tenants::find_tenant(&mut tx, id).await?.limits;
    let gauges = tenants::usage(&mut tx, id, now).await?.gauges(&limits);
    let may_audit = scope.may(Permission::AuditRead);
    let deeds = if may_audit {
        store::deeds(&mut tx, Some(id)).await?
    } else {
        Vec::new()
    };
    let base = format!("/t/{}", scope.member.slug);
    let mut troubled: Vec<TroubleLine> = store::troubled(&mut tx, Some(id))
        .await?
        .into_iter()
        .map(|one| TroubleLine::new(one, &base))
        .collect();
    let mut proven = None;
    if scope.may(Permission::BackupRead) {
        let alerts = backups::alerts(&mut tx, Some(id)).await?;
        troubled.extend(alarmed(alerts, |alert| match alert.of {
            Of::Server(server) => format!("{base}/servers/{server}/backups"),
            Of::Volume(volume) => format!("{base}/volumes/{volume}/backups"),
        }));
        let unsound = backups::failed_checks(&mut tx, Some(id)).await?.into_iter();
        troubled.extend(unsound.map(|one| TroubleLine::of_check(one, format!("{base}/backups"), now)));
        let unproven = drills::attention(&mut tx, Some(id), now).await?.into_iter();
        troubled.extend(unproven.map(|one| {
            let href = format!("{base}/servers/{}/backups/drills", one.server);
            TroubleLine::of_drill(one, href)
        }));
        proven = drills::glance(&mut tx, id, now).await?;
    }
    let totals = mail::limits::totals(&mut tx, id).await?;
    let has_mail = totals.domains > 0 && scope.may(Permission::MailRead);
    let tickets = if scope.may(Permission::TicketRead) {
        Some(counts(&mut tx, Some(id), now).await?)
    } else {
        None
    };
    let ctx = break_glass::with_banner(&mut tx, ctx, id, now).await?;
    Ok(Page(TenantOverview {
        mail: has_mail.then(|| MailLine::new(&totals)),
        tickets,
        proven,
        ctx: servers::with_engine_banner(&mut tx, ctx).await?,
        servers: store::servers(&mut tx, Some(id)).await?,
        troubled,
        deeds: deeds.into_iter().map(|deed| DeedLine::new(deed, now)).collect(),
        gauges,
        name: scope.member.name.clone(),
        slug: scope.member.slug.clone(),
        may_create: scope.may(Permission::ServerCreate),
        may_audit,
    }))
}

#[derive(Template)]
#[template(path = "overview/staff.html")]
pub struct StaffOverview {
    ctx: Ctx,
    tenants: Tenants,
    servers: Servers,
    tickets: TicketCounts,
    troubled: Vec<TroubleLine>,
    deeds: Vec<DeedLine>,
    may_create: bool,
    may_audit: bool,
}

/// The provider's house at a glance.
pub async fn staff(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
) -> Result<Page<StaffOverview>, Error> {
    let (mut tx, now) = (scope.begin().await?, app.now());
    let may_audit = scope.may(Permission::StaffAuditRead);
    let deeds = if may_audit {
        store::deeds(&mut tx, None).await?
    } else {
        Vec::new()
    };
    let mut troubled: Vec<TroubleLine> = store::troubled(&mut tx, None)
        .await?
        .into_iter()
        .map(|one| TroubleLine::new(one, "/staff"))
        .collect();
    if scope.may(Permission::StaffBackupRead) {
        let alerts = backups::alerts(&mut tx, None).await?;
        troubled.extend(alarmed(alerts, |alert| match alert.of {
            Of::Server(server) => format!("/staff/servers/{server}"),
            Of::Volume(_) => format!("/staff/tenants/{}/volumes", alert.tenant),
        }));
        let unsound = backups::failed_checks(&mut tx, None).await?.into_iter();
        troubled.extend(unsound.map(|one| TroubleLine::of_check(one, "/staff/backups".to_owned(), now)));
        let unproven = drills::attention(&mut tx, None, now).await?.into_iter();
        troubled.extend(unproven.map(|one| {
            let href = format!("/staff/servers/{}/drills", one.server);
            TroubleLine::of_drill(one, href)
        }));
    }
    if scope.may(Permission::StaffOnCallRead) {
        let needs = on_call::attention(&mut tx, now).await?;
        troubled.extend(needs.into_iter().map(TroubleLine::of_duty));
    }
    if scope.may(Permission::StaffWebhookRead) {
        let disabled = webhooks::disabled(&mut tx).await?.into_iter();
        troubled.extend(disabled.map(TroubleLine::of_webhook));
    }
    Ok(Page(StaffOverview {
        ctx: with_guard_banner(
            servers::with_engine_banner(&mut tx, ctx).await?,
            app.config.network_guard,
        ),
        tenants: store::tenants(&mut tx).await?,
        servers: store::servers(&mut tx, None).await?,
        tickets: counts(&mut tx, None, now).await?,
        troubled,
        deeds: deeds.into_iter().map(|deed| DeedLine::new(deed, now)).collect(),
        may_create: scope.may(Permission::StaffTenantManage),
        may_audit,
    }))
}
