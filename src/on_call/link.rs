//! What whoever has the link of a page's mail sees and does: they are taken for the person that it was mailed to, for the tickets of
//! that mail and nothing else.

use chrono::TimeDelta;
use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{Permission, StaffRole, Visitor, Who, staff_may};
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{TicketId, UserId};
use crate::platform::secret::hash_token;
use crate::tickets;

use super::TOPIC;
use super::model::Call;
use super::store::{self, LinkOwner};

/// How long a link works.
pub(super) const WORKS: TimeDelta = TimeDelta::hours(24);
/// So many tickets are shown, and acknowledged at once.
pub(super) const AT_ONCE: usize = 200;

/// The address of a link.
pub(super) fn path(token: &str) -> String {
    format!("/page-links/{token}")
}

/// A link that works.
pub(super) struct Opened {
    /// Whose it is.
    pub(super) owner: LinkOwner,
    /// What it is about.
    pub(super) calls: Vec<Call>,
}

/// Whose a link is; one that has ended, or whose person may not acknowledge any more, is like one that never was.
async fn owner(app: &App, tx: &mut SystemTx, hash: &[u8]) -> Result<LinkOwner, Error> {
    let owner = store::link_of(tx, hash, app.now())
        .await?
        .ok_or(Error::NotFound)?;
    let role: Result<StaffRole, _> = owner.role.parse();
    if role.is_ok_and(|role| staff_may(role, Permission::StaffOnCallTake)) {
        Ok(owner)
    } else {
        Err(Error::NotFound)
    }
}

/// Looks at what a link leads to, and changes nothing.
pub(super) async fn look(app: &App, token: &str) -> Result<Opened, Error> {
    let hash = hash_token(token);
    let mut tx = app.db.system().await?;
    let owner = owner(app, &mut tx, &hash).await?;
    let limit = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
    let calls = store::link_calls(&mut tx, &hash, limit).await?;
    Ok(Opened { owner, calls })
}

/// Acknowledges what a link is about, each ticket in a transaction of its own, so that none waits for another. Says how many were, and
/// how many are left.
pub(super) async fn acknowledge(app: &App, visitor: &Visitor, token: &str) -> Result<(usize, usize), Error> {
    let hash = hash_token(token);
    let mut tx = app.db.system().await?;
    let owner = owner(app, &mut tx, &hash).await?;
    let (open, count) = store::open_of_link(&mut tx, &hash, AT_ONCE).await?;
    store::use_link(&mut tx, &hash, app.now()).await?;
    tx.commit().await?;
    let who = Who {
        kind: "user",
        user: Some(owner.id),
        token: None,
        label: owner.email,
        ip: Some(visitor.ip.clone()),
        request_id: Some(visitor.request_id.clone()),
    };
    for ticket in &open {
        let mut tx = app.db.system().await?;
        settle(app, &mut tx, &who, (*ticket, owner.id), "link").await?;
        tx.commit().await?;
    }
    Ok((open.len(), count - open.len()))
}

/// Acknowledges a ticket for somebody who was paged, and ends its paging. `by` says whether a link did it or the panel's page.
pub(super) async fn settle(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    (id, user): (TicketId, UserId),
    by: &str,
) -> Result<(), Error> {
    let ticket = tickets::lock(tx, id).await?;
    if ticket.state.wants_acknowledgement() && ticket.merged_into.is_none() {
        tickets::acknowledge(app, tx, who, id, user).await?;
    }
    if !store::stop(tx, id, Some(user), app.now()).await? {
        return Ok(());
    }
    let label = ticket.label();
    let target = Target {
        kind: "ticket",
        id: Some(id.0),
        label: &label,
        tenant: None,
    };
    let change = Change::to("on_call.acknowledge", json!({ "by": by }));
    app.audit(tx, who, &target, &change).await?;
    events::emit(tx, None, TOPIC, Some(id.0)).await
}
