//! Making the demo, and waiting until it can be looked at.

use std::collections::BTreeMap;
use std::time::Duration;

use uuid::Uuid;

use crate::accounts::{self, NewInvitation};
use crate::app::App;
use crate::platform::access::{
    Actor, Member, StaffRole, StaffScope, Standing, SystemScope, TenantRole, TenantScope, Via, Who,
};
use crate::platform::error::Error;
use crate::platform::ids::{PlanId, ServerId, SessionId, TenantId, UserId};
use crate::servers::{self, NewServerInput};
use crate::tenants::{self, Amounts, NewPlan, NewTenant};

use super::breakdown;
use super::mail::{self, Login};
use super::store;

pub(super) const SLUG: &str = "harbour-bakery";
pub(super) const NAME: &str = "Harbour Bakery";
const PLAN: &str = "Starter";
const OWNER: &str = "owner@harbour-bakery.example";
const SERVER: &str = "website";
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What there is to look at.
#[derive(Debug)]
pub struct Shown {
    /// The demo's organisation.
    pub tenant: TenantId,
    /// The demo's server.
    pub server: ServerId,
    /// Where everybody can read how it is.
    pub status_page: Option<String>,
    /// The link with which the demo's owner joins, if one was made.
    pub invitation: Option<String>,
    /// The mailboxes that were made just now.
    pub mailboxes: Vec<Login>,
    /// Whether there is a mail to read.
    pub has_mail: bool,
}

/// Makes what is missing; an invitation only if `invites` and nobody has joined.
pub async fn seed(app: &App, invites: bool) -> Result<Shown, Error> {
    let system = SystemScope::new(app.db.clone(), "berth demo");
    let staff = StaffScope::new(app.db.clone(), system.who.clone(), robot());
    let tenant = match store::tenant(&mut system.begin().await?, SLUG).await? {
        Some(tenant) => tenant,
        None => make_tenant(app, &system, &staff).await?,
    };
    breakdown::promise(app, &system, &staff, tenant).await?;
    let has_members = store::has_members(&mut system.begin().await?, tenant).await?;
    let invitation = if invites && !has_members {
        Some(invite(app, &staff, tenant).await?)
    } else {
        None
    };
    let server = match store::server(&mut system.begin().await?, tenant, SERVER).await? {
        Some(server) => server,
        None => make_server(app, system.who.clone(), tenant).await?,
    };
    let status_page = breakdown::status_page(app, &system, (tenant, server)).await?;
    let (mailboxes, has_mail) = if app.mail.is_some() {
        let scope = owner(app, system.who.clone(), tenant);
        let mailboxes = mail::seed(app, &system, &scope).await?;
        (mailboxes, mail::deliver(app, &system).await?)
    } else {
        (Vec::new(), false)
    };
    Ok(Shown {
        tenant,
        server,
        status_page,
        invitation,
        mailboxes,
        has_mail,
    })
}

/// Whoever acts where no person does. The audit names the command, not this.
fn robot() -> Actor {
    Actor {
        user: UserId(Uuid::nil()),
        name: "Demo".to_owned(),
        email: "demo".to_owned(),
        staff: Some(StaffRole::Owner),
        memberships: Vec::new(),
        guests: Vec::new(),
        glass: Vec::new(),
        via: Via::Session(SessionId(Uuid::nil())),
    }
}

async fn make_tenant(app: &App, system: &SystemScope, staff: &StaffScope) -> Result<TenantId, Error> {
    let plan = match store::plan(&mut system.begin().await?, PLAN).await? {
        Some(plan) => plan,
        None => make_plan(app, staff).await?,
    };
    let new = NewTenant::parse(NAME, Some(SLUG), &plan.to_string())?;
    Ok(tenants::create(app, staff, new).await?.id)
}

async fn make_plan(app: &App, staff: &StaffScope) -> Result<PlanId, Error> {
    let limits = Amounts {
        servers: 5,
        cpu_millis: 4000,
        memory_mib: 8192,
        disk_mib: 51200,
        members: 10,
        networks: 5,
    };
    let new = NewPlan::parse(
        PLAN,
        "For a small company: a site, a database, a box to work on.",
        Ok(limits),
    )?;
    Ok(tenants::create_plan(app, staff, new).await?.id)
}

async fn invite(app: &App, staff: &StaffScope, tenant: TenantId) -> Result<String, Error> {
    let owner = NewInvitation {
        email: OWNER,
        role: TenantRole::Owner.name(),
    };
    Ok(accounts::invite_as_staff(app, staff, tenant, &owner).await?.url)
}

/// Acts as an owner of the demo's tenant would.
fn owner(app: &App, who: Who, tenant: TenantId) -> TenantScope {
    let member = Member {
        tenant,
        slug: SLUG.to_owned(),
        name: NAME.to_owned(),
        standing: Standing::Member(TenantRole::Owner),
        suspended: None,
    };
    TenantScope::new(app.db.clone(), who, robot(), member)
}

async fn make_server(app: &App, who: Who, tenant: TenantId) -> Result<ServerId, Error> {
    let scope = owner(app, who, tenant);
    let title = [("SITE_TITLE", NAME), ("SITE_OWNER", NAME)];
    let template = app.catalogue.get("static-site").ok_or(Error::NotFound)?;
    let known = title
        .into_iter()
        .filter(|(key, _)| template.template.variable(key).is_some());
    let input = NewServerInput {
        name: SERVER.to_owned(),
        template: "static-site".to_owned(),
        size: "small-box".to_owned(),
        variables: known
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect::<BTreeMap<_, _>>(),
        start: true,
    };
    Ok(servers::create(app, &scope, input).await?.server.id)
}

/// Waits until the server is as wanted, and tells its address. `None` when `patience` ends first.
pub async fn wait(app: &App, server: ServerId, patience: Duration) -> Result<Option<String>, Error> {
    let scope = SystemScope::new(app.db.clone(), "berth demo");
    let look = async {
        loop {
            if let Some(address) = store::address_when_up(&mut scope.begin().await?, server).await? {
                return Ok(address);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    tokio::time::timeout(patience, look).await.ok().transpose()
}
