//! Wishes for backups: of one server or volume, for a schedule's step, of all servers of a stack. Each writes an operation that ends
//! when all that report to it are over.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::{TenantScope, Who};
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{
    BackupId, BackupRepositoryId, OperationId, ScheduleId, ServerId, StackId, TenantId, VolumeId,
};
use crate::platform::operations::{self, NewOperation};
use crate::platform::secret::random_text;
use crate::servers::{self, model::Server};
use crate::stacks;
use crate::volumes::{self, Volume};

use super::super::model::{Backup, BySchedule, MOST_OF_TENANT, Reason, Retention, State};
use super::super::store;
use super::attached::add_attached;
use super::subject::Subject;
use super::{key_context, tell};

/// Letters of a repository's key: some 256 bits.
const KEY_LETTERS: usize = 43;

/// Backups that were asked for at once, and the work that they report to.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The work, to watch.
    pub operation: OperationId,
    /// The backups, which are yet to be made.
    pub backups: Vec<Backup>,
}

/// Why a backup is made.
#[derive(Debug, Clone, Copy)]
pub enum By {
    /// Somebody wants it.
    Hand,
    /// As part of one of the whole stack.
    Stack,
    /// A schedule, which keeps so many.
    Schedule(ScheduleId, Retention),
}

impl By {
    fn reason(self) -> Reason {
        match self {
            Self::Hand => Reason::Manual,
            Self::Stack => Reason::Stack,
            Self::Schedule(..) => Reason::Schedule,
        }
    }
}

/// What an operation of backups is about.
struct About<'a> {
    tenant: TenantId,
    kind: &'static str,
    target_kind: &'static str,
    target: uuid::Uuid,
    label: &'a str,
}

impl<'a> About<'a> {
    fn server(server: &'a Server) -> Self {
        Self {
            tenant: server.tenant,
            kind: "backup.create",
            target_kind: "server",
            target: server.id.0,
            label: &server.name,
        }
    }

    fn volume(volume: &'a Volume) -> Self {
        Self {
            tenant: volume.tenant,
            kind: "backup.create",
            target_kind: "volume",
            target: volume.id.0,
            label: &volume.name,
        }
    }

    async fn open(&self, app: &App, tx: &mut impl Scoped, who: &Who) -> Result<OperationId, Error> {
        let now = app.now();
        let id = OperationId::new(&*app.ids, now);
        let new = NewOperation {
            id,
            tenant: Some(self.tenant),
            kind: self.kind,
            target_kind: self.target_kind,
            target: Some(self.target),
            label: self.label,
            generation: None,
            actor: &who.label,
            now,
        };
        operations::open(tx, &new).await?;
        Ok(id)
    }
}

/// Backs a server up, as soon as it is its tenant's turn.
pub async fn create(app: &App, scope: &TenantScope, id: ServerId) -> Result<Backup, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::lock(&mut tx, id).await?;
    let operation = About::server(&server).open(app, &mut tx, &scope.who).await?;
    let subject = Subject::Server(&server);
    let backup = add(app, &mut tx, &scope.who, (subject, operation, By::Hand)).await?;
    tx.commit().await?;
    Ok(backup)
}

/// Backs a volume up, as soon as it is its tenant's turn.
pub async fn create_of_volume(app: &App, scope: &TenantScope, id: VolumeId) -> Result<Backup, Error> {
    let mut tx = scope.begin().await?;
    let volume = volumes::lock(&mut tx, id).await?;
    volume.check_open()?;
    let operation = About::volume(&volume).open(app, &mut tx, &scope.who).await?;
    let subject = Subject::Volume(&volume);
    let backup = add(app, &mut tx, &scope.who, (subject, operation, By::Hand)).await?;
    tx.commit().await?;
    Ok(backup)
}

/// Backs a server up for a schedule, in its run's transaction. Whatever keeps it from that is a conflict: the step's end.
pub async fn take_within(
    app: &App,
    tx: &mut SystemTx,
    who: &Who,
    (id, schedule, wanted): (ServerId, ScheduleId, BySchedule),
) -> Result<OperationId, Error> {
    let server = servers::lock(tx, id).await?;
    let operation = About::server(&server).open(app, tx, who).await?;
    let by = By::Schedule(schedule, wanted.retention);
    let backup = add(app, tx, who, (Subject::Server(&server), operation, by)).await;
    backup.map_err(for_a_step)?;
    if wanted.with_volumes {
        let attached = add_attached(app, tx, who, (id.0, operation, by)).await;
        attached.map_err(for_a_step)?;
    }
    Ok(operation)
}

/// What a step can't do for want of room is a conflict like any other.
fn for_a_step(error: Error) -> Error {
    match error {
        error @ Error::LimitReached { .. } => Error::conflict("too-many-backups", error.sentence()),
        error => error,
    }
}

/// Backs all servers of a stack up that have files of their own, or none of them.
pub async fn of_stack(app: &App, scope: &TenantScope, id: StackId) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    let asked = of_all(app, &mut tx, &scope.who, (id, By::Stack)).await?;
    tx.commit().await?;
    Ok(asked)
}

/// The same for a schedule, in its run's transaction. Whatever keeps it from that is a conflict: the step's end.
pub async fn of_stack_within(
    app: &App,
    tx: &mut SystemTx,
    who: &Who,
    (id, schedule, wanted): (StackId, ScheduleId, BySchedule),
) -> Result<OperationId, Error> {
    let by = By::Schedule(schedule, wanted.retention);
    let operation = of_all(app, tx, who, (id, by)).await?.operation;
    if wanted.with_volumes {
        let attached = add_attached(app, tx, who, (id.0, operation, by)).await;
        attached.map_err(for_a_step)?;
    }
    Ok(operation)
}

async fn of_all(app: &App, tx: &mut impl Scoped, who: &Who, (id, by): (StackId, By)) -> Result<Asked, Error> {
    let (stack, saved) = stacks::lock_keeping(app, tx, id).await?;
    if saved.is_empty() {
        return Err(Error::conflict(
            "nothing-to-back-up",
            "None of the stack's servers keeps files that could be backed up.",
        ));
    }
    let about = About {
        tenant: stack.tenant,
        kind: "stack.backup",
        target_kind: "stack",
        target: id.0,
        label: &stack.name,
    };
    let operation = about.open(app, tx, who).await?;
    let mut backups = Vec::new();
    for server in &saved {
        let backup = add(app, tx, who, (Subject::Server(server), operation, by)).await;
        backups.push(backup.map_err(|error| named(server, error))?);
    }
    events::emit(tx, Some(stack.tenant), stacks::TOPIC, Some(id.0)).await?;
    Ok(Asked { operation, backups })
}

/// What one of several has no room for says which one it is.
fn named(server: &Server, error: Error) -> Error {
    match error {
        error @ Error::LimitReached { .. } => {
            Error::conflict("too-many-backups", format!("{}: {error}.", server.name))
        }
        error => error,
    }
}

/// Writes one that waits, in the tenant's repository where backups go now.
pub(super) async fn add(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    (subject, operation, by): (Subject<'_>, OperationId, By),
) -> Result<Backup, Error> {
    subject.check(tx).await?;
    let tenant = subject.tenant();
    let of_all = store::count_all(tx, tenant).await?;
    if of_all >= MOST_OF_TENANT {
        return Err(Error::LimitReached {
            what: "backups of this organisation",
            limit: MOST_OF_TENANT,
            used: of_all,
        });
    }
    let (schedule, retention) = match by {
        By::Schedule(schedule, retention) => (Some(schedule), Some(retention)),
        By::Hand | By::Stack => (None, None),
    };
    let now = app.now();
    let backup = Backup {
        id: BackupId::new(&*app.ids, now),
        tenant,
        repository: repository(app, tx, tenant).await?,
        server: subject.of().server(),
        volume: subject.of().volume(),
        is_of_volume: subject.of().volume().is_some(),
        server_name: subject.name().to_owned(),
        state: State::Waiting,
        reason: by.reason(),
        operation: Some(operation),
        schedule,
        retention,
        asked_by: who.label.clone(),
        created_at: now,
        finished_at: None,
        done_bytes: 0,
        total_bytes: 0,
        added_bytes: 0,
        snapshot: None,
        error: None,
        about: None,
    };
    if !store::add(tx, &backup).await? {
        return Err(Error::conflict(
            "backup-under-way",
            format!("A backup of {} is being made already.", subject.name()),
        ));
    }
    let change = Change::to("backup.create", json!({ "reason": backup.reason.word() }));
    tell(app, tx, who, &backup, &change).await?;
    Ok(backup)
}

/// The tenant's repository where backups go. Its key is made here, and seen by nobody.
async fn repository(app: &App, tx: &mut impl Scoped, tenant: TenantId) -> Result<BackupRepositoryId, Error> {
    let target = store::default_target(tx).await?;
    let target = target.ok_or_else(|| {
        Error::conflict(
            "no-backup-target",
            "The provider has not said where backups go. Ask the provider.",
        )
    })?;
    let place = (tenant, target);
    if let Some(known) = store::repository(tx, place).await? {
        return Ok(known);
    }
    let id = BackupRepositoryId::new(&*app.ids, app.now());
    let key = random_text(KEY_LETTERS);
    let sealed = app
        .keyring
        .seal(&key_context(id), key.as_bytes())
        .map_err(Error::internal)?;
    store::add_repository(tx, id, place, (&sealed, app.now())).await?;
    store::repository(tx, place).await?.ok_or(Error::NotFound)
}
