//! What programs read of volumes.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::ids::{LocationId, OperationId, ServerId, VolumeId};
use crate::platform::web::Json;
use crate::servers::model::Quota;

use super::super::actions::Asked;
use super::super::model::{Holder, Mount, State, Volume};

/// A volume.
#[derive(Debug, Serialize, ToSchema)]
pub struct VolumeOut {
    /// Its id.
    id: VolumeId,
    /// What people call it.
    name: String,
    /// Where it is.
    location: LocationId,
    /// How it is. One that is `missing` was lost by the engine; servers that it is attached to are held. One that is made from a backup
    /// is `making` until it is filled.
    state: State,
    /// What it may hold, in MiB.
    size_mib: i64,
    /// Bytes that it held when it was measured last; null before it was.
    used_bytes: Option<i64>,
    /// When that was.
    measured_at: Option<DateTime<Utc>>,
    /// Whether its size is enforced, or measured only; null before it was made.
    quota: Option<Quota>,
    /// How many servers it is attached to.
    attachments: i64,
    /// Why the last attempt at something failed.
    error: Option<String>,
    /// Who made it.
    created_by: String,
    /// When.
    created_at: DateTime<Utc>,
}

impl From<Volume> for VolumeOut {
    fn from(volume: Volume) -> Self {
        Self {
            id: volume.id,
            location: volume.location,
            state: volume.state(),
            size_mib: volume.size_mib,
            used_bytes: volume.used,
            measured_at: volume.measured_at,
            quota: volume.quota(),
            attachments: volume.attached,
            error: volume.error,
            created_by: volume.created_by,
            created_at: volume.created_at,
            name: volume.name,
        }
    }
}

/// A volume that is attached to a server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VolumeAttachmentOut)]
pub struct AttachmentOut {
    /// Which volume.
    volume: VolumeId,
    /// What people call it.
    volume_name: String,
    /// Which server.
    server: ServerId,
    /// Where the server finds it.
    path: String,
    /// Whether the server may only read it.
    read_only: bool,
    /// `attached`, `attaching` (from the server's next container on) or `detaching`.
    #[schema(example = "attached")]
    state: &'static str,
}

impl AttachmentOut {
    pub(super) fn new(server: ServerId, mount: Mount) -> Self {
        Self {
            volume: mount.volume,
            server,
            state: mount.state(),
            path: mount.path,
            read_only: mount.is_read_only,
            volume_name: mount.name,
        }
    }
}

/// A volume with the servers that it is attached to.
#[derive(Debug, Serialize, ToSchema)]
pub struct VolumeDetailOut {
    /// The volume.
    #[serde(flatten)]
    volume: VolumeOut,
    /// The servers, by name.
    servers: Vec<AttachmentOut>,
}

impl VolumeDetailOut {
    pub(super) fn new(volume: Volume, holders: Vec<Holder>) -> Self {
        let servers = holders
            .into_iter()
            .map(|holder| AttachmentOut::new(holder.server, holder.mount));
        Self {
            volume: volume.into(),
            servers: servers.collect(),
        }
    }
}

/// What was asked for, and the work on it.
#[derive(Debug, Serialize, ToSchema)]
pub struct VolumeAskedOut {
    /// The volume.
    volume: VolumeOut,
    /// The work; null where there is none.
    #[schema(value_type = Option<String>, example = "opn_01h455vb4pex5vsknk084sn02q")]
    operation_id: Option<OperationId>,
}

pub(super) fn accepted(asked: Asked) -> Response {
    let id = asked.operation.map(|operation| operation.id);
    let out = VolumeAskedOut {
        volume: asked.volume.into(),
        operation_id: id,
    };
    let answer = (StatusCode::ACCEPTED, Json(out));
    match id {
        Some(id) => ([("location", format!("/api/v1/operations/{id}"))], answer).into_response(),
        None => answer.into_response(),
    }
}
