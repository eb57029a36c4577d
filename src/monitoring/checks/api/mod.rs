//! Checks for programs: the same actions as the pages.

mod outs;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, StaffScope, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{CheckId, ServerId, TenantId};
use crate::platform::web::{
    Cursor, IfMatch, Json, ListOut, ListQuery, Listing, Path, Routes, Sorted, Tagged, operation,
};
use crate::servers;

use super::actions;
use super::model::{Check, CheckInput, CheckKind, CheckState, Dependence, Rule as LookRule};
use super::store::{self, Wanted};
use outs::{CheckDetailOut, CheckOut, StaffCheckOut};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::CheckRead), Rule::Tenant(P::CheckWrite));
    let manage = Rule::Staff(P::StaffCheckManage);
    Routes::new()
        .api(read, operation!(list))
        .api(read, operation!(of_server))
        .api(write, operation!(create))
        .api(read, operation!(show))
        .api(write, operation!(change))
        .api(write, operation!(delete))
        .api(write, operation!(pause))
        .api(write, operation!(resume))
        .api(write, operation!(run))
        .api(Rule::Staff(P::StaffCheckRead), operation!(staff_list))
        .api(manage, operation!(staff_pause))
        .api(manage, operation!(staff_resume))
}

/// Which checks are asked for.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CheckQuery {
    /// `pending`, `good`, `bad` or `held`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<String>,
}

/// A page of checks as it is asked for: of one tenant or of all.
pub(super) async fn page_of(
    tx: &mut impl Scoped,
    tenant: Option<TenantId>,
    query: &Sorted<CheckQuery>,
) -> Result<Listing<Check>, Error> {
    if !matches!(query.list.sort.as_deref(), None | Some("name")) {
        return Err(Error::invalid("sort", "Use name, or nothing."));
    }
    let state = match query.filter.state.as_deref() {
        None => None,
        Some(word) => {
            let known = CheckState::ALL.into_iter().find(|state| state.word() == word);
            Some(known.ok_or_else(|| Error::invalid("state", "Use pending, good, bad or held."))?)
        }
    };
    let pattern = query.list.pattern()?;
    let wanted = Wanted {
        tenant,
        state,
        pattern: pattern.as_deref(),
    };
    let after = Cursor::decode(query.list.after.as_deref())?;
    let rows = store::list(tx, wanted, after, query.list.fetch()?).await?;
    Listing::new(rows, &query.list, |check| (check.name.clone(), check.id.0))
}

/// A check to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckIn {
    /// What people call it; unique on the server.
    #[schema(min_length = 1, max_length = 63, example = "Shop answers")]
    name: String,
    /// What is looked at.
    looks_at: CheckKind,
    /// Seconds from one look to the next.
    #[serde(default = "minute")]
    #[schema(minimum = 30, maximum = 3600, default = 60)]
    interval_seconds: u32,
    /// It fails when so many looks failed …
    #[serde(default = "three")]
    #[schema(minimum = 1, maximum = 10, default = 3)]
    failures: u8,
    /// … of the last so many.
    #[serde(default = "three")]
    #[schema(minimum = 1, maximum = 10, default = 3)]
    of_last: u8,
    /// Whether its failure is not told while the server's own check fails.
    #[serde(default = "yes")]
    #[schema(default = true)]
    needs_engine: bool,
    /// The check of yours during whose failure its own is not told.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "chk_01h455vb4pex5vsknk084sn02q")]
    depends_on: Option<CheckId>,
}

fn minute() -> u32 {
    60
}

fn three() -> u8 {
    3
}

fn yes() -> bool {
    true
}

/// What changes about a check; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CheckPatch {
    /// The new name.
    #[schema(min_length = 1, max_length = 63)]
    name: Option<String>,
    /// What is looked at from now on.
    looks_at: Option<CheckKind>,
    /// Seconds from one look to the next.
    #[schema(minimum = 30, maximum = 3600)]
    interval_seconds: Option<u32>,
    /// It fails when so many looks failed …
    #[schema(minimum = 1, maximum = 10)]
    failures: Option<u8>,
    /// … of the last so many.
    #[schema(minimum = 1, maximum = 10)]
    of_last: Option<u8>,
    /// Whether its failure is not told while the server's own check fails.
    needs_engine: Option<bool>,
    /// The check of yours during whose failure its own is not told; empty for none.
    #[schema(example = "chk_01h455vb4pex5vsknk084sn02q")]
    depends_on: Option<String>,
}

impl CheckPatch {
    fn over(self, check: &Check) -> CheckInput {
        let rule = check.rule;
        CheckInput {
            name: self.name.unwrap_or_else(|| check.name.clone()),
            kind: self.looks_at.unwrap_or_else(|| check.kind.clone()),
            rule: LookRule {
                interval_seconds: self.interval_seconds.unwrap_or(rule.interval_seconds),
                failures: self.failures.unwrap_or(rule.failures),
                of_last: self.of_last.unwrap_or(rule.of_last),
            },
            dependence: Dependence {
                engine: self.needs_engine.unwrap_or(check.dependence.engine),
                check: match self.depends_on {
                    Some(text) => text.parse().ok(),
                    None => check.dependence.check,
                },
            },
        }
    }
}

fn tagged(check: Check) -> Tagged<Json<CheckOut>> {
    Tagged(check.version, Json(check.into()))
}

/// List checks
///
/// Of all servers, by name; `q` is found in their names and in those of their servers.
#[utoipa::path(get, path = "/api/v1/checks", tag = "checks", params(ListQuery, CheckQuery),
    responses((status = 200, description = "A page of the tenant's checks", body = ListOut<CheckOut>)))]
async fn list(scope: TenantScope, query: Sorted<CheckQuery>) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    let listing = page_of(&mut tx, Some(scope.tenant()), &query).await?;
    Ok(listing.map(CheckOut::from).json(&query))
}

/// List a server's checks
///
/// By name; there are at most 30.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/checks", tag = "checks",
    params(("server_id" = ServerId, Path)),
    responses((status = 200, description = "The checks", body = Vec<CheckOut>)))]
async fn of_server(scope: TenantScope, Path(server): Path<ServerId>) -> Result<Json<Vec<CheckOut>>, Error> {
    let mut tx = scope.begin().await?;
    servers::find(&mut tx, server).await?;
    let all = store::of_server(&mut tx, server).await?;
    Ok(Json(all.into_iter().map(CheckOut::from).collect()))
}

/// Create a check
///
/// It looks at the server's own published ports, at its container, or at what it uses; never at another address.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/checks", tag = "checks",
    params(("server_id" = ServerId, Path)), request_body = CheckIn,
    responses((status = 201, description = "The check", body = CheckOut)))]
async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Path(server): Path<ServerId>,
    Json(new): Json<CheckIn>,
) -> Result<(StatusCode, Tagged<Json<CheckOut>>), Error> {
    let input = CheckInput {
        name: new.name,
        kind: new.looks_at,
        rule: LookRule {
            interval_seconds: new.interval_seconds,
            failures: new.failures,
            of_last: new.of_last,
        },
        dependence: Dependence {
            engine: new.needs_engine,
            check: new.depends_on,
        },
    };
    let check = actions::create(&app, &scope, server, input).await?;
    Ok((StatusCode::CREATED, tagged(check)))
}

/// Show a check
///
/// With its last changes, and the hours of the last two days.
#[utoipa::path(get, path = "/api/v1/checks/{check}", tag = "checks", params(("check" = CheckId, Path)),
    responses((status = 200, description = "The check", body = CheckDetailOut)))]
async fn show(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<CheckId>,
) -> Result<Tagged<Json<CheckDetailOut>>, Error> {
    let mut tx = scope.begin().await?;
    let check = store::find(&mut tx, id).await?;
    let version = check.version;
    Ok(Tagged(
        version,
        Json(CheckDetailOut::load(&mut tx, check, app.now()).await?),
    ))
}

/// Change a check
///
/// What it had found is forgotten.
#[utoipa::path(patch, path = "/api/v1/checks/{check}", tag = "checks", params(("check" = CheckId, Path)),
    request_body = CheckPatch, responses((status = 200, description = "The check", body = CheckOut)))]
async fn change(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<CheckId>,
    if_match: IfMatch,
    Json(patch): Json<CheckPatch>,
) -> Result<Tagged<Json<CheckOut>>, Error> {
    let depends_on = patch.depends_on.as_deref().unwrap_or_default();
    if !depends_on.is_empty() && depends_on.parse::<CheckId>().is_err() {
        return Err(Error::invalid("depends_on", "Choose another check of yours."));
    }
    let expected = |version| if_match.check(version);
    let check = actions::change(&app, &scope, id, |check| patch.over(check), expected).await?;
    Ok(tagged(check))
}

/// Delete a check
///
/// With what it found. An incident that it opened ends.
#[utoipa::path(delete, path = "/api/v1/checks/{check}", tag = "checks", params(("check" = CheckId, Path)),
    responses((status = 204, description = "It is gone")))]
async fn delete(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<CheckId>,
) -> Result<StatusCode, Error> {
    actions::delete(&app, &scope, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Pause a check
///
/// An incident that it opened ends.
#[utoipa::path(post, path = "/api/v1/checks/{check}/pause", tag = "checks", params(("check" = CheckId, Path)),
    responses((status = 200, description = "The check", body = CheckOut)))]
async fn pause(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<CheckId>,
) -> Result<Tagged<Json<CheckOut>>, Error> {
    Ok(tagged(actions::set_paused(&app, &scope, id, true).await?))
}

/// Resume a check
#[utoipa::path(post, path = "/api/v1/checks/{check}/resume", tag = "checks", params(("check" = CheckId, Path)),
    responses((status = 200, description = "The check", body = CheckOut)))]
async fn resume(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<CheckId>,
) -> Result<Tagged<Json<CheckOut>>, Error> {
    Ok(tagged(actions::set_paused(&app, &scope, id, false).await?))
}

/// Look now
///
/// Somebody looks within a second; what was found is then told by the check itself.
#[utoipa::path(post, path = "/api/v1/checks/{check}/run", tag = "checks", params(("check" = CheckId, Path)),
    responses((status = 202, description = "The check, as it was before", body = CheckOut)))]
async fn run(State(app): State<App>, scope: TenantScope, Path(id): Path<CheckId>) -> Result<Response, Error> {
    let check = actions::run_now(&app, &scope, id).await?;
    Ok((StatusCode::ACCEPTED, Json(CheckOut::from(check))).into_response())
}

/// List the checks of all tenants
///
/// By name; `q` is found in their names and in those of their servers.
#[utoipa::path(get, path = "/api/v1/staff/checks", tag = "staff", params(ListQuery, CheckQuery),
    responses((status = 200, description = "A page of all checks", body = ListOut<StaffCheckOut>)))]
async fn staff_list(scope: StaffScope, query: Sorted<CheckQuery>) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    let listing = page_of(&mut tx, None, &query).await?;
    Ok(listing.map(StaffCheckOut::from).json(&query))
}

/// Pause a tenant's check
///
/// An incident that it opened ends.
#[utoipa::path(post, path = "/api/v1/staff/checks/{check}/pause", tag = "staff", params(("check" = CheckId, Path)),
    responses((status = 200, description = "The check", body = StaffCheckOut)))]
async fn staff_pause(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<CheckId>,
) -> Result<Json<StaffCheckOut>, Error> {
    let check = actions::set_paused_as_staff(&app, &scope, id, true).await?;
    Ok(Json(check.into()))
}

/// Resume a tenant's check
#[utoipa::path(post, path = "/api/v1/staff/checks/{check}/resume", tag = "staff", params(("check" = CheckId, Path)),
    responses((status = 200, description = "The check", body = StaffCheckOut)))]
async fn staff_resume(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<CheckId>,
) -> Result<Json<StaffCheckOut>, Error> {
    let check = actions::set_paused_as_staff(&app, &scope, id, false).await?;
    Ok(Json(check.into()))
}
