//! Showing a secret to somebody who may see it. Every look is an audit event.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::TenantScope;
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
