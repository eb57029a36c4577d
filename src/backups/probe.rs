//! Trying a target because one of the staff asked: an operation that people can watch, done by a job. It makes a repository of
//! its own there, which holds nothing and stays, and checks it: address, credentials, permissions and room are then known.

use graphile_worker::WorkerOptions;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::audit::{Change, Target};
use crate::drivers::backup::{BackupResult, Place};
use crate::drivers::engine::{ServerKey, TenantKey};
use crate::platform::access::{StaffScope, SystemScope};
use crate::platform::error::Error;
use crate::platform::ids::{BackupTargetId, OperationId, TenantId};
use crate::platform::jobs::{self, IntoTaskHandlerResult, TaskHandler, WorkerContext};
use crate::platform::operations::{self, NewOperation};

use super::store;
use super::target;
use super::work;

/// The name of its audit event and operation.
const ACTION: &str = "backup-target.test";

/// Running it twice tries twice. One whose operation has ended does nothing.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TestTarget {
    pub(super) operation: OperationId,
    pub(super) target: BackupTargetId,
}

impl TaskHandler for TestTarget {
    const IDENTIFIER: &'static str = "test_backup_target";

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let app = ctx
            .get_ext::<App>()
            .cloned()
            .ok_or_else(|| "the worker has no app".to_owned())?;
        let scope = SystemScope::new(app.db.clone(), "backups");
        let done = Box::pin(run(&app, &scope, &self)).await;
        done.map_err(|error| error.to_string())
    }
}

/// Adds the job to a worker.
pub fn register(worker: WorkerOptions) -> WorkerOptions {
    worker.define_job::<TestTarget>()
}

/// Asks for it.
pub async fn ask(app: &App, scope: &StaffScope, id: BackupTargetId) -> Result<OperationId, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let known = store::target(&mut tx, id).await?;
    let operation = NewOperation {
        id: OperationId::new(&*app.ids, now),
        tenant: None,
        kind: ACTION,
        target_kind: "backup-target",
        target: Some(id.0),
        label: &known.name,
        generation: None,
        actor: &scope.who.label,
        now,
    };
    operations::open(&mut tx, &operation).await?;
    let job = TestTarget {
        operation: operation.id,
        target: id,
    };
    jobs::enqueue(&mut tx, &job, Some(&id.to_string()), &operation.id.to_string()).await?;
    let about = Target {
        kind: "backup-target",
        id: Some(id.0),
        label: &known.name,
        tenant: None,
    };
    app.audit(&mut tx, &scope.who, &about, &Change::plain(ACTION))
        .await?;
    tx.commit().await?;
    Ok(operation.id)
}

/// Does it.
pub(super) async fn run(app: &App, scope: &SystemScope, wish: &TestTarget) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    if operations::find(&mut tx, wish.operation).await?.state.is_final() {
        return Ok(());
    }
    operations::begin(&mut tx, wish.operation, app.now()).await?;
    let found = match store::sealed(&mut tx, wish.target).await {
        Err(Error::NotFound) => None,
        other => Some(other?),
    };
    tx.commit().await?;
    let outcome = match found {
        None => Err("the target was deleted".to_owned()),
        Some((sealed, allow_inside)) => {
            let place = place(app, wish, sealed.as_deref())?;
            let tried = try_out(app, &place, allow_inside).await;
            tried.map_err(|error| error.to_string())
        }
    };
    let mut tx = scope.begin().await?;
    let outcome = outcome.as_ref().copied().map_err(String::as_str);
    operations::finish(&mut tx, wish.operation, outcome, app.now()).await?;
    tx.commit().await
}

/// A repository of nobody's. Its key is no secret: nothing is ever put into it.
fn place(app: &App, wish: &TestTarget, sealed: Option<&[u8]>) -> Result<Place, Error> {
    let nobody = TenantId(uuid::Uuid::nil());
    Ok(Place {
        call: ServerKey::new(wish.operation.to_string()).map_err(Error::internal)?,
        tenant: TenantKey::new(nobody.to_string()).map_err(Error::internal)?,
        address: target::address(&app.keyring, (wish.target, sealed), nobody)?,
        password: format!("test of {}", wish.target),
    })
}

async fn try_out(app: &App, place: &Place, allow_inside: bool) -> BackupResult<()> {
    work::reach(app, place, allow_inside).await?;
    let restic = work::restic(app);
    restic.open(place, "none").await?;
    restic.check(place).await
}
