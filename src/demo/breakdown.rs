//! The demo's breakdown: what its plan promises, and a real one, once: the server's process is killed past the panel, as a fault would, and the
//! panel finds out, opens a ticket with evidence, starts the server again and resolves the ticket by itself.

use std::time::Duration;

use crate::app::App;
use crate::drivers::engine::ServerKey;
use crate::platform::access::{StaffScope, SystemScope};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, SlaCalendarId, SlaPolicyId, StatusComponentId, StatusPageId, TenantId};
use crate::sla::{self, HoursText, PolicyText, TargetText};

use super::actions::{LOOK_AGAIN, NAME, SLUG, Shown, wait};
use super::store;

const CALENDAR: &str = "All the time";
const POLICY: &str = "Standard";
/// Past this, no panel watches over its servers.
const PATIENCE: Duration = Duration::from_mins(1);

/// A ticket that can be looked at.
#[derive(Debug)]
pub struct Broke {
    /// Its number.
    pub number: i64,
    /// Where it is.
    pub link: String,
}

/// Promises the demo's tenant something, if nothing is.
pub(super) async fn promise(
    app: &App,
    system: &SystemScope,
    staff: &StaffScope,
    tenant: TenantId,
) -> Result<(), Error> {
    let Some(plan) = store::plan_without_sla(&mut system.begin().await?, tenant).await? else {
        return Ok(());
    };
    let policy = match store::policy(&mut system.begin().await?, POLICY).await? {
        Some(policy) => policy,
        None => make_policy(app, system, staff).await?,
    };
    sla::choose(app, staff, plan, Some(policy)).await.map(drop)
}

async fn calendar(app: &App, system: &SystemScope, staff: &StaffScope) -> Result<SlaCalendarId, Error> {
    if let Some(known) = store::calendar(&mut system.begin().await?, CALENDAR).await? {
        return Ok(known);
    }
    let hours = HoursText {
        name: CALENDAR.to_owned(),
        is_always: true,
        ..HoursText::default()
    };
    Ok(sla::create_calendar(app, staff, hours.parse()?).await?.id)
}

async fn make_policy(app: &App, system: &SystemScope, staff: &StaffScope) -> Result<SlaPolicyId, Error> {
    let target = |[first_answer, update, restore]: [&str; 3]| TargetText {
        first_answer: first_answer.to_owned(),
        update: update.to_owned(),
        restore: restore.to_owned(),
    };
    let policy = PolicyText {
        name: POLICY.to_owned(),
        calendar: calendar(app, system, staff).await?.to_string(),
        targets: [
            ["30 min", "2 h", "4 h"],
            ["1 h", "4 h", "8 h"],
            ["4 h", "24 h", "72 h"],
            ["24 h", "", ""],
        ]
        .map(target),
        availability: "99.9".to_owned(),
        credits: vec!["99.9 = 5".to_owned(), "99 = 10".to_owned()],
    };
    Ok(sla::create_policy(app, staff, policy.parse()?).await?.id)
}

/// Has the demo tell the world how its web site is. Gives where.
pub(super) async fn status_page(
    app: &App,
    system: &SystemScope,
    of: (TenantId, ServerId),
) -> Result<Option<String>, Error> {
    let now = app.now();
    let ids = (
        StatusPageId::new(&*app.ids, now),
        StatusComponentId::new(&*app.ids, now),
    );
    let mut tx = system.begin().await?;
    store::add_status_page(&mut tx, ids, of, (SLUG, NAME), now).await?;
    let slug = store::status_page(&mut tx, of.0).await?;
    tx.commit().await?;
    Ok(slug.map(|slug| app.config.link(&format!("/status/{slug}"))))
}

/// Kills the process of the demo's server, unless something of the demo's broke before, and gives the ticket of that as soon as there is
/// one. None if no panel watches.
pub async fn break_once(app: &App, shown: &Shown) -> Result<Option<Broke>, Error> {
    let scope = SystemScope::new(app.db.clone(), "berth demo");
    if let Some(ticket) = ticket(app, &scope, shown.tenant).await? {
        return Ok(Some(ticket));
    }
    let key = ServerKey::new(shown.server.to_string()).map_err(Error::internal)?;
    app.engine.kill(&key).await.map_err(Error::internal)?;
    let look = async {
        loop {
            if let Some(found) = ticket(app, &scope, shown.tenant).await? {
                return Ok(found);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    let found: Result<Option<Broke>, Error> = tokio::time::timeout(PATIENCE, look).await.ok().transpose();
    // So that whoever looks at the server next finds it.
    wait(app, shown.server, PATIENCE).await?;
    found
}

async fn ticket(app: &App, scope: &SystemScope, tenant: TenantId) -> Result<Option<Broke>, Error> {
    let found = store::breakdown(&mut scope.begin().await?, tenant).await?;
    Ok(found.map(|(id, number)| Broke {
        number,
        link: app.config.link(&format!("/t/{SLUG}/tickets/{id}")),
    }))
}
