//! Stacks for programs: the same actions as the pages.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, StaffScope, TenantScope};
use crate::platform::db::Plans;
use crate::platform::error::Error;
use crate::platform::ids::StackId;
use crate::platform::web::{IfMatch, Json, ListOut, ListQuery, Path, Query, Routes, Tagged, operation};
use crate::servers::model::Command;

use super::actions::{self, Begun, NewStackInput, PartInput};
use super::outs::{BlueprintOut, StackBegunOut, StackOut};
use super::query::{StackQuery, Whole, all, deleted};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Tenant(P::ServerRead);
    let (create, delete) = (Rule::Tenant(P::ServerCreate), Rule::Tenant(P::ServerDelete));
    Routes::new()
        .api(read, operation!(blueprints))
        .api(read, operation!(list))
        .api(create, operation!(order))
        .api(read, operation!(show))
        .api(Rule::Tenant(P::ServerConfigure), operation!(rename))
        .api(delete, operation!(remove))
        .api(Rule::Tenant(P::ServerPower), operation!(act))
        .api(create, operation!(scale))
        .api(Rule::Tenant(P::ServerConfigure), operation!(change_secret))
        .api(read, operation!(list_deleted))
        .api(delete, operation!(restore))
        .api(delete, operation!(erase))
        .api(Rule::Staff(P::StaffServerRead), operation!(list_as_staff))
}

/// What is said about a part of a new stack.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StackPartIn {
    /// The size of its servers; the smallest with what its template recommends if nothing is said.
    #[schema(example = "small-box")]
    size: Option<String>,
    /// How many servers it is, where the blueprint allows several.
    #[schema(minimum = 1, maximum = 16)]
    replicas: Option<u32>,
    /// Answers to its template's variables, but for those that the stack fills in.
    variables: BTreeMap<String, String>,
}

/// A stack to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StackIn {
    /// What people call it; unique in the tenant.
    #[schema(example = "Shop", min_length = 1, max_length = 40)]
    name: String,
    /// The blueprint.
    #[schema(example = "site-with-database")]
    blueprint: String,
    /// What is said about its parts, by their keys.
    #[serde(default)]
    parts: BTreeMap<String, StackPartIn>,
    /// Whether it starts at once.
    #[serde(default = "yes")]
    #[schema(default = true)]
    start: bool,
}

fn yes() -> bool {
    true
}

/// A stack's new name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StackPatch {
    /// What people call it; unique in the tenant.
    #[schema(example = "Shop", min_length = 1, max_length = 40)]
    name: String,
}

/// How many servers a part is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScaleIn {
    /// The number.
    #[schema(minimum = 1, maximum = 16)]
    replicas: u32,
}

/// Another password for all parts that know one.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StackSecretIn {
    /// The password; one is made up if nothing is said.
    value: Option<String>,
}

/// What a stack can be told.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StackVerb {
    /// Run.
    Start,
    /// End in good order.
    Stop,
    /// End in good order and run again.
    Restart,
}

impl From<StackVerb> for Command {
    fn from(verb: StackVerb) -> Self {
        match verb {
            StackVerb::Start => Self::Start,
            StackVerb::Stop => Self::Stop,
            StackVerb::Restart => Self::Restart,
        }
    }
}

/// The wish was written; each server's operation tells how its work goes.
async fn accepted(app: &App, scope: &TenantScope, begun: Begun) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    let whole = Whole::load(&mut tx, begun.stack.id).await?;
    let out = StackBegunOut::new(app, &whole, &begun);
    Ok((StatusCode::ACCEPTED, Json(out)).into_response())
}

/// List blueprints
///
/// What stacks can be made from, the simplest first.
#[utoipa::path(get, path = "/api/v1/blueprints", tag = "stacks",
    responses((status = 200, description = "The blueprints", body = Vec<BlueprintOut>)))]
async fn blueprints(State(app): State<App>, _scope: TenantScope) -> Json<Vec<BlueprintOut>> {
    Json(
        app.catalogue
            .blueprints()
            .iter()
            .map(BlueprintOut::from)
            .collect(),
    )
}

/// List stacks
///
/// `q` is found in the name. `sort` is `-created` (newest first, if nothing is said), `created`, `name` or `-name`.
#[utoipa::path(get, path = "/api/v1/stacks", tag = "stacks", params(ListQuery),
    responses((status = 200, description = "A page of the tenant's stacks", body = ListOut<StackOut>)))]
async fn list(State(app): State<App>, scope: TenantScope, query: StackQuery) -> Result<Response, Error> {
    let mut tx = scope.begin_with(Plans::Kept).await?;
    let listing = query.run(&mut tx, scope.tenant()).await?;
    Ok(listing.map(|one| StackOut::new(&app, &one)).json(&query))
}

/// Create a stack
///
/// Its network and all of its servers in one transaction, checked against the plan together. The answer comes at once; each
/// server's operation tells how its work goes.
#[utoipa::path(post, path = "/api/v1/stacks", tag = "stacks", request_body = StackIn,
    responses((status = 202, description = "The stack and the work", body = StackBegunOut)))]
async fn order(
    State(app): State<App>,
    scope: TenantScope,
    Json(new): Json<StackIn>,
) -> Result<Response, Error> {
    let part = |part: StackPartIn| PartInput {
        size: part.size,
        replicas: part.replicas.map(|number| number.to_string()),
        variables: part.variables,
    };
    let input = NewStackInput {
        name: new.name,
        blueprint: new.blueprint,
        parts: new.parts.into_iter().map(|(key, one)| (key, part(one))).collect(),
        start: new.start,
    };
    let begun = actions::create(&app, &scope, input).await?;
    accepted(&app, &scope, begun).await
}

/// Show a stack
#[utoipa::path(get, path = "/api/v1/stacks/{stack_id}", tag = "stacks", params(("stack_id" = StackId, Path)),
    responses((status = 200, description = "The stack with its servers", body = StackOut)))]
async fn show(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<StackId>,
) -> Result<Tagged<Json<StackOut>>, Error> {
    let mut tx = scope.begin().await?;
    let whole = Whole::load(&mut tx, id).await?;
    Ok(Tagged(whole.stack.version, Json(StackOut::new(&app, &whole))))
}

/// Rename a stack
///
/// Its network and its servers are called by the new name, too. What they find each other by stays.
#[utoipa::path(patch, path = "/api/v1/stacks/{stack_id}", tag = "stacks", params(("stack_id" = StackId, Path)),
    request_body = StackPatch, responses((status = 200, description = "The stack", body = StackOut)))]
async fn rename(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<StackId>,
    if_match: IfMatch,
    Json(patch): Json<StackPatch>,
) -> Result<Tagged<Json<StackOut>>, Error> {
    actions::rename(&app, &scope, id, &patch.name, |version| if_match.check(version)).await?;
    let mut tx = scope.begin().await?;
    let whole = Whole::load(&mut tx, id).await?;
    Ok(Tagged(whole.stack.version, Json(StackOut::new(&app, &whole))))
}

/// Delete a stack
///
/// All of its servers stop, and their containers and ports go. Data and settings are kept until `kept_until`, and the stack
/// can be restored until then.
#[utoipa::path(delete, path = "/api/v1/stacks/{stack_id}", tag = "stacks", params(("stack_id" = StackId, Path)),
    responses((status = 202, description = "The stack and the work", body = StackBegunOut)))]
async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<StackId>,
) -> Result<Response, Error> {
    let begun = actions::delete(&app, &scope, id, None).await?;
    accepted(&app, &scope, begun).await
}

/// Start, stop or restart a stack
///
/// All of its servers take the wish, or none. Asking for what is so already is no error.
#[utoipa::path(post, path = "/api/v1/stacks/{stack_id}/actions/{action}", tag = "stacks",
    params(("stack_id" = StackId, Path), ("action" = inline(StackVerb), Path)),
    responses((status = 202, description = "The stack and the work", body = StackBegunOut)))]
async fn act(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, verb)): Path<(StackId, StackVerb)>,
) -> Result<Response, Error> {
    let begun = actions::command(&app, &scope, id, verb.into()).await?;
    accepted(&app, &scope, begun).await
}

/// Scale a part of a stack
///
/// New servers are like the first of the part and have its files. One that goes is erased at once, which takes the
/// permission to delete, too.
#[utoipa::path(post, path = "/api/v1/stacks/{stack_id}/parts/{part}/scale", tag = "stacks",
    params(("stack_id" = StackId, Path), ("part" = String, Path)), request_body = ScaleIn,
    responses((status = 202, description = "The stack and the work", body = StackBegunOut)))]
async fn scale(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, part)): Path<(StackId, String)>,
    Json(wanted): Json<ScaleIn>,
) -> Result<Response, Error> {
    let begun = actions::scale(&app, &scope, id, &part, &wanted.replicas.to_string()).await?;
    accepted(&app, &scope, begun).await
}

/// Change a password for all parts that know it
///
/// Of the part whose it is, and of those that are told of it. Their servers are made anew with it and keep their files; those
/// that run are away for a moment. It is not told here: a server's secrets are revealed one by one.
#[utoipa::path(post, path = "/api/v1/stacks/{stack_id}/parts/{part}/passwords/{key}/change", tag = "stacks",
    params(("stack_id" = StackId, Path), ("part" = String, Path), ("key" = String, Path)), request_body = StackSecretIn,
    responses((status = 202, description = "The stack and the work", body = StackBegunOut)))]
async fn change_secret(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, part, key)): Path<(StackId, String, String)>,
    Json(wanted): Json<StackSecretIn>,
) -> Result<Response, Error> {
    let value = wanted.value.unwrap_or_default();
    let begun = actions::change_secret(&app, &scope, id, (&part, &key), &value).await?;
    accepted(&app, &scope, begun).await
}

/// List deleted stacks
///
/// Those that were deleted last come first. `q` is found in the name; `sort` is `-deleted` or nothing.
#[utoipa::path(get, path = "/api/v1/deleted-stacks", tag = "stacks", params(ListQuery),
    responses((status = 200, description = "A page of the tenant's deleted stacks", body = ListOut<StackOut>)))]
async fn list_deleted(
    State(app): State<App>,
    scope: TenantScope,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    let mut tx = scope.begin_with(Plans::Kept).await?;
    let listing = deleted(&mut tx, scope.tenant(), &query).await?;
    Ok(listing.map(|one| StackOut::new(&app, &one)).json(&query))
}

/// Restore a deleted stack
///
/// With all of its servers, if the plan has room for them. Where names were taken meanwhile they get others.
#[utoipa::path(post, path = "/api/v1/stacks/{stack_id}/restore", tag = "stacks", params(("stack_id" = StackId, Path)),
    responses((status = 202, description = "The stack and the work", body = StackBegunOut)))]
async fn restore(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<StackId>,
) -> Result<Response, Error> {
    let (begun, _) = actions::restore(&app, &scope, id).await?;
    accepted(&app, &scope, begun).await
}

/// Erase a deleted stack
///
/// With all data, before `kept_until`. There is no way back.
#[utoipa::path(post, path = "/api/v1/stacks/{stack_id}/erase", tag = "stacks", params(("stack_id" = StackId, Path)),
    responses((status = 202, description = "The stack and the work", body = StackBegunOut)))]
async fn erase(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<StackId>,
) -> Result<Response, Error> {
    let begun = actions::erase(&app, &scope, id, None).await?;
    accepted(&app, &scope, begun).await
}

/// List all stacks
///
/// Of all tenants, deleted ones too, the newest first. `q` is found in the name and the tenant's; `sort` is `-created` or nothing.
#[utoipa::path(get, path = "/api/v1/staff/stacks", tag = "staff", params(ListQuery),
    responses((status = 200, description = "A page of all tenants' stacks", body = ListOut<StackOut>)))]
async fn list_as_staff(
    State(app): State<App>,
    scope: StaffScope,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    let listing = all(&mut tx, &query).await?;
    Ok(listing.map(|one| StackOut::new(&app, &one)).json(&query))
}
