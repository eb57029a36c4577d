//! Showing a secret to somebody who may see it. Every look is an audit event.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::TenantScope;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::secret::Secret;

use super::super::model::seal_context;
use super::super::store;
use super::target;

/// Opens the secret variable `key` of a server.
pub async fn reveal(app: &App, scope: &TenantScope, id: ServerId, key: &str) -> Result<Secret, Error> {
    let mut tx = scope.begin().await?;
    let server = store::find(&mut tx, id).await?;
    let variables = store::variables(&mut tx, id).await?;
    let found = variables.into_iter().find(|variable| variable.key == key);
    let sealed = found
        .and_then(|variable| variable.sealed)
        .ok_or(Error::NotFound)?;
    let plain = app.keyring.open(&seal_context(key, id), &sealed)?;
    let text = String::from_utf8(plain.to_vec()).map_err(|_| Error::internal("a secret is not UTF-8"))?;
    let secret = Secret::new(text);
    let change = Change::to("server.reveal", json!({ "variable": key }));
    app.audit(&mut tx, &scope.who, &target(&server), &change).await?;
    tx.commit().await?;
    Ok(secret)
}

/// All secret values of a server, so that they can be taken out of what others are shown. Nobody looks at them, so this is no
/// audit event. One that can't be opened is not known.
pub async fn secret_values(app: &App, tx: &mut SystemTx, id: ServerId) -> Result<Vec<String>, Error> {
    let variables = store::variables(tx, id).await?;
    let opened = variables.iter().filter_map(|variable| {
        let sealed = variable.sealed.as_ref()?;
        let plain = app.keyring.open(&seal_context(&variable.key, id), sealed).ok()?;
        String::from_utf8(plain.to_vec()).ok()
    });
    Ok(opened.collect())
}
