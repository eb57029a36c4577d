//! A guest gives up their own access. They do so as themselves, in the role of a guest of that one server.

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::UserScope;
use crate::platform::db::Plans;
use crate::platform::error::Error;
use crate::platform::events::{self, GUEST_TOPIC};
use crate::platform::ids::ServerId;
use crate::platform::web::{Path, SeeOther};
use crate::servers;

use super::store;

/// Ends one's own access to a server; its name. What is not shared with who asks does not exist for them.
async fn leave(app: &App, scope: &UserScope, id: ServerId) -> Result<String, Error> {
    let (actor, shared) = (&scope.actor, scope.actor.guests.iter());
    let guest = shared.clone().find(|guest| guest.server == id);
    let guest = guest.ok_or(Error::NotFound)?;
    let (tenant, given) = (guest.member.tenant, guest.member.pass());
    let mut tx = app.db.guest_with((tenant, id), actor.user, Plans::Fitted).await?;
    let server = servers::find(&mut tx, id).await?;
    // What is written needs the access that ends here, so that comes last.
    events::emit(&mut tx, Some(tenant), GUEST_TOPIC, Some(id.0)).await?;
    let permissions = given.map(|pass| pass.permissions.iter().map(|one| one.name()).collect::<Vec<_>>());
    let change = Change {
        action: "guest.leave",
        before: Some(json!({ "server": server.name, "server_id": id, "permissions": permissions })),
        after: None,
    };
    let target = Target {
        kind: "guest",
        id: Some(actor.user.0),
        label: &actor.email,
        tenant: Some(tenant),
    };
    app.audit(&mut tx, &scope.who, &target, &change).await?;
    if !store::leave(&mut tx).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(server.name)
}

/// The button.
pub async fn page(
    State(app): State<App>,
    scope: UserScope,
    Path(id): Path<ServerId>,
) -> Result<SeeOther, Error> {
    let name = leave(&app, &scope, id).await?;
    Ok(SeeOther::to("/shared").good(format!("{name} is no longer shared with you.")))
}

/// Give up a shared server
///
/// Ends the access of the token's owner to the server, and with it this token.
#[utoipa::path(post, path = "/api/v1/shared-servers/{server_id}/leave", tag = "account",
    params(("server_id" = ServerId, Path)),
    responses((status = 204, description = "The server is no longer shared with them")))]
pub async fn api(
    State(app): State<App>,
    scope: UserScope,
    Path(id): Path<ServerId>,
) -> Result<StatusCode, Error> {
    leave(&app, &scope, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
