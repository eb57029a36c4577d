//! A tenant's servers.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::platform::access::{Side, TenantScope};
use crate::platform::db::Plans;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::{
    Accepted, Cursor, IfMatch, Json, ListOut, ListQuery, Listing, PageQuery, Path, Query, Tagged,
};

use super::super::actions::{self, Asked, NewServerInput, SettingsInput, VariableChange};
use super::super::model::{Command, Size};
use super::super::query::{ServerFilter, ServerQuery};
use super::super::store;
use super::outs::{AskedOut, EventOut, ServerDetailOut, ServerOut};

/// A server to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerIn {
    /// What people call it; unique in the tenant.
    #[schema(example = "web-1")]
    name: String,
    /// The catalogue's template.
    #[schema(example = "static-site")]
    template: String,
    /// The size.
    #[schema(example = "small-box")]
    size: String,
    /// Answers to the template's variables.
    #[serde(default)]
    variables: BTreeMap<String, String>,
    /// Whether it starts at once.
    #[serde(default = "yes")]
    #[schema(default = true)]
    start: bool,
}

pub(super) fn yes() -> bool {
    true
}

/// What changes about a server; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerPatch {
    /// The new name.
    name: Option<String>,
    /// The new size.
    size: Option<String>,
    /// All of its tags, at most 10: letters, digits, hyphens, dots and underscores, at most 30 characters each.
    #[schema(max_items = 10)]
    tags: Option<Vec<String>>,
    /// What people should know about it; an empty text takes it away.
    #[schema(max_length = 10_000)]
    note: Option<String>,
    /// New values by key; null goes back to the template's default or a new secret.
    variables: BTreeMap<String, Option<String>>,
}

/// What a server can be told.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Run.
    Start,
    /// End in good order.
    Stop,
    /// End in good order and run again.
    Restart,
    /// End at once.
    Kill,
}

impl From<Verb> for Command {
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Start => Self::Start,
            Verb::Stop => Self::Stop,
            Verb::Restart => Self::Restart,
            Verb::Kill => Self::Kill,
        }
    }
}

/// List servers
///
/// `q` is found in the name and in the tags. `sort` is `-created` (newest first, if nothing is said), `created`, `name`, `-name`, `state` or
/// `-state`.
#[utoipa::path(get, path = "/api/v1/servers", tag = "servers", params(ServerFilter, ListQuery),
    responses((status = 200, description = "A page of the tenant's servers", body = ListOut<ServerOut>)))]
pub async fn list(State(app): State<App>, scope: TenantScope, query: ServerQuery) -> Result<Response, Error> {
    let mut tx = scope.begin_with(Plans::Kept).await?;
    let listing = query.run(&app.catalogue, &mut tx, Some(scope.tenant())).await?;
    Ok(listing.map(|server| ServerOut::of(&app, server)).json(&query))
}

/// Create a server
///
/// Checked against the plan in one transaction. The answer comes at once; the operation tells how the work goes.
#[utoipa::path(post, path = "/api/v1/servers", tag = "servers", request_body = ServerIn,
    responses((status = 202, description = "The server and the work", body = AskedOut)))]
pub async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Json(new): Json<ServerIn>,
) -> Result<Response, Error> {
    let input = NewServerInput {
        name: new.name,
        template: new.template,
        size: new.size,
        variables: new.variables,
        start: new.start,
    };
    let asked = actions::create(&app, &scope, input).await?;
    Ok(accepted(&app, asked))
}

pub(super) fn accepted(app: &App, asked: Asked) -> Response {
    accepted_by(app, Side::Tenant, asked)
}

/// The same for one of the staff, who reads operations elsewhere.
pub(super) fn accepted_as_staff(app: &App, asked: Asked) -> Response {
    accepted_by(app, Side::Staff, asked)
}

fn accepted_by(app: &App, side: Side, asked: Asked) -> Response {
    let id = asked.operation.id;
    let out = AskedOut {
        server: ServerOut::of(app, asked.server),
        operation: Some(asked.operation.into()),
    };
    Accepted(side, id, Json(out)).into_response()
}

/// Show a server
#[utoipa::path(get, path = "/api/v1/servers/{server_id}", tag = "servers", params(("server_id" = ServerId, Path)),
    responses((status = 200, description = "The server", body = ServerDetailOut)))]
pub async fn show(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
) -> Result<Tagged<Json<ServerDetailOut>>, Error> {
    let mut tx = scope.begin().await?;
    let server = store::find(&mut tx, id).await?;
    let location = store::find_location(&mut tx, server.location).await?;
    let ports = store::ports(&mut tx, id).await?;
    let variables = store::variables(&mut tx, id).await?;
    let note = store::note(&mut tx, id).await?;
    let version = server.version;
    let out = ServerDetailOut::new(&app, server, &location, ports, variables, note);
    Ok(Tagged(version, Json(out)))
}

/// Change a server
///
/// A new size changes the limits of the running container, without a restart; where it gets less memory than it uses now,
/// the operation says so and goes on trying. A server of an imported template is told its memory when it starts, so it
/// restarts. A new variable makes the container anew. Data stays. The host name stays as it was when the server was made,
/// whatever it is called.
#[utoipa::path(patch, path = "/api/v1/servers/{server_id}", tag = "servers", params(("server_id" = ServerId, Path)),
    request_body = ServerPatch,
    responses((status = 200, description = "Done, without work to wait for", body = AskedOut),
        (status = 202, description = "The server and the work", body = AskedOut)))]
pub async fn change(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    if_match: IfMatch,
    Json(patch): Json<ServerPatch>,
) -> Result<Response, Error> {
    let variable = |value: Option<String>| value.map_or(VariableChange::Reset, VariableChange::Set);
    let input = SettingsInput {
        name: patch.name,
        size: patch.size,
        tags: patch.tags,
        note: patch.note,
        variables: patch
            .variables
            .into_iter()
            .map(|(key, value)| (key, variable(value)))
            .collect(),
    };
    let changed = actions::change(&app, &scope, id, input, |version| if_match.check(version)).await?;
    let (version, operation) = (
        changed.server.version,
        changed.operation.as_ref().map(|operation| operation.id),
    );
    let out = AskedOut {
        server: ServerOut::of(&app, changed.server),
        operation: changed.operation.map(Into::into),
    };
    let answer = Tagged(version, Json(out));
    Ok(match operation {
        Some(operation) => Accepted(Side::Tenant, operation, answer).into_response(),
        None => answer.into_response(),
    })
}

/// Delete a server
///
/// It stops, and its container and ports go. Its data and settings are kept until `kept_until` and can be restored until then.
/// At most as many are kept as the plan has servers, but two in any case: the oldest is erased for another.
#[utoipa::path(delete, path = "/api/v1/servers/{server_id}", tag = "servers", params(("server_id" = ServerId, Path)),
    responses((status = 202, description = "The server and the work", body = AskedOut)))]
pub async fn delete(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
) -> Result<Response, Error> {
    let asked = actions::delete(&app, &scope, id, None).await?;
    Ok(accepted(&app, asked))
}

/// Start, stop, restart or kill a server
///
/// Asking for what is so already is no error.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/actions/{action}", tag = "servers",
    params(("server_id" = ServerId, Path), ("action" = inline(Verb), Path)),
    responses((status = 202, description = "The server and the work", body = AskedOut)))]
pub async fn act(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, verb)): Path<(ServerId, Verb)>,
) -> Result<Response, Error> {
    let asked = actions::command(&app, &scope, id, verb.into()).await?;
    Ok(accepted(&app, asked))
}

/// List a server's history
///
/// Newest first.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/events", tag = "servers",
    params(("server_id" = ServerId, Path), PageQuery),
    responses((status = 200, description = "A page of the history", body = ListOut<EventOut>)))]
pub async fn events(
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Error> {
    let query = ListQuery::from(query);
    let after: Option<(DateTime<Utc>, Uuid)> = Cursor::decode(query.after.as_deref())?;
    let limit = query.fetch()?;
    let mut tx = scope.begin().await?;
    store::find(&mut tx, id).await?;
    let start = (DateTime::<Utc>::MAX_UTC, Uuid::max());
    let rows = store::list_events(&mut tx, id, after.unwrap_or(start), limit).await?;
    let listing = Listing::new(rows, &query, |entry| (entry.at, entry.id.0))?;
    Ok(listing.map(EventOut::from).json(&query))
}

/// A secret, opened.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecretOut {
    /// The variable's name.
    key: String,
    /// Its value.
    value: String,
}

/// Reveal a secret variable
///
/// Written into the audit log.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/secrets/{key}", tag = "servers",
    params(("server_id" = ServerId, Path), ("key" = String, Path)),
    responses((status = 200, description = "The secret", body = SecretOut)))]
pub async fn secret(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, key)): Path<(ServerId, String)>,
) -> Result<Json<SecretOut>, Error> {
    let secret = actions::reveal(&app, &scope, id, &key).await?;
    Ok(Json(SecretOut {
        key,
        value: secret.expose().clone(),
    }))
}

/// List sizes
#[utoipa::path(get, path = "/api/v1/sizes", tag = "catalogue",
    responses((status = 200, description = "The sizes, from the smallest", body = Vec<Size>)))]
pub async fn sizes(scope: TenantScope) -> Result<Json<Vec<Size>>, Error> {
    let mut tx = scope.begin().await?;
    Ok(Json(store::sizes(&mut tx).await?))
}
