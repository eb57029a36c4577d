//! Networks for programs: the same actions as the pages.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::platform::access::{Permission, Rule, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{NetworkId, ServerId};
use crate::platform::web::{IfMatch, Json, ListOut, ListQuery, Path, Query, Routes, Tagged, operation};

use super::actions;
use super::model::{COMMON, Map, Member, Network, NetworkRef, Published};
use super::pages::page_of;
use super::store;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Tenant(Permission::NetworkRead);
    let write = Rule::Tenant(Permission::NetworkWrite);
    Routes::new()
        .api(read, operation!(list))
        .api(write, operation!(create))
        .api(read, operation!(reach))
        .api(read, operation!(show))
        .api(write, operation!(rename))
        .api(write, operation!(remove))
        .api(write, operation!(join))
        .api(write, operation!(leave))
}

/// A network to be made, or its new name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkIn {
    /// What people call it; unique in the tenant.
    #[schema(example = "back-office", min_length = 1, max_length = 63)]
    name: String,
}

/// A server that joins.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinIn {
    /// Which server.
    #[schema(value_type = String, example = "srv_01h455vb4pex5vsknk084sn02q")]
    server: ServerId,
}

/// How a network is deleted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct RemoveQuery {
    /// Whether servers that are in it leave it.
    disconnect: bool,
}

/// A network.
#[derive(Debug, Serialize, ToSchema)]
pub struct NetworkOut {
    /// Its id.
    #[schema(value_type = String, example = "net_01h455vb4pex5vsknk084sn02q")]
    id: NetworkId,
    /// What people call it.
    name: String,
    /// Its addresses, once its first server has joined.
    #[schema(example = "10.210.4.0/24")]
    subnet: Option<String>,
    /// How many servers are in it, or are yet to join.
    servers: i64,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Whether it is on its way out.
    is_deleting: bool,
    /// Why it could not be removed yet.
    error: Option<String>,
}

impl From<Network> for NetworkOut {
    fn from(network: Network) -> Self {
        Self {
            id: network.id,
            name: network.name,
            subnet: network.subnet,
            servers: network.members,
            created_at: network.created_at,
            is_deleting: network.deleting_at.is_some(),
            error: network.error,
        }
    }
}

/// A server in a network.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NetworkMemberOut)]
pub struct MemberOut {
    /// Which.
    #[schema(value_type = String, example = "srv_01h455vb4pex5vsknk084sn02q")]
    server: ServerId,
    /// What people call it.
    name: String,
    /// What the other servers of the network call it.
    host_name: String,
    /// `in`, `joining` or `leaving`. One that has no container yet joins when it is started.
    #[schema(example = "in")]
    state: &'static str,
}

impl From<Member> for MemberOut {
    fn from(member: Member) -> Self {
        Self {
            state: member.state(),
            server: member.server,
            name: member.name,
            host_name: member.host_name,
        }
    }
}

/// A network with its servers.
#[derive(Debug, Serialize, ToSchema)]
pub struct NetworkDetailOut {
    /// Its name in addresses: its id, or `common`.
    #[schema(example = "net_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// What people call it.
    name: String,
    /// Its addresses, once its first server has joined; those of the common network are not told.
    subnet: Option<String>,
    /// Whether it is on its way out.
    is_deleting: bool,
    /// Why it could not be removed yet.
    error: Option<String>,
    /// The servers, by name.
    members: Vec<MemberOut>,
}

/// A port that the world reaches.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublishedOut {
    /// What the template calls it.
    name: String,
    /// The port of the host.
    host_port: i32,
    /// The port inside.
    container_port: i32,
    /// `tcp` or `udp`.
    protocol: String,
}

impl From<&Published> for PublishedOut {
    fn from(port: &Published) -> Self {
        Self {
            name: port.name.clone(),
            host_port: port.host_port,
            container_port: port.container_port,
            protocol: port.protocol.clone(),
        }
    }
}

/// Whom one server reaches, and who reaches it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReachOut {
    /// Which server.
    #[schema(value_type = String, example = "srv_01h455vb4pex5vsknk084sn02q")]
    server: ServerId,
    /// What people call it.
    name: String,
    /// The networks that it is in now.
    networks: Vec<String>,
    /// The servers that it reaches and that reach it, by their ids.
    #[schema(value_type = Vec<String>)]
    reaches: Vec<ServerId>,
    /// What the world reaches of it.
    published: Vec<PublishedOut>,
}

/// Who reaches whom.
#[derive(Debug, Serialize, ToSchema)]
pub struct MapOut {
    /// The servers, by name; at most 200.
    servers: Vec<ReachOut>,
    /// Whether there are more.
    is_cut: bool,
}

impl From<&Map> for MapOut {
    fn from(map: &Map) -> Self {
        let reach = map.reach().into_iter().map(|one| ReachOut {
            server: one.server.id,
            name: one.server.name.clone(),
            networks: one.networks.into_iter().map(str::to_owned).collect(),
            reaches: one.others.iter().map(|other| other.id).collect(),
            published: one.server.ports.iter().map(PublishedOut::from).collect(),
        });
        Self {
            servers: reach.collect(),
            is_cut: map.is_cut,
        }
    }
}

/// List networks
///
/// Those that people made, by name; `q` is found in it. Besides them every tenant has its `common` one.
#[utoipa::path(get, path = "/api/v1/networks", tag = "networks", params(ListQuery),
    responses((status = 200, description = "A page of the tenant's networks", body = ListOut<NetworkOut>)))]
async fn list(scope: TenantScope, Query(query): Query<ListQuery>) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    let listing = page_of(&mut tx, &scope, &query).await?;
    Ok(listing.map(NetworkOut::from).json(&query))
}

/// Create a network
///
/// Servers in it reach each other by their host names. As many as the plan allows.
#[utoipa::path(post, path = "/api/v1/networks", tag = "networks", request_body = NetworkIn,
    responses((status = 201, description = "The network", body = NetworkOut)))]
async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Json(new): Json<NetworkIn>,
) -> Result<Response, Error> {
    let network = actions::create(&app, &scope, &new.name).await?;
    let answer = Tagged(network.version, Json(NetworkOut::from(network)));
    Ok((StatusCode::CREATED, answer).into_response())
}

/// Show who reaches whom
///
/// As it is now: a server that is yet to leave a network is still reached there.
#[utoipa::path(get, path = "/api/v1/networks/reach", tag = "networks",
    responses((status = 200, description = "All servers with whom they reach", body = MapOut)))]
async fn reach(scope: TenantScope) -> Result<Json<MapOut>, Error> {
    let mut tx = scope.begin().await?;
    let map = store::map(&mut tx, scope.tenant()).await?;
    Ok(Json(MapOut::from(&map)))
}

/// Show a network
///
/// With its servers. `common` is the one that servers are in if nobody says otherwise.
#[utoipa::path(get, path = "/api/v1/networks/{network_id}", tag = "networks", params(("network_id" = String, Path)),
    responses((status = 200, description = "The network", body = NetworkDetailOut)))]
async fn show(scope: TenantScope, Path(id): Path<NetworkRef>) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    let Some(private) = id.id() else {
        let all = store::common_members(&mut tx, scope.tenant()).await?;
        let within = all.into_iter().filter(|member| member.is_wanted || member.is_in);
        return Ok(Json(NetworkDetailOut {
            id: id.to_string(),
            name: COMMON.to_owned(),
            subnet: None,
            is_deleting: false,
            error: None,
            members: within.map(MemberOut::from).collect(),
        })
        .into_response());
    };
    let network = store::find(&mut tx, private).await?;
    let members = store::members(&mut tx, private).await?;
    let out = NetworkDetailOut {
        id: id.to_string(),
        name: network.name,
        subnet: network.subnet,
        is_deleting: network.deleting_at.is_some(),
        error: network.error,
        members: members.into_iter().map(MemberOut::from).collect(),
    };
    Ok(Tagged(network.version, Json(out)).into_response())
}

/// Rename a network
#[utoipa::path(patch, path = "/api/v1/networks/{network_id}", tag = "networks", params(("network_id" = String, Path)),
    request_body = NetworkIn, responses((status = 200, description = "The network", body = NetworkOut)))]
async fn rename(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<NetworkRef>,
    if_match: IfMatch,
    Json(new): Json<NetworkIn>,
) -> Result<Tagged<Json<NetworkOut>>, Error> {
    let check = |version| if_match.check(version);
    let network = actions::rename(&app, &scope, id, &new.name, check).await?;
    Ok(Tagged(network.version, Json(network.into())))
}

/// Delete a network
///
/// One with servers in it is refused unless they may leave it. It is gone when it can't be found any more.
#[utoipa::path(delete, path = "/api/v1/networks/{network_id}", tag = "networks",
    params(("network_id" = String, Path), RemoveQuery),
    responses((status = 202, description = "The network, on its way out", body = NetworkOut)))]
async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<NetworkRef>,
    Query(query): Query<RemoveQuery>,
) -> Result<Response, Error> {
    let network = actions::remove(&app, &scope, id, query.disconnect).await?;
    Ok((StatusCode::ACCEPTED, Json(NetworkOut::from(network))).into_response())
}

/// Put a server into a network
///
/// Without a restart, also back into the `common` one. It takes effect in a moment; the network's members tell when.
#[utoipa::path(post, path = "/api/v1/networks/{network_id}/servers", tag = "networks",
    params(("network_id" = String, Path)), request_body = JoinIn,
    responses((status = 204, description = "It joins, or is in it already")))]
async fn join(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<NetworkRef>,
    Json(new): Json<JoinIn>,
) -> Result<StatusCode, Error> {
    actions::join(&app, &scope, id, new.server).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a server out of a network
///
/// Without a restart, also out of the `common` one, if it is in another.
#[utoipa::path(delete, path = "/api/v1/networks/{network_id}/servers/{server_id}", tag = "networks",
    params(("network_id" = String, Path), ("server_id" = ServerId, Path)),
    responses((status = 204, description = "It leaves, or is not in it")))]
async fn leave(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, server)): Path<(NetworkRef, ServerId)>,
) -> Result<StatusCode, Error> {
    actions::leave(&app, &scope, id, server).await?;
    Ok(StatusCode::NO_CONTENT)
}
