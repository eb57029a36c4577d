//! Acting from a ticket: the action that staff have anyway, and what the ticket tells of it, in one transaction.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::backups;
use crate::platform::access::{Permission, StaffScope, Who};
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, OperationId, ServerId, TicketActId, TicketId};
use crate::runbooks;
use crate::servers::{self, model::Command};
use crate::tickets::{self, EventKind};

use super::model::Verb;
use super::store::{self, Act, NewAct};

/// What is to be done.
#[derive(Debug, Clone)]
pub enum Order {
    /// Start, stop, restart or kill it.
    Power(Command),
    /// Suspend it, for a reason that its customer reads.
    Suspend(String),
    /// Let it go on.
    Resume,
    /// Give it this size.
    Resize(String),
    /// Make it what a backup holds. A page asks for the server's name.
    Restore(BackupId, Option<String>),
}

impl Order {
    fn verb(&self) -> Verb {
        match self {
            Self::Power(Command::Start) => Verb::Start,
            Self::Power(Command::Stop) => Verb::Stop,
            Self::Power(Command::Restart) => Verb::Restart,
            Self::Power(Command::Kill) => Verb::Kill,
            Self::Suspend(_) => Verb::Suspend,
            Self::Resume => Verb::Resume,
            Self::Resize(_) => Verb::Resize,
            Self::Restore(..) => Verb::Restore,
        }
    }

    /// Does it. The operation tells how it goes.
    async fn carry_out(
        &self,
        app: &App,
        tx: &mut StaffTx,
        who: &Who,
        server: ServerId,
    ) -> Result<OperationId, Error> {
        let asked = match self {
            Self::Power(command) => servers::command_within(app, tx, who, server, *command).await?,
            Self::Suspend(reason) => servers::suspend_within(app, tx, who, server, reason).await?,
            Self::Resume => servers::resume_within(app, tx, who, server).await?,
            Self::Resize(size) => servers::resize_within(app, tx, who, server, size).await?,
            Self::Restore(backup, typed) => {
                return backups::over_within(app, tx, who, (server, *backup), typed.as_deref()).await;
            }
        };
        Ok(asked.operation.id)
    }
}

/// Does something with a server of a ticket's tenant. The route's rule says who may; a restore needs what it needs elsewhere.
pub async fn act(
    app: &App,
    scope: &StaffScope,
    (id, server): (TicketId, ServerId),
    order: Order,
    runbook: Option<&str>,
) -> Result<Act, Error> {
    if matches!(order, Order::Restore(..)) && !scope.may(Permission::StaffServerPower) {
        return Err(Error::Forbidden);
    }
    let runbook = match runbook.filter(|slug| !slug.is_empty()) {
        Some(slug) => Some(runbooks::find(slug).ok_or(Error::NotFound)?.slug),
        None => None,
    };
    let mut tx = scope.begin().await?;
    let ticket = tickets::lock(&mut tx, id).await?;
    let found = servers::find(&mut tx, server).await?;
    let Some(tenant) = ticket.tenant.filter(|tenant| *tenant == found.tenant) else {
        return Err(Error::NotFound);
    };
    let operation = order.carry_out(app, &mut tx, &scope.who, server).await?;
    let (now, verb) = (app.now(), order.verb());
    let new = NewAct {
        id: TicketActId::new(&*app.ids, now),
        ticket: (id, tenant),
        server: (server, &found.name),
        verb,
        operation,
        runbook,
        who: &scope.who,
        now,
    };
    store::add_act(&mut tx, &new).await?;
    let said = format!("{} {}", verb.word(), found.name);
    let kind = EventKind::ActedOn { verb: said };
    tickets::record(app, &mut tx, &scope.who, id, kind, false).await?;
    let label = ticket.label();
    let target = Target {
        kind: "ticket",
        id: Some(id.0),
        label: &label,
        tenant: Some(tenant),
    };
    let told = json!({ "verb": verb.word(), "server": found.name, "server_id": server, "runbook": runbook });
    let change = Change::to("ticket.act", told);
    app.audit(&mut tx, &scope.who, &target, &change).await?;
    let made = store::acts(&mut tx, id, 50)
        .await?
        .into_iter()
        .find(|act| act.id == new.id);
    tx.commit().await?;
    app.poke_servers.poke();
    made.ok_or_else(|| Error::internal("an act that was written is not there"))
}
