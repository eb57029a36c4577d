//! Taking the newer image of a server's template. Only the image changes: volumes, addresses, answers and size stay. The
//! image before is kept until the new one is proven ([`super::super::model::Update`]).

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::catalogue::Folder;
use crate::platform::access::{StaffScope, TenantScope, Who};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

use super::super::model::{Refusal, Server};
use super::super::store::{self, Wish};
use super::super::updates::newest;
use super::bulk::{AT_ONCE, Bulk};
use super::{Asked, announce, target, under_way};

const ACTION: &str = "server.update";

/// Updates a server of the tenant.
pub async fn update(app: &App, scope: &TenantScope, id: ServerId) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    let asked = ask(app, &mut tx, &scope.who, id).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(asked)
}

/// Updates any server.
pub async fn update_as_staff(app: &App, scope: &StaffScope, id: ServerId) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    let asked = ask(app, &mut tx, &scope.who, id).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(asked)
}

/// Updates every server of the tenant that is behind, but for those that the same image failed on.
pub async fn update_all(app: &App, scope: &TenantScope) -> Result<Bulk, Error> {
    let newest = newest(&app.catalogue);
    let mut tx = scope.begin().await?;
    let behind = store::outdated_servers(&mut tx, Some(scope.tenant()), &newest, AT_ONCE + 1).await?;
    drop(tx);
    Bulk::of(behind, |id| async move {
        Ok(Some(update(app, scope, id).await?.operation))
    })
    .await
}

/// Updates every tenant's servers that are behind, but for those that the same image failed on.
pub async fn update_all_as_staff(app: &App, scope: &StaffScope) -> Result<Bulk, Error> {
    let newest = newest(&app.catalogue);
    let mut tx = scope.begin().await?;
    let behind = store::outdated_servers(&mut tx, None, &newest, AT_ONCE + 1).await?;
    drop(tx);
    Bulk::of(behind, |id| async move {
        Ok(Some(update_as_staff(app, scope, id).await?.operation))
    })
    .await
}

async fn ask(app: &App, tx: &mut impl Scoped, who: &Who, id: ServerId) -> Result<Asked, Error> {
    let server = store::lock(tx, id).await?;
    let image = wanted(app, &server)?;
    if image == server.image {
        return match under_way(tx, &server).await? {
            Some(operation) if operation.kind == ACTION => Ok(Asked { server, operation }),
            _ => Err(Refusal::UpToDate.into()),
        };
    }
    store::begin_update(tx, &server, &image).await?;
    store::wish(tx, id, Wish::default(), app.now()).await?;
    let before = json!({ "image": server.image });
    let server = store::find(tx, id).await?;
    let operation = announce(app, tx, who, &server, (ACTION, "update")).await?;
    let change = Change::between(ACTION, before, json!({ "image": server.image }));
    app.audit(tx, who, &target(&server), &change).await?;
    Ok(Asked { server, operation })
}

fn wanted(app: &App, server: &Server) -> Result<String, Error> {
    server.check_stays()?;
    let folder = app.catalogue.get(&server.template);
    let image = folder.map(Folder::image_tag);
    image.ok_or_else(|| template_is_gone(&server.template))
}

pub(super) fn template_is_gone(template: &str) -> Error {
    Error::conflict(
        "template-gone",
        format!(
            "The template {template} is no longer in the catalogue, so there is nothing newer than what the server has, and its variables can't be changed."
        ),
    )
}
