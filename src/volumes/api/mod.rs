//! Volumes for programs: the same actions as the pages.

mod outs;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{Permission, Rule, StaffScope, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId, VolumeId};
use crate::platform::web::{
    Cursor, IfMatch, Json, ListOut, ListQuery, Listing, Path, Query, Routes, Tagged, operation,
};
use crate::servers;
use crate::tenants;

use super::actions::{self, AttachInput, ChangeInput};
use super::model::Volume;
use super::store::{self, Sort};
use outs::{AttachmentOut, VolumeDetailOut, VolumeOut, accepted};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Tenant(Permission::VolumeRead);
    let write = Rule::Tenant(Permission::VolumeWrite);
    let attach = Rule::Tenant(Permission::VolumeAttach);
    Routes::new()
        .api(read, operation!(list))
        .api(write, operation!(create))
        .api(read, operation!(show))
        .api(write, operation!(change))
        .api(write, operation!(remove))
        .api(attach, operation!(attach_to))
        .api(attach, operation!(detach_from))
        .api(read, operation!(of_server))
        .api(Rule::Staff(Permission::StaffTenantRead), operation!(staff_list))
}

/// A page of a tenant's volumes, as it is asked for.
pub(super) async fn page_of(
    tx: &mut impl Scoped,
    tenant: TenantId,
    query: &ListQuery,
) -> Result<Listing<Volume>, Error> {
    let after = query.after.as_deref();
    let sort = match query.sort.as_deref() {
        None | Some("" | "name") => Sort::Name(Cursor::decode(after)?),
        Some("-name") => Sort::NameDown(Cursor::decode(after)?),
        Some("size") => Sort::Size(Cursor::decode(after)?),
        Some("-size") => Sort::SizeDown(Cursor::decode(after)?),
        Some(_) => return Err(Error::invalid("sort", "Use name, -name, size or -size.")),
    };
    let by_size = matches!(sort, Sort::Size(_) | Sort::SizeDown(_));
    let (pattern, limit) = (query.pattern()?, query.fetch()?);
    let rows = store::list(tx, tenant, pattern.as_deref(), sort, limit).await?;
    Listing::new(rows, query, |volume| {
        if by_size {
            serde_json::json!([volume.size_mib, volume.id.0])
        } else {
            serde_json::json!([volume.name.to_lowercase(), volume.id.0])
        }
    })
}

/// A volume to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VolumeIn {
    /// What people call it; unique in the tenant.
    #[schema(example = "media", min_length = 1, max_length = 63)]
    name: String,
    /// What it may hold, in MiB.
    #[schema(example = 10240, minimum = 16, maximum = 67_108_864)]
    size_mib: i64,
}

/// What is to be changed of a volume; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VolumeChangeIn {
    /// What people call it; unique in the tenant.
    #[schema(example = "media", min_length = 1, max_length = 63)]
    name: Option<String>,
    /// What it may hold, in MiB. It is changed at once and while it is used; less than it holds is refused.
    #[schema(example = 20480, minimum = 16, maximum = 67_108_864)]
    size_mib: Option<i64>,
}

/// Where a volume is attached.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachmentIn {
    /// The server.
    #[schema(value_type = String, example = "srv_01h455vb4pex5vsknk084sn02q")]
    server: ServerId,
    /// Where the server finds it: an absolute path that nothing else is mounted at, below or over.
    #[schema(example = "/shared", min_length = 2, max_length = 255)]
    path: String,
    /// Whether the server may only read it.
    #[serde(default)]
    read_only: bool,
}

/// List volumes
///
/// Sorted by `name` (the default), `-name`, `size` or `-size`; searched by name.
#[utoipa::path(get, path = "/api/v1/volumes", tag = "volumes", params(ListQuery),
    responses((status = 200, description = "A page of the tenant's volumes", body = ListOut<VolumeOut>)))]
async fn list(scope: TenantScope, Query(query): Query<ListQuery>) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    let listing = page_of(&mut tx, scope.tenant(), &query).await?;
    Ok(listing.map(VolumeOut::from).json(&query))
}

/// List a tenant's volumes
///
/// As the tenant's people see them.
#[utoipa::path(get, path = "/api/v1/staff/tenants/{tenant}/volumes", tag = "staff tenants",
    params(("tenant" = TenantId, Path), ListQuery),
    responses((status = 200, description = "A page of the tenant's volumes", body = ListOut<VolumeOut>)))]
async fn staff_list(
    scope: StaffScope,
    Path(tenant): Path<TenantId>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    tenants::find_tenant(&mut tx, tenant).await?;
    let listing = page_of(&mut tx, tenant, &query).await?;
    Ok(listing.map(VolumeOut::from).json(&query))
}

/// Make a volume
///
/// It takes its size of the plan's disk. It is there in a moment, and can be attached at once.
#[utoipa::path(post, path = "/api/v1/volumes", tag = "volumes", request_body = VolumeIn,
    responses((status = 202, description = "The volume, and the work on it", body = outs::VolumeAskedOut)))]
async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Json(new): Json<VolumeIn>,
) -> Result<Response, Error> {
    let asked = actions::create(&app, &scope, (&new.name, Ok(new.size_mib)), None).await?;
    Ok(accepted(asked))
}

/// Show a volume
///
/// With the servers that it is attached to.
#[utoipa::path(get, path = "/api/v1/volumes/{volume_id}", tag = "volumes", params(("volume_id" = VolumeId, Path)),
    responses((status = 200, description = "The volume", body = VolumeDetailOut)))]
async fn show(scope: TenantScope, Path(id): Path<VolumeId>) -> Result<Tagged<Json<VolumeDetailOut>>, Error> {
    let mut tx = scope.begin().await?;
    let volume = store::find(&mut tx, id).await?;
    let holders = store::holders(&mut tx, id).await?;
    Ok(Tagged(
        volume.version,
        Json(VolumeDetailOut::new(volume, holders)),
    ))
}

/// Change a volume
///
/// Its name, its size, or both. A size is changed while servers use it; it can't be below what it holds.
#[utoipa::path(patch, path = "/api/v1/volumes/{volume_id}", tag = "volumes", params(("volume_id" = VolumeId, Path)),
    request_body = VolumeChangeIn, responses(
        (status = 200, description = "The volume; nothing is left to be done", body = VolumeOut),
        (status = 202, description = "The volume, and the work on it", body = outs::VolumeAskedOut)))]
async fn change(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<VolumeId>,
    if_match: IfMatch,
    Json(new): Json<VolumeChangeIn>,
) -> Result<Response, Error> {
    let input = ChangeInput {
        name: new.name,
        size_mib: new.size_mib.map(Ok),
    };
    let check = |version| if_match.check(version);
    let asked = actions::change(&app, &scope, id, input, check).await?;
    if asked.operation.is_some() {
        return Ok(accepted(asked));
    }
    Ok(Tagged(asked.volume.version, Json(VolumeOut::from(asked.volume))).into_response())
}

/// Delete a volume
///
/// With its data, for good. One that is attached is refused.
#[utoipa::path(delete, path = "/api/v1/volumes/{volume_id}", tag = "volumes", params(("volume_id" = VolumeId, Path)),
    responses((status = 202, description = "The volume, on its way out", body = outs::VolumeAskedOut)))]
async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<VolumeId>,
) -> Result<Response, Error> {
    let asked = actions::remove(&app, &scope, id, None).await?;
    Ok(accepted(asked))
}

/// Attach a volume to a server
///
/// The server's container is made anew with it; one that does not run gets it at its next start.
#[utoipa::path(post, path = "/api/v1/volumes/{volume_id}/attachments", tag = "volumes",
    params(("volume_id" = VolumeId, Path)), request_body = AttachmentIn,
    responses((status = 202, description = "The volume, and the work on the server", body = outs::VolumeAskedOut)))]
async fn attach_to(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<VolumeId>,
    Json(new): Json<AttachmentIn>,
) -> Result<Response, Error> {
    let input = AttachInput {
        server: new.server,
        path: new.path,
        is_read_only: new.read_only,
    };
    Ok(accepted(actions::attach(&app, &scope, id, input).await?))
}

/// Detach a volume from a server
///
/// The server's container is made anew without it. The data stays in the volume.
#[utoipa::path(delete, path = "/api/v1/volumes/{volume_id}/attachments/{server_id}", tag = "volumes",
    params(("volume_id" = VolumeId, Path), ("server_id" = ServerId, Path)),
    responses((status = 202, description = "The volume, and the work on the server", body = outs::VolumeAskedOut)))]
async fn detach_from(
    State(app): State<App>,
    scope: TenantScope,
    Path(at): Path<(VolumeId, ServerId)>,
) -> Result<Response, Error> {
    Ok(accepted(actions::detach(&app, &scope, at).await?))
}

/// List the volumes attached to a server
///
/// By path; a server has at most 16.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/volumes", tag = "volumes",
    params(("server_id" = ServerId, Path)),
    responses((status = 200, description = "The attachments", body = ListOut<AttachmentOut>)))]
async fn of_server(scope: TenantScope, Path(id): Path<ServerId>) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    servers::find(&mut tx, id).await?;
    let mounts = store::mounts(&mut tx, id).await?;
    let items = mounts.into_iter().map(|mount| AttachmentOut::new(id, mount));
    let listing = Listing {
        items: items.collect(),
        next: None,
    };
    Ok(listing.json(&ListQuery::default()))
}
