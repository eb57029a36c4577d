//! A ticket's files for people, on both sides.

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use multer::{Field, Multipart};

use crate::app::App;
use crate::files::{amount, boundary, broken};
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{AttachmentId, TicketId};
use crate::platform::web::{Ctx, Page, Path, SeeOther, ago};
use crate::tickets;
use crate::tickets::extras::{ExtrasSide, crumbs, href};
use crate::tickets::model::MAX_BODY;

use super::actions::{self, Place};
use super::model::{Attachment, MAX_BYTES, MAX_PER_POST, Refusal};
use super::{send, store};

/// A file on a page.
#[derive(Debug, Clone)]
pub struct FileRow {
    /// Where it is.
    pub href: String,
    /// What it is called.
    pub name: String,
    /// How large it is.
    pub size: String,
    /// Whether it can be shown.
    pub is_picture: bool,
    /// Whether the customer sees it.
    pub is_public: bool,
    /// When it was added.
    pub at: String,
    /// The same, for people.
    pub ago: String,
}

impl FileRow {
    /// As a page of the ticket at `ticket` shows it.
    pub fn new(app: &App, ticket: &str, file: Attachment) -> Self {
        Self {
            href: format!("{ticket}/attachments/{}", file.id),
            size: amount(u64::try_from(file.size).unwrap_or_default()),
            is_picture: file.kind.picture().is_some(),
            is_public: file.is_public,
            at: file.created_at.to_rfc3339(),
            ago: ago(file.created_at, app.now()),
            name: file.name,
        }
    }
}

#[derive(Template)]
#[template(path = "tickets/extras/attachments.html")]
pub(super) struct Files {
    ctx: Ctx,
    label: String,
    base: String,
    rows: Vec<FileRow>,
    is_staff: bool,
    may_write: bool,
}

async fn page<S: ExtrasSide>(app: &App, side: &S, ctx: Ctx, id: TicketId) -> Result<Page<Files>, Error> {
    let mut tx = side.open().await?;
    let ticket = tickets::find(&mut tx, id).await?;
    let base = href(side, &ticket);
    let files = store::list(&mut tx, id).await?;
    let rows = files.into_iter().map(|file| FileRow::new(app, &base, file));
    Ok(Page(Files {
        ctx: crumbs(ctx, side, &ticket),
        label: ticket.label(),
        rows: rows.collect(),
        base,
        is_staff: S::IS_STAFF,
        may_write: side.may_write(),
    }))
}

/// Lists a ticket's files.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, TicketId)>,
) -> Result<Page<Files>, Error> {
    page(&app, &scope, ctx, id).await
}

/// The same for staff.
pub(super) async fn staff_list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TicketId>,
) -> Result<Page<Files>, Error> {
    page(&app, &scope, ctx, id).await
}

/// What came of a form.
#[derive(Default)]
struct Told {
    text: String,
    is_internal: bool,
    kept: Vec<Attachment>,
    refused: Option<String>,
}

impl Told {
    fn refuse(&mut self, name: &str, why: &str) {
        self.refused
            .get_or_insert_with(|| format!("{name} was not attached. {why}"));
    }
}

/// Takes files one after the other, as they come, each of which is kept before the next is read; the fields `text` and `internal` come
/// before them. What is refused does not keep the others away.
async fn take<S: ExtrasSide>(
    app: &App,
    side: &S,
    ticket: TicketId,
    (headers, body): (HeaderMap, Body),
) -> Result<SeeOther, Error> {
    let mut tx = side.open().await?;
    let to = href(side, &tickets::find(&mut tx, ticket).await?);
    drop(tx);
    let mut parts = Multipart::new(body.into_data_stream(), boundary(&headers)?);
    let mut told = Told::default();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        match part.name().unwrap_or_default() {
            "text" => {
                let text = read(part, MAX_BODY * 4).await?.ok_or(Error::TooLarge)?;
                told.text = String::from_utf8(text).map_err(broken)?;
            }
            "internal" => told.is_internal = true,
            "file" => one(app, side, ticket, (&mut told, part)).await?,
            _ => {}
        }
    }
    let to = SeeOther::to(to);
    if !told.kept.is_empty() {
        let place = (ticket, told.is_internal);
        if let Err(error) = actions::post(app, side, place, &told.text, &told.kept).await {
            return to.refused_or_invalid(error);
        }
    }
    Ok(match (told.kept.len(), told.refused) {
        (0, None) => to.warn("Choose files first: nothing was attached."),
        (_, Some(refused)) => to.bad(refused),
        (1, None) => to.good("Attached."),
        (many, None) => to.good(format!("Attached {many} files.")),
    })
}

/// A file of the form; an empty field has none.
async fn one<S: ExtrasSide>(
    app: &App,
    side: &S,
    ticket: TicketId,
    (told, part): (&mut Told, Field<'static>),
) -> Result<(), Error> {
    let Some(name) = part
        .file_name()
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
    else {
        return Ok(());
    };
    if told.kept.len() >= MAX_PER_POST {
        told.refuse(&name, "A post has at most 10 files. Attach it to another one.");
        return Ok(());
    }
    let Some(bytes) = read(part, MAX_BYTES).await? else {
        told.refuse(&name, &Refusal::TooLarge.to_string());
        return Ok(());
    };
    let place = Place {
        ticket,
        post: None,
        is_internal: told.is_internal,
    };
    match actions::send(app, side, place, (&name, &bytes)).await {
        Ok(file) => told.kept.push(file),
        Err(Error::Invalid(errors)) => told.refuse(&name, errors.get("file").unwrap_or_default()),
        Err(error @ (Error::LimitReached { .. } | Error::Conflict { .. })) => {
            told.refuse(&name, &error.sentence());
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// The bytes of a field; nothing if there are more than `most`.
async fn read(mut part: Field<'static>, most: usize) -> Result<Option<Vec<u8>>, Error> {
    let mut all: Vec<u8> = Vec::new();
    while let Some(piece) = part.chunk().await.map_err(broken)? {
        let piece: Bytes = piece;
        if all.len() + piece.len() > most {
            return Ok(None);
        }
        all.extend_from_slice(&piece);
    }
    Ok(Some(all))
}

/// Attaches files.
pub(super) async fn upload(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, TicketId)>,
    headers: HeaderMap,
    body: Body,
) -> Result<SeeOther, Error> {
    take(&app, &scope, id, (headers, body)).await
}

/// The same for staff.
pub(super) async fn staff_upload(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
    headers: HeaderMap,
    body: Body,
) -> Result<SeeOther, Error> {
    take(&app, &scope, id, (headers, body)).await
}

/// A file, to be saved.
pub(super) async fn save(
    scope: TenantScope,
    Path((_, ticket, id)): Path<(String, TicketId, AttachmentId)>,
) -> Result<Response, Error> {
    send::save(&scope, (ticket, id)).await
}

/// The same for staff.
pub(super) async fn staff_save(
    scope: StaffScope,
    Path((ticket, id)): Path<(TicketId, AttachmentId)>,
) -> Result<Response, Error> {
    send::save(&scope, (ticket, id)).await
}

/// A picture, to be shown.
pub(super) async fn picture(
    scope: TenantScope,
    Path((_, ticket, id)): Path<(String, TicketId, AttachmentId)>,
) -> Result<Response, Error> {
    send::picture(&scope, (ticket, id)).await
}

/// The same for staff.
pub(super) async fn staff_picture(
    scope: StaffScope,
    Path((ticket, id)): Path<(TicketId, AttachmentId)>,
) -> Result<Response, Error> {
    send::picture(&scope, (ticket, id)).await
}
