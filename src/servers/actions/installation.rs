//! What people ask of a server of an imported template: fill its folder anew, take a failed installation as it is, go on
//! to the newest version.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::eggs;
use crate::platform::access::TenantScope;
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

use super::super::model::Server;
use super::super::store::{self, Wish};
use super::{Asked, announce, target};

/// Fills the server's folder anew by its template's script, before its next start; one that runs is stopped for it. What
/// is in the folder stays, but for what the script replaces.
pub async fn reinstall(app: &App, scope: &TenantScope, id: ServerId) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    begin(&mut tx, id).await?;
    store::set_install(&mut tx, id, true).await?;
    finish(app, scope, tx, id, ("server.reinstall", "reinstall"), json!({})).await
}

/// Takes the last installation as it is, although its script failed: some scripts end badly and do what they should.
pub async fn accept_installation(app: &App, scope: &TenantScope, id: ServerId) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    begin(&mut tx, id).await?;
    let state = store::egg_state(&mut tx, id).await?;
    if state.is_none_or(|state| state.install != "failed") {
        return Err(Error::conflict(
            "not-failed",
            "Its last installation did not fail.",
        ));
    }
    store::set_install(&mut tx, id, false).await?;
    let action = ("server.accept_installation", "take the installation as it is of");
    finish(app, scope, tx, id, action, json!({})).await
}

/// Makes the server from the newest version of its template. Its folder stays; nothing is installed anew.
pub async fn update_template(app: &App, scope: &TenantScope, id: ServerId) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    let server = begin(&mut tx, id).await?;
    let name = eggs::split_key(&server.template).map(|(name, _)| name);
    let newest = match name {
        Some(name) => eggs::newest(app, &mut tx, name).await?,
        None => None,
    };
    let newest = newest
        .filter(|offer| offer.key != server.template)
        .ok_or_else(|| {
            Error::conflict(
                "template-newest",
                "It has the newest version of its template that is offered.",
            )
        })?;
    let variables = store::variables(&mut tx, id).await?;
    let chosen = variables.iter().find(|variable| variable.key == eggs::IMAGE_KEY);
    let image = newest.image_named(chosen.and_then(|variable| variable.value.as_deref()));
    store::save_template(&mut tx, id, &newest.key, &image).await?;
    let told = json!({ "template": newest.key, "image": image });
    finish(app, scope, tx, id, ("server.update_template", "update"), told).await
}

/// The server, locked, if it is one of these and stays.
async fn begin(tx: &mut TenantTx, id: ServerId) -> Result<Server, Error> {
    let server = store::lock(tx, id).await?;
    server.check_stays()?;
    if eggs::split_key(&server.template).is_none() {
        return Err(Error::conflict(
            "not-imported",
            "Its template is one of the catalogue, which installs nothing.",
        ));
    }
    Ok(server)
}

async fn finish(
    app: &App,
    scope: &TenantScope,
    mut tx: TenantTx,
    id: ServerId,
    (action, verb): (&'static str, &str),
    told: serde_json::Value,
) -> Result<Asked, Error> {
    let wish = Wish {
        settings: true,
        ..Wish::default()
    };
    store::wish(&mut tx, id, wish, app.now()).await?;
    let server = store::find(&mut tx, id).await?;
    let operation = announce(app, &mut tx, &scope.who, &server, (action, verb)).await?;
    app.audit(&mut tx, &scope.who, &target(&server), &Change::to(action, told))
        .await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(Asked { server, operation })
}
