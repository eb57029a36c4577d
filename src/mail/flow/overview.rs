//! Staff's first look at mail: whether its programs work, what waits, and who has how much.

use askama::Template;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::drivers::mail::MailHealth;
use crate::mail::domains::LOST_AFTER;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::platform::web::{Ctx, Json, Page, ago};
use crate::usage::bytes;

use super::model::{self, Figures};
use super::queue::queue;
use super::service::{away, service, told};
use super::store::{self, TenantMail, Totals};

/// Tenants that are named.
const TOP: i64 = 10;

/// What the mail service says of itself: its programs and its queue.
async fn look(app: &App) -> Result<(Vec<MailHealth>, Figures), Error> {
    let health = async { service(app)?.health().await.map_err(told) };
    let (health, queue) = tokio::try_join!(health, queue(app))?;
    Ok((health, model::figures(&queue)))
}

async fn sums(app: &App, scope: &StaffScope) -> Result<(Totals, Vec<TenantMail>), Error> {
    let mut tx = scope.begin().await?;
    Ok((
        store::totals(&mut tx, app.now() - LOST_AFTER).await?,
        store::top_tenants(&mut tx, TOP).await?,
    ))
}

struct TenantRow {
    href: String,
    name: String,
    domains: i32,
    mailboxes: i32,
    used: String,
}

#[derive(Template)]
#[template(path = "mail/staff.html")]
pub(super) struct StaffMailPage {
    ctx: Ctx,
    /// Why its programs and its queue are not known; empty if they are.
    away: String,
    health: Vec<MailHealth>,
    figures: Figures,
    oldest: String,
    totals: Totals,
    used: String,
    tenants: Vec<TenantRow>,
}

impl StaffMailPage {
    fn lost(&self) -> String {
        match self.totals.lost {
            1 => "one domain".to_owned(),
            many => format!("{many} domains"),
        }
    }
}

/// The page.
pub(super) async fn show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
) -> Result<Page<StaffMailPage>, Error> {
    let ((health, figures), away) = match look(&app).await {
        Ok(seen) => (seen, String::new()),
        Err(error) => ((Vec::new(), Figures::default()), away(error)?),
    };
    let (totals, tenants) = sums(&app, &scope).await?;
    let tenants = tenants.into_iter().map(|one| TenantRow {
        href: format!("/staff/tenants/{}", one.tenant),
        name: one.name,
        domains: one.domains,
        mailboxes: one.mailboxes,
        used: bytes(one.used_bytes),
    });
    Ok(Page(StaffMailPage {
        ctx,
        away,
        health,
        oldest: figures
            .oldest
            .map_or_else(|| "–".to_owned(), |at| ago(at, app.now())),
        figures,
        used: bytes(totals.used_bytes),
        totals,
        tenants: tenants.collect(),
    }))
}

/// A program of the mail service.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailProgramOut {
    /// Which.
    #[schema(example = "postfix")]
    program: String,
    /// Whether it works.
    is_up: bool,
    /// What it says; empty where all is well.
    says: String,
}

/// What a tenant has.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantMailOut {
    /// Which.
    tenant_id: TenantId,
    /// What it is called.
    name: String,
    /// Domains.
    domains: i32,
    /// Mailboxes.
    mailboxes: i32,
    /// Bytes of mail.
    used_bytes: i64,
}

/// Mail of the installation.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailStateOut {
    /// Whether the mail service answers.
    is_there: bool,
    /// Why not; null if it does.
    trouble: Option<String>,
    /// Its programs; empty if it does not answer.
    programs: Vec<MailProgramOut>,
    /// Domains of all tenants.
    domains: i64,
    /// Mailboxes of all tenants.
    mailboxes: i64,
    /// Domains that DNS has shown nothing of for three days, so that they may be somebody else's by now.
    lost_domains: i64,
    /// Aliases of all tenants.
    aliases: i64,
    /// Bytes of mail of all tenants.
    used_bytes: i64,
    /// The ten tenants with the most mail.
    tenants: Vec<TenantMailOut>,
}

/// Get the state of mail
///
/// The programs of the mail service, and what all tenants have.
#[utoipa::path(get, path = "/api/v1/staff/mail", tag = "staff mail",
    responses((status = 200, description = "The state", body = MailStateOut)))]
pub async fn state(State(app): State<App>, scope: StaffScope) -> Result<Json<MailStateOut>, Error> {
    let health = async { service(&app)?.health().await.map_err(told) };
    let (health, trouble) = match health.await {
        Ok(health) => (health, None),
        Err(error) => (Vec::new(), Some(away(error)?)),
    };
    let (totals, tenants) = sums(&app, &scope).await?;
    let programs = health.into_iter().map(|one| MailProgramOut {
        program: one.program,
        is_up: one.is_up,
        says: one.says,
    });
    let tenants = tenants.into_iter().map(|one| TenantMailOut {
        tenant_id: one.tenant,
        name: one.name,
        domains: one.domains,
        mailboxes: one.mailboxes,
        used_bytes: one.used_bytes,
    });
    Ok(Json(MailStateOut {
        is_there: trouble.is_none(),
        trouble,
        programs: programs.collect(),
        domains: totals.domains,
        mailboxes: totals.mailboxes,
        lost_domains: totals.lost,
        aliases: totals.aliases,
        used_bytes: totals.used_bytes,
        tenants: tenants.collect(),
    }))
}
