//! What people change about themselves.

use serde_json::json;

use crate::accounts::model::PersonName;
use crate::accounts::store;
use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::UserScope;
use crate::platform::error::Error;

/// Changes one's own name, and returns it as it is kept. The name that one has already changes nothing.
pub async fn rename(app: &App, scope: &UserScope, name: &str) -> Result<String, Error> {
    let name = PersonName::parse(name).map_err(|error| Error::invalid("name", error.to_string()))?;
    let actor = &scope.actor;
    if name.as_str() == actor.name {
        return Ok(actor.name.clone());
    }
    let mut tx = scope.begin().await?;
    store::rename(&mut tx, actor.user, &name, app.now()).await?;
    let change = Change::between(
        "user.rename",
        json!({ "name": actor.name }),
        json!({ "name": name.as_str() }),
    );
    let target = Target {
        kind: "user",
        id: Some(actor.user.0),
        label: &actor.email,
        tenant: None,
    };
    app.audit(&mut tx, &scope.who, &target, &change).await?;
    tx.commit().await?;
    Ok(name.as_str().to_owned())
}
