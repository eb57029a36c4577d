//! Building a template's image because one of the staff asked: an operation that people can watch, done by a job, so that
//! it outlives the panel that was asked.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{StaffScope, SystemScope};
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::OperationId;
use crate::platform::operations::{self, NewOperation};
use crate::platform::{events, jobs};

use super::builds::{TOPIC, build, template_id};
use super::jobs::BuildImage;
use super::store;

/// The name of its audit event and operation.
const ACTION: &str = "catalogue.build";
const STEP: &str = "Build the image";

/// Asks for a build. While one is under way, asking again is watching that one.
pub(super) async fn ask(app: &App, scope: &StaffScope, name: &str) -> Result<OperationId, Error> {
    let folder = app.catalogue.get(name).ok_or(Error::NotFound)?;
    let (target, now) = (template_id(name), app.now());
    let mut tx = scope.begin().await?;
    if let Some(running) = store::open_build(&mut tx, target).await? {
        return Ok(running);
    }
    let operation = NewOperation {
        id: OperationId::new(&*app.ids, now),
        tenant: None,
        kind: ACTION,
        target_kind: "template",
        target: Some(target),
        label: name,
        generation: None,
        actor: &scope.who.label,
        now,
    };
    operations::open(&mut tx, &operation).await?;
    let job = BuildImage {
        operation: operation.id,
        template: name.to_owned(),
    };
    jobs::enqueue(&mut tx, &job, Some(name), &operation.id.to_string()).await?;
    events::emit(&mut tx, None, TOPIC, Some(target)).await?;
    let about = Target {
        kind: "template",
        id: Some(target),
        label: name,
        tenant: None,
    };
    let change = Change::to(ACTION, json!({ "image": folder.image_tag() }));
    app.audit(&mut tx, &scope.who, &about, &change).await?;
    tx.commit().await?;
    Ok(operation.id)
}

/// Does it. A second run builds again, which gives the same image, and ends the operation again, the same way.
pub(super) async fn work(app: &App, scope: &SystemScope, id: OperationId, name: &str) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    if operations::find(&mut tx, id).await?.state.is_final() {
        return Ok(());
    }
    operations::begin(&mut tx, id, app.now()).await?;
    operations::begin_step(&mut tx, template_id(name), STEP, app.now()).await?;
    tx.commit().await?;
    let outcome = build_now(app, name).await;
    let outcome = outcome.as_ref().copied().map_err(String::as_str);
    let mut tx = scope.begin().await?;
    end(app, &mut tx, id, name, outcome).await?;
    tx.commit().await
}

/// With packages of today, if there is an image already: why else would somebody ask for another?
async fn build_now(app: &App, name: &str) -> Result<(), String> {
    let folder = app.catalogue.get(name);
    let folder = folder.ok_or("this panel's catalogue does not have the template")?;
    let exists = app.engine.image_exists(&folder.image_tag()).await;
    let exists = exists.map_err(|error| error.to_string())?;
    build(app, folder, exists)
        .await
        .map_err(|error| error.to_string())
}

async fn end(
    app: &App,
    tx: &mut SystemTx,
    id: OperationId,
    name: &str,
    outcome: Result<(), &str>,
) -> Result<(), Error> {
    let target = template_id(name);
    operations::end_step(tx, target, outcome, app.now()).await?;
    operations::finish(tx, id, outcome, app.now()).await?;
    events::emit(tx, None, TOPIC, Some(target)).await
}
