//! Snapshots for programs: the same actions as the pages.

mod stack;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::drivers::engine::{FilePart, Rank};
use crate::files::{self, Binary, FileOut, PathQuery, Place};
use crate::platform::access::{Permission, Rule, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{OperationId, ScheduleId, ServerId, SnapshotId};
use crate::platform::web::{
    Cursor, Json, ListOut, ListQuery, Listing, PageQuery, Path, Query, Routes, operation,
};
use crate::servers;

use super::actions;
use super::model::{Reason, Snapshot, State as SnapshotState};
use super::store;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Tenant(Permission::SnapshotRead);
    let write = Rule::Tenant(Permission::SnapshotWrite);
    Routes::new()
        .api(read, operation!(list))
        .api(write, operation!(take))
        .api(write, operation!(remove))
        .api(write, operation!(restore))
        .api(Rule::Tenant(Permission::ServerCreate), operation!(beside))
        .api(Rule::Tenant(Permission::FileRead), operation!(list_files))
        .api(Rule::Tenant(Permission::FileRead), operation!(read_file))
        .that_may_last()
        .merge(stack::routes())
}

/// A snapshot.
#[derive(Debug, Serialize, ToSchema)]
pub struct SnapshotOut {
    /// Its id.
    id: SnapshotId,
    /// What people call it.
    name: String,
    /// Why it was taken.
    reason: Reason,
    /// The schedule that took it.
    schedule_id: Option<ScheduleId>,
    /// How it is.
    state: SnapshotState,
    /// Why it could not be taken, or why the last attempt failed.
    error: Option<String>,
    /// Bytes that it alone holds, and that deleting it frees; null where that is not known now.
    holds_bytes: Option<u64>,
    /// Who asked for it.
    created_by: String,
    /// When it was asked for.
    created_at: DateTime<Utc>,
    /// When it was taken.
    taken_at: Option<DateTime<Utc>>,
}

impl SnapshotOut {
    fn of(snapshot: Snapshot, holds_bytes: Option<u64>) -> Self {
        Self {
            id: snapshot.id,
            name: snapshot.name,
            reason: snapshot.reason,
            schedule_id: snapshot.schedule,
            state: snapshot.state,
            error: snapshot.error,
            holds_bytes,
            created_by: snapshot.created_by,
            created_at: snapshot.created_at,
            taken_at: snapshot.taken_at,
        }
    }
}

/// What was asked for, and the work on it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SnapshotAskedOut {
    /// The snapshot; of a restoring the one that keeps what there was.
    snapshot: SnapshotOut,
    /// The work.
    #[schema(value_type = String, example = "opn_01h455vb4pex5vsknk084sn02q")]
    operation_id: OperationId,
}

fn accepted(asked: actions::Asked) -> Response {
    let id = asked.operation.id;
    let location = [("location", format!("/api/v1/operations/{id}"))];
    let out = SnapshotAskedOut {
        snapshot: SnapshotOut::of(asked.snapshot, None),
        operation_id: id,
    };
    (StatusCode::ACCEPTED, location, Json(out)).into_response()
}

/// List a server's snapshots
///
/// All of them, the newest first; a server has at most 50.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/snapshots", tag = "snapshots",
    params(("server_id" = ServerId, Path)),
    responses((status = 200, description = "The snapshots", body = ListOut<SnapshotOut>)))]
pub async fn list(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    servers::find(&mut tx, id).await?;
    let all = store::list(&mut tx, id).await?;
    let volumes = store::volumes(&mut tx, id).await?;
    drop(tx);
    let held = actions::held(&app, &volumes).await;
    let out = all.into_iter().map(|one| {
        let holds = held.get(&one.id.to_string()).copied();
        SnapshotOut::of(one, holds)
    });
    let listing = Listing {
        items: out.collect(),
        next: None,
    };
    Ok(listing.json(&()))
}

/// A snapshot to be taken.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SnapshotIn {
    /// What people call it; the time if none is given.
    #[schema(example = "before the update", max_length = 60)]
    name: Option<String>,
}

/// Take a snapshot
///
/// It takes a moment, whatever the disk holds, and counts for the disk as files change. 409 `no-snapshots` for servers whose
/// data is not in a pool of storage, `files-elsewhere` for those that have another's files.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/snapshots", tag = "snapshots",
    params(("server_id" = ServerId, Path)), request_body = SnapshotIn,
    responses((status = 202, description = "The snapshot and the work", body = SnapshotAskedOut)))]
pub async fn take(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Json(new): Json<SnapshotIn>,
) -> Result<Response, Error> {
    Ok(accepted(
        actions::take(&app, &scope, id, new.name.as_deref()).await?,
    ))
}

/// Delete a snapshot
#[utoipa::path(delete, path = "/api/v1/servers/{server_id}/snapshots/{snapshot_id}", tag = "snapshots",
    params(("server_id" = ServerId, Path), ("snapshot_id" = SnapshotId, Path)),
    responses((status = 202, description = "It is being deleted", body = SnapshotOut)))]
pub async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path(at): Path<(ServerId, SnapshotId)>,
) -> Result<Response, Error> {
    let removed = actions::remove(&app, &scope, at).await?;
    Ok((StatusCode::ACCEPTED, Json(SnapshotOut::of(removed, None))).into_response())
}

/// Restore a server to a snapshot
///
/// In place: it is stopped for it, and goes on as it did. What it holds now is kept by another snapshot, which the answer
/// tells; restoring to that undoes it.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/snapshots/{snapshot_id}/restore", tag = "snapshots",
    params(("server_id" = ServerId, Path), ("snapshot_id" = SnapshotId, Path)),
    responses((status = 202, description = "What keeps the present state, and the work", body = SnapshotAskedOut)))]
pub async fn restore(
    State(app): State<App>,
    scope: TenantScope,
    Path(at): Path<(ServerId, SnapshotId)>,
) -> Result<Response, Error> {
    Ok(accepted(actions::restore(&app, &scope, at).await?))
}

/// A server to be made from a snapshot.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BesideIn {
    /// What it is called; one is made up if none is given.
    #[schema(example = "shop (then)", max_length = 63)]
    name: Option<String>,
}

/// A server that is made from a snapshot.
#[derive(Debug, Serialize, ToSchema)]
pub struct BesideOut {
    /// The new server.
    #[schema(value_type = String, example = "srv_01h455vb4pex5vsknk084sn02q")]
    server_id: ServerId,
    /// What it is called.
    name: String,
    /// The work.
    #[schema(value_type = String, example = "opn_01h455vb4pex5vsknk084sn02q")]
    operation_id: OperationId,
}

/// Make another server from a snapshot
///
/// A copy of the server that holds what the snapshot does; the server itself goes on.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/snapshots/{snapshot_id}/clone", tag = "snapshots",
    params(("server_id" = ServerId, Path), ("snapshot_id" = SnapshotId, Path)), request_body = BesideIn,
    responses((status = 202, description = "The new server and the work", body = BesideOut)))]
pub async fn beside(
    State(app): State<App>,
    scope: TenantScope,
    Path(at): Path<(ServerId, SnapshotId)>,
    Json(how): Json<BesideIn>,
) -> Result<Response, Error> {
    let asked = actions::beside(&app, &scope, at, how.name).await?;
    let location = [("location", format!("/api/v1/operations/{}", asked.operation.id))];
    let out = BesideOut {
        server_id: asked.server.id,
        name: asked.server.name,
        operation_id: asked.operation.id,
    };
    Ok((StatusCode::ACCEPTED, location, Json(out)).into_response())
}

/// List a folder of a snapshot
///
/// As `GET …/files` of the server itself. Without `path`, or with `/`, its volumes.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/snapshots/{snapshot_id}/files", tag = "snapshots",
    params(("server_id" = ServerId, Path), ("snapshot_id" = SnapshotId, Path), PathQuery, PageQuery),
    responses((status = 200, description = "A page of the folder", body = ListOut<FileOut>)))]
pub async fn list_files(
    State(app): State<App>,
    scope: TenantScope,
    Path(at): Path<(ServerId, SnapshotId)>,
    Query(query): Query<PathQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Error> {
    let page = ListQuery::from(page);
    let after: Option<Rank> = Cursor::decode(page.after.as_deref())?;
    let limit = page.limit()?;
    let place = query.place()?;
    let (_, _, files) = actions::look_into(&app, &scope, at).await?;
    let Place::In(folder) = place else {
        let top = Listing {
            items: files.volumes.iter().map(FileOut::from).collect(),
            next: None,
        };
        return Ok(top.json(&page));
    };
    let items = files.list(&folder, after, limit + 1).await?;
    let listing = Listing::new(items, &page, |item| Rank::of(&item.entry))?;
    let kept = [("path", folder.to_string()), ("limit", limit.to_string())];
    Ok(listing.map(|item| FileOut::from(&item)).json(&kept))
}

/// Read a file of a snapshot
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/snapshots/{snapshot_id}/files/content", tag = "snapshots",
    params(("server_id" = ServerId, Path), ("snapshot_id" = SnapshotId, Path), PathQuery),
    responses((status = 200, description = "The file's bytes", body = Binary, content_type = "application/octet-stream")))]
pub async fn read_file(
    State(app): State<App>,
    scope: TenantScope,
    Path(at): Path<(ServerId, SnapshotId)>,
    Query(query): Query<PathQuery>,
) -> Result<Response, Error> {
    let path = query.path()?;
    let (_, _, files) = actions::look_into(&app, &scope, at).await?;
    let file = files.open(&path, FilePart::default()).await?;
    Ok(files::send(&path, file))
}
