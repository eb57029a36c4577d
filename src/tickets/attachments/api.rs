//! A ticket's files for programs, on both sides.

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::files::Binary;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::hex::hex;
use crate::platform::ids::{AttachmentId, TicketId, TicketPostId};
use crate::platform::web::{Json, Path, Query};
use crate::tickets;
use crate::tickets::extras::ExtrasSide;

use super::actions::{self, Place};
use super::model::{Attachment, MAX_BYTES};
use super::{send, store};

/// A file of a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketAttachmentOut {
    /// Its id.
    id: AttachmentId,
    /// The post that it came with; null where it was added by itself.
    post: Option<TicketPostId>,
    /// What it is called.
    #[schema(example = "server.log")]
    name: String,
    /// What it is: `png`, `jpeg`, `gif`, `webp`, `pdf`, `zip`, `gz`, `json`, `csv`, `txt` or `log`.
    #[schema(example = "log")]
    kind: &'static str,
    /// How many bytes it has.
    size: i64,
    /// The SHA-256 of those, in hexadecimal digits.
    sha256: String,
    /// Whether only staff see it.
    internal: bool,
    /// When it was added.
    created_at: DateTime<Utc>,
}

impl From<Attachment> for TicketAttachmentOut {
    fn from(file: Attachment) -> Self {
        Self {
            id: file.id,
            post: file.post,
            name: file.name,
            kind: file.kind.word(),
            size: file.size,
            sha256: hex(&file.sha256),
            internal: !file.is_public,
            created_at: file.created_at,
        }
    }
}

/// Where a file belongs, and what it is called.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AttachmentQuery {
    /// What it is called. It gets the end of what it is.
    #[param(max_length = 255, example = "server.log")]
    name: Option<String>,
    /// A post of your own that it goes with, which has at most 10; it is as public as that.
    post: Option<TicketPostId>,
    /// Whether only staff see it, where it goes with no post. What customers add everybody of theirs sees.
    internal: Option<bool>,
}

async fn all(side: &impl ExtrasSide, ticket: TicketId) -> Result<Json<Vec<TicketAttachmentOut>>, Error> {
    let mut tx = side.open().await?;
    tickets::find(&mut tx, ticket).await?;
    let files = store::list(&mut tx, ticket).await?;
    Ok(Json(files.into_iter().map(TicketAttachmentOut::from).collect()))
}

async fn take(
    app: &App,
    side: &impl ExtrasSide,
    ticket: TicketId,
    query: &AttachmentQuery,
    body: Body,
) -> Result<(StatusCode, Json<TicketAttachmentOut>), Error> {
    let bytes = to_bytes(body, MAX_BYTES).await.map_err(|_| Error::TooLarge)?;
    let place = Place {
        ticket,
        post: query.post,
        is_internal: query.internal.unwrap_or_default(),
    };
    let name = query.name.as_deref().unwrap_or_default();
    let file = actions::send(app, side, place, (name, &bytes)).await?;
    Ok((StatusCode::CREATED, Json(file.into())))
}

/// List a ticket's files
#[utoipa::path(get, path = "/api/v1/tickets/{ticket}/attachments", tag = "tickets", params(("ticket" = TicketId, Path)),
    responses((status = 200, description = "The files, the oldest first", body = Vec<TicketAttachmentOut>)))]
pub(super) async fn list(
    scope: TenantScope,
    Path(ticket): Path<TicketId>,
) -> Result<Json<Vec<TicketAttachmentOut>>, Error> {
    all(&scope, ticket).await
}

/// List a ticket's files
///
/// Those that only staff see, too.
#[utoipa::path(get, path = "/api/v1/staff/tickets/{ticket}/attachments", tag = "staff tickets",
    params(("ticket" = TicketId, Path)),
    responses((status = 200, description = "The files, the oldest first", body = Vec<TicketAttachmentOut>)))]
pub(super) async fn staff_list(
    scope: StaffScope,
    Path(ticket): Path<TicketId>,
) -> Result<Json<Vec<TicketAttachmentOut>>, Error> {
    all(&scope, ticket).await
}

/// Attach a file to a ticket
///
/// The body is the file, of at most 10 MiB (1 MiB with an `Idempotency-Key`): a PNG, JPEG, GIF or WebP picture, PDF, zip, gz, or a
/// text in UTF-8. It is judged by what it holds.
#[utoipa::path(post, path = "/api/v1/tickets/{ticket}/attachments", tag = "tickets",
    params(("ticket" = TicketId, Path), AttachmentQuery),
    request_body(content = Binary, content_type = "application/octet-stream"),
    responses((status = 201, description = "The file", body = TicketAttachmentOut)))]
pub(super) async fn add(
    State(app): State<App>,
    scope: TenantScope,
    Path(ticket): Path<TicketId>,
    Query(query): Query<AttachmentQuery>,
    body: Body,
) -> Result<(StatusCode, Json<TicketAttachmentOut>), Error> {
    take(&app, &scope, ticket, &query, body).await
}

/// Attach a file to a ticket
///
/// The body is the file, as customers send it.
#[utoipa::path(post, path = "/api/v1/staff/tickets/{ticket}/attachments", tag = "staff tickets",
    params(("ticket" = TicketId, Path), AttachmentQuery),
    request_body(content = Binary, content_type = "application/octet-stream"),
    responses((status = 201, description = "The file", body = TicketAttachmentOut)))]
pub(super) async fn staff_add(
    State(app): State<App>,
    scope: StaffScope,
    Path(ticket): Path<TicketId>,
    Query(query): Query<AttachmentQuery>,
    body: Body,
) -> Result<(StatusCode, Json<TicketAttachmentOut>), Error> {
    take(&app, &scope, ticket, &query, body).await
}

/// Fetch a file of a ticket
#[utoipa::path(get, path = "/api/v1/tickets/{ticket}/attachments/{attachment}", tag = "tickets",
    params(("ticket" = TicketId, Path), ("attachment" = AttachmentId, Path)),
    responses((status = 200, description = "Its bytes", body = Binary, content_type = "application/octet-stream")))]
pub(super) async fn content(
    scope: TenantScope,
    Path(place): Path<(TicketId, AttachmentId)>,
) -> Result<Response, Error> {
    send::save(&scope, place).await
}

/// Fetch a file of a ticket
#[utoipa::path(get, path = "/api/v1/staff/tickets/{ticket}/attachments/{attachment}", tag = "staff tickets",
    params(("ticket" = TicketId, Path), ("attachment" = AttachmentId, Path)),
    responses((status = 200, description = "Its bytes", body = Binary, content_type = "application/octet-stream")))]
pub(super) async fn staff_content(
    scope: StaffScope,
    Path(place): Path<(TicketId, AttachmentId)>,
) -> Result<Response, Error> {
    send::save(&scope, place).await
}
